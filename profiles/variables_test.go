package profiles

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"calport/directory"
)

func TestVariables(t *testing.T) {
	full := &directory.Principal{
		ShortName: "ada", FullName: "Ada Lovelace", FirstName: "Ada", LastName: "Lovelace", Mails: []string{"ada@example.com", "a@example.com"},
		JobTitle: "Analyst", MobilePhone: "+44 1", GUID: "6F1AB4C0", Attributes: map[string][]string{"l": {" ", "London"}},
	}
	for _, test := range []struct{ template, want string }{
		{"%short_name% %full_name% %first_name% %last_name%", "ada Ada Lovelace Ada Lovelace"},
		{"%email%/%job_title%/%mobile_phone%/%guid%", "ada@example.com/Analyst/+44 1/6F1AB4C0"},
		{"%ldap:L% %ldap:o|nowhere%", "London nowhere"},
		{"100 %%", "100 %"},
		{"%%email%%", "%email%"},
		{"%email|none%", "ada@example.com"},
		{"%SerialNumber% %HardwareUUID% %ComputerName% %HostName% %LocalHostName% %MACAddress% %AD_Domain%", "%SerialNumber% %HardwareUUID% %ComputerName% %HostName% %LocalHostName% %MACAddress% %AD_Domain%"},
		{"%ldap:x|100% sure", "100 sure"},
	} {
		if problem := checkTemplate(test.template, nil); !problem.Empty() {
			t.Errorf("%q: %s", test.template, problem)
		}
		if got, err := (vars{full, nil}).expand("description", test.template, nil); err != nil || got != test.want {
			t.Errorf("%q: %q, %v, want %q", test.template, got, err, test.want)
		}
	}
}

func TestVariablesAreCaseSensitive(t *testing.T) {
	for _, template := range []string{"%Email%", "%EMAIL%", "%serialnumber%", "%LDAP:o%"} {
		if checkTemplate(template, nil).Empty() {
			t.Errorf("%q is taken", template)
		}
	}
}

func TestMissingValuesNameVariableAndSetting(t *testing.T) {
	nobody := &directory.Principal{ShortName: "x", Mails: []string{" "}}
	for _, variable := range []string{"first_name", "last_name", "email", "job_title", "mobile_phone", "guid", "ldap:o"} {
		_, err := (vars{nobody, nil}).expand("description", "a %"+variable+"% b", nil)
		var missing *MissingError
		if !errors.As(err, &missing) || missing.Variable != variable || missing.Setting != "description" || !Skips(err) {
			t.Errorf("%s: error %v", variable, err)
		}
	}
}

func TestUnusableValuesSkipThePerson(t *testing.T) {
	g := newGenerator(t, testServer(), "[everyone]\nuser_name = \"%email%\"\n")
	for _, test := range []struct {
		spoil   func(*directory.Principal)
		setting string
	}{
		{func(p *directory.Principal) { p.Mails = []string{"a:b@example.com"} }, "user_name"},
		{func(p *directory.Principal) { p.Mails = []string{"a\x00b"} }, "user_name"},
		{func(p *directory.Principal) { p.Mails = []string{"a\nb"} }, "user_name"},
		{func(p *directory.Principal) { p.FullName = "A\x01" }, "display_name"},
		{func(p *directory.Principal) { p.FullName = "A\xff" }, "display_name"},
		{func(p *directory.Principal) { p.GUID = "" }, "guid"},
		{func(p *directory.Principal) { p.GUID = "a/b" }, "guid"},
	} {
		p := *ada
		test.spoil(&p)
		_, err := g.Calendar(alone(&p), &p, Any)
		var unusable *ValueError
		if !errors.As(err, &unusable) || unusable.Setting != test.setting || !Skips(err) {
			t.Errorf("%s: error %v", test.setting, err)
		}
	}
}

func TestOnlyPeopleGetCalendarProfiles(t *testing.T) {
	g := newGenerator(t, testServer(), "")
	p := *ada
	p.Kind = directory.Room
	if _, err := g.Calendar(alone(&p), &p, Any); err == nil || Skips(err) || !strings.Contains(err.Error(), "ROOM") {
		t.Errorf("error %v", err)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "%", "%%", "%email%", "%email|x%%", "a%ldap:o|%%b", "%AD_%", "\xff%\xff%", "%guid"} {
		f.Add(s, "value")
	}
	f.Fuzz(func(t *testing.T, template, value string) {
		if !checkTemplate(template, nil).Empty() {
			return
		}
		p := &directory.Principal{ShortName: value, FullName: value, FirstName: value, LastName: value, Mails: []string{value}, JobTitle: value,
			MobilePhone: value, GUID: value}
		out, err := (vars{p, nil}).expand("description", template, nil)
		if err != nil {
			if !Skips(err) {
				t.Fatalf("%q: error %v does not skip", template, err)
			}
			return
		}
		if strings.TrimSpace(out) == "" || !utf8.ValidString(out) {
			t.Errorf("%q gives %q", template, out)
		}
	})
}
