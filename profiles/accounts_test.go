package profiles

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// slotsOf lists the payloads of ada's profile by what follows the profile's identifier.
func slotsOf(t *testing.T, g *Generator, dir Directory, platform Platform) (ids []string) {
	t.Helper()
	p, err := g.Calendar(dir, ada, platform)
	if err != nil {
		t.Fatal(err)
	}
	payloadsIn(p.Values(), func(_ string, payload Dict) {
		ids = append(ids, strings.TrimPrefix(payload["PayloadIdentifier"].(string), p.Identifier+"."))
	})
	return ids
}

func TestSubscriptionsAreForIPhoneAndIPadOnly(t *testing.T) {
	g := newGenerator(t, testServer(), everySlot)
	want := []string{"caldav", "caldav-choir", "caldav-old", "carddav", "removal"}
	for _, platform := range []Platform{Any, MacOS} {
		if got := slotsOf(t, g, groupsOf{}, platform); !slices.Equal(got, want) {
			t.Errorf("%v: got %q, want %q", platform, got, want)
		}
	}
	want = slices.Insert(want, 4, "subscription-holidays", "subscription-menu")
	if got := slotsOf(t, g, groupsOf{}, IOS); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAccountsMergeByTheirSlots(t *testing.T) {
	g := newGenerator(t, testServer(), `
[everyone.account]
a = { host = "a.example.net" }
b = { host = "b.example.net" }
[[group]]
name = "staff"
[group.account]
b = { host = "b.staff.example.net", port = 8443 }
c = { host = "c.example.net" }
[[person]]
name = "ada"
account = { a = { off = true } }
`)
	groups := groupsOf{ada.GUID: {group("staff", "bbbb", "cn=b")}}
	if got, want := slotsOf(t, g, groups, Any), []string{"caldav", "caldav-b", "caldav-c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	sources := map[string]string{}
	for _, v := range g.Show(groups, ada) {
		sources[v.Key] = v.Source + ": " + v.Value
	}
	for key, want := range map[string]string{
		"account.a": "person ada: a: none", "account.b": "group staff: b: b.staff.example.net:8443", "account.c": "group staff: c: c.example.net:443",
	} {
		if sources[key] != want {
			t.Errorf("%s: got %q, want %q", key, sources[key], want)
		}
	}
	if got, want := slotsOf(t, g, groupsOf{}, Any), []string{"caldav", "caldav-b"}; !slices.Equal(got, want) {
		t.Errorf("without the group: got %q, want %q", got, want)
	}
}

func TestTheSameAccountTwiceSkipsThePerson(t *testing.T) {
	g := newGenerator(t, testServer(), "[everyone.account]\nx = { host = \"Calendar.example.com\" }\n")
	var value *ValueError
	if _, err := g.Calendar(groupsOf{}, ada, Any); !errors.As(err, &value) || value.Setting != "account.x" || !Skips(err) {
		t.Errorf("got %v", err)
	}
}

func TestServersByMailDomain(t *testing.T) {
	const domains = "hosts = { \"example.com\" = \"com.example.net\", \"example.org\" = \"org.example.net\" }\n"
	for name, test := range map[string]struct{ settings, want string }{
		"of the domain":       {"[everyone]\n" + domains, "com.example.net"},
		"in one scope":        {"[everyone]\nhost = \"all.example.net\"\n" + domains, "com.example.net"},
		"a later host wins":   {"[everyone]\n" + domains + "[[person]]\nname = \"ada\"\nhost = \"own.example.net\"\n", "own.example.net"},
		"later domains win":   {"[everyone]\nhost = \"all.example.net\"\n[[person]]\nname = \"ada\"\n" + domains, "com.example.net"},
		"of no domain listed": {"[everyone]\nhosts = { \"example.net\" = \"x.example.net\" }\n", "calendar.example.com"},
	} {
		p, err := newGenerator(t, testServer(), test.settings).Calendar(groupsOf{}, ada, Any)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Values()["PayloadContent"].([]any)[0].(Dict)["CalDAVHostName"]; got != test.want {
			t.Errorf("%s: got %v, want %s", name, got, test.want)
		}
	}
}

// The app password opens this server alone, so no other server may be told it.
func TestThePasswordIsInAccountsOfThisServerOnly(t *testing.T) {
	p, err := newGenerator(t, testServer(), everySlot).CalendarWithPassword(groupsOf{}, ada, IOS, "app-password")
	if err != nil {
		t.Fatal(err)
	}
	payloadsIn(p.Values(), func(_ string, payload Dict) {
		id := payload["PayloadIdentifier"].(string)
		ours := strings.HasSuffix(id, ".caldav") || strings.HasSuffix(id, ".carddav")
		holds := payload["CalDAVPassword"] != nil || payload["CardDAVPassword"] != nil || payload["SubCalAccountPassword"] != nil
		if ours != holds {
			t.Errorf("%s: holds the password: %v", id, holds)
		}
	})
}

func TestThePasswordForRemovalIsNotShown(t *testing.T) {
	g := newGenerator(t, testServer(), everySlot)
	for _, v := range g.Show(groupsOf{}, ada) {
		if strings.Contains(v.Value+v.Written, "sesame") {
			t.Errorf("it is shown: %+v", v)
		}
	}
	p, err := g.Calendar(groupsOf{}, ada, Any)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range Describe(p.Values(), Any) {
		if strings.Contains(line.Value.String(), "sesame") {
			t.Errorf("it is described: %+v", line)
		}
	}
}

func TestMistakesInSlotsNameThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"account = { a = { host = \"https://x\" } }":                        "s.toml:2:1: everyone.account.a.host: \"https://x\" is no host name",
		"account = { a = {} }":                                              "everyone.account.a.host: it is empty; say which server it is on",
		"account = { \"A b\" = { host = \"x.example\" } }":                  "everyone.account: \"A b\" is no id",
		"account = { a = { host = \"x.example\", port = 70000 } }":          "everyone.account.a.port: 70000 is no port",
		"account = { a = { host = \"x.example\", user_name = \"%x%\" } }":   "everyone.account.a.user_name: %x% at character 1",
		"account = { a = { host = \"x.example\", user_name = \"a:b\" } }":   "everyone.account.a.user_name: a colon",
		"account = { a = { host = \"x.example\", colour = 1 } }":            "the key is unknown",
		"subscription = { a = { url = \"file:///etc/passwd\" } }":           "everyone.subscription.a.url: \"file:///etc/passwd\" is no address",
		"subscription = { a = { url = \"javascript:alert(1)\" } }":          "is no address",
		"subscription = { a = { url = \"https://u:p@x.example/\" } }":       "it holds a user name or password",
		"hosts = { \"Example.org\" = \"x.example\" }":                       "everyone.hosts: \"Example.org\" is no mail domain in small letters",
		"hosts = { \"example.org\" = \"x.example/dav\" }":                   "everyone.hosts: example.org: \"x.example/dav\" is no host name",
		"removal_password = \" \"":                                          "everyone.removal_password: it is empty",
		"[everyone.account.a]\nhost = \"x.example\"\nuser_name = \"%y%\"\n": "s.toml:4:1: everyone.account.a.user_name",
	} {
		_, err := ParseDocument("s.toml", []byte("[everyone]\n"+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestFormsHoldWhatSettingsHold(t *testing.T) {
	d, err := ParseDocument("", []byte(everySlot))
	if err != nil {
		t.Fatal(err)
	}
	values, err := d.Everyone.Values()
	if err != nil {
		t.Fatal(err)
	}
	again, err := SettingsOf(values)
	if err != nil || !reflect.DeepEqual(again, &d.Everyone) {
		t.Errorf("got %+v, %v, want %+v", again, err, d.Everyone)
	}
	for key := range values {
		if !slices.ContainsFunc(Fields(), func(f Field) bool { return f.Key == key && f.Kind != 0 && f.Section != "" && f.Help != "" }) {
			t.Errorf("%s has no row for forms", key)
		}
	}
	_, err = SettingsOf(map[string]any{"port": int64(0), "account": map[string]any{"x": map[string]any{"host": "a b"}}})
	var mistake *SettingError
	if err == nil || !errors.As(err, &mistake) || !strings.Contains(err.Error(), "port: 0 is no port") || !strings.Contains(err.Error(), "account.x.host") {
		t.Errorf("got %v", err)
	}
}
