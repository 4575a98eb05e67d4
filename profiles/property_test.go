package profiles

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"calport/directory"
	"pgregory.net/rapid"
)

// anybody draws a person whose directory holds any text at all.
func anybody(t *rapid.T) *directory.Principal {
	text := rapid.OneOf(rapid.String(), rapid.Just(""), rapid.SampledFrom([]string{
		"<&>\"'", "]]>", "\r\n\t", "a:b", "%email%", "%", "\x00", "\xff", "\ufffe", "e\u0301", "𝒳", "<key>PayloadUUID</key>", blankUUID,
	}))
	return &directory.Principal{
		Kind:      directory.Individual,
		GUID:      rapid.StringMatching(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`).Draw(t, "guid"),
		ShortName: text.Draw(t, "short name"), FullName: text.Draw(t, "full name"), FirstName: text.Draw(t, "first name"),
		LastName: text.Draw(t, "last name"), Mails: rapid.SliceOfN(text, 0, 2).Draw(t, "mails"), JobTitle: text.Draw(t, "title"),
		MobilePhone: text.Draw(t, "phone"), Attributes: map[string][]string{"o": rapid.SliceOfN(text, 0, 2).Draw(t, "o")},
	}
}

// Whatever the directory holds: either the person is skipped, or the profile is sound, holds the values unchanged, and
// comes out the same again.
func TestAnyDirectoryGivesSoundProfilesOrReasons(t *testing.T) {
	g := newGenerator(t, testServer(), `
[everyone]
display_name = "%full_name% %first_name|none% %last_name|none%"
description = "%ldap:o|none% %job_title|none% %mobile_phone|none%"
account_description = "%email|none%"
consent = { default = "%guid%: %full_name%" }
`)
	rapid.Check(t, func(t *rapid.T) {
		person := anybody(t)
		platform := rapid.SampledFrom([]Platform{Any, IOS, MacOS}).Draw(t, "platform")
		p, err := g.Calendar(alone(person), person, platform)
		if err != nil {
			if !Skips(err) {
				t.Fatalf("error %v does not skip the person", err)
			}
			return
		}
		found := slices.DeleteFunc(Verify(p.Bytes()), func(f Finding) bool { return f.Kind == LeftoverVariable }) // as somebody is called
		if len(found) > 0 {
			t.Fatalf("found %v", found)
		}
		values, err := Parse(p.Bytes())
		if err != nil || !reflect.DeepEqual(values, p.Values()) {
			t.Fatalf("read again it differs (%v):\n%v\n%v", err, values, p.Values())
		}
		again, err := g.Calendar(alone(person), person, platform)
		if err != nil || !bytes.Equal(again.Bytes(), p.Bytes()) {
			t.Fatalf("rendered again it differs (%v)", err)
		}
		if p.UserName != strings.TrimSpace(person.ShortName) {
			t.Errorf("user name %q, want %q", p.UserName, person.ShortName)
		}
	})
}

// The profile's UUID changes if and only if its content does; its identifier and the account's ids never do.
func TestIdentifiersAreStable(t *testing.T) {
	one := newGenerator(t, testServer(), "")
	other := newGenerator(t, testServer(), "[everyone]\nport = 443\n")
	render := func(g *Generator, p *directory.Principal) (Dict, Dict) {
		t.Helper()
		profile, err := g.Calendar(alone(p), p, Any)
		if err != nil {
			t.Fatal(err)
		}
		return profile.Values(), profile.Values()["PayloadContent"].([]any)[0].(Dict)
	}
	renamed := *ada
	renamed.ShortName, renamed.GUID = "countess", strings.ToLower(ada.GUID)
	top, account := render(one, ada)
	for name, changed := range map[string]func() (Dict, Dict){
		"other settings": func() (Dict, Dict) { return render(other, ada) },
		"other name":     func() (Dict, Dict) { return render(one, &renamed) },
	} {
		newTop, newAccount := changed()
		if newTop["PayloadIdentifier"] != top["PayloadIdentifier"] || newAccount["PayloadIdentifier"] != account["PayloadIdentifier"] || newAccount["PayloadUUID"] != account["PayloadUUID"] {
			t.Errorf("%s: identifiers changed: %v", name, newTop)
		}
		if newTop["PayloadUUID"] == top["PayloadUUID"] {
			t.Errorf("%s: the profile's UUID stayed", name)
		}
	}
}
