package profiles

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
)

const scopes = `
[everyone]
display_name = "Calendars of %full_name%"
port = 8443

[[group]]
name = "Staff"
priority = 1
port = 1001
host = "staff.example.com"

[[group]]
guid = "AAAA"
priority = 2
port = 1002
removal = "30d"

[[group]]
name = "closed"
deny = true

[[person]]
name = "ada"
port = 1003
deny = false
`

func group(name, guid, dn string) *directory.Principal {
	return &directory.Principal{Kind: directory.Group, ShortName: name, GUID: guid, DN: dn}
}

func TestSettingsMergeEveryoneGroupsPerson(t *testing.T) {
	g := newGenerator(t, testServer(), scopes)
	groups := groupsOf{
		ada.GUID: {group("any", "aaaa", "cn=a"), group("staff", "bbbb", "cn=b"), group("closed", "cccc", "cn=c")},
		zoë.GUID: {group("any", "aaaa", "cn=a"), group("staff", "bbbb", "cn=b")},
	}
	for _, test := range []struct {
		person                   *directory.Principal
		key, value, source, text string
	}{
		{ada, "port", "1003", "person ada", "1003"},
		{ada, "deny", "false", "person ada", "false"},
		{ada, "host", "staff.example.com", "group staff", "staff.example.com"},
		{ada, "removal", "30d", "group any", "30d"},
		{ada, "display_name", "Calendars of Ada Lovelace", "everyone", "Calendars of %full_name%"},
		{ada, "organization", "Example", "server", "Example"},
		{ada, "user_name", "ada", "built in", "%short_name%"},
		{zoë, "port", "1002", "group any", "1002"},
	} {
		values := g.Show(groups, test.person)
		i := slices.IndexFunc(values, func(v Value) bool { return v.Key == test.key })
		if i < 0 {
			t.Errorf("%s of %s is not shown", test.key, test.person.ShortName)
			continue
		}
		v := values[i]
		if v.Value != test.value || v.Source != test.source || v.Written != test.text || v.Title == "" || v.Err != nil {
			t.Errorf("%s of %s is %+v, want %q from %s", test.key, test.person.ShortName, v, test.value, test.source)
		}
	}
}

func TestGroupsOfEqualPriorityGoByDN(t *testing.T) {
	g := newGenerator(t, testServer(), "[[group]]\nname=\"one\"\nport=1\n[[group]]\nname=\"two\"\nport=2\n")
	for _, test := range []struct {
		one, two, want string
	}{{"cn=a", "CN=B", "2"}, {"cn=z", "cn=b", "1"}} {
		groups := groupsOf{ada.GUID: {group("two", "2", test.two), group("one", "1", test.one)}}
		for _, v := range g.Show(groups, ada) {
			if v.Key == "port" && v.Value != test.want {
				t.Errorf("%+v: port %s, want %s", test, v.Value, test.want)
			}
		}
	}
}

func TestDenyIsNoProfile(t *testing.T) {
	g := newGenerator(t, testServer(), scopes)
	groups := groupsOf{zoë.GUID: {group("closed", "cccc", "cn=c")}, ada.GUID: {group("closed", "cccc", "cn=c")}}
	if _, err := g.Calendar(groups, zoë, Any); !errors.Is(err, ErrDenied) || !Skips(err) {
		t.Errorf("error %v, want %v", err, ErrDenied)
	}
	if _, err := g.Calendar(groups, ada, Any); err != nil {
		t.Errorf("a person's own setting does not lift the denial: %v", err)
	}
}

func TestDocumentRoundTrips(t *testing.T) {
	for _, text := range []string{"", scopes, everySetting, "[everyone]\nconsent = {}\nremoval = \"never\"\nssl = false\n"} {
		d, err := ParseDocument("a.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		written, err := d.TOML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDocument("b.toml", written)
		if err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
		if twice, err := again.TOML(); err != nil || !bytes.Equal(twice, written) {
			t.Errorf("read again it differs (%v):\n%s\n%s", err, written, twice)
		}
	}
}

func TestMistakesInSettingsNameThePlace(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"[everyone]\nuser_name = \"%shortname%\"\n", "s.toml:2:1: everyone.user_name: %shortname% at character 1: the variable is unknown"},
		{"[everyone]\nport = 8443\n[[group]]\nname = \"a\"\n[[group]]\nname = \"b\"\nport = 0\n", "s.toml:7:1: group[1].port: 0 is no port"},
		{"[[person]]\nname = \"a\"\nhost = \"https://x\"\n", "s.toml:3:1: person[0].host: \"https://x\" is no host name: it has a scheme"},
		{"[everyone]\ncolour = 1\n", "s.toml:2:1: everyone.colour: the key is unknown"},
		{"[somebody]\nport = 1\n", "s.toml:1:2: somebody"},
		{"[everyone]\nport = \"x\"\n", "s.toml:2:"},
		{"[everyone]\nremoval = \"soon\"\n", "s.toml:2:1: everyone.removal: \"soon\" is no removal"},
		{"[everyone]\nremoval = \"-3d\"\n", "is no removal"},
		{"[everyone]\ndisplay_name = \"\"\n", "s.toml:2:1: everyone.display_name: it is empty"},
		{"[everyone]\ndisplay_name = \"50 % off\"\n", "the % at character 4 has no partner"},
		{"[everyone]\ndisplay_name = \"%email|%\"\n", "the text after | is empty"},
		{"[everyone]\ndisplay_name = \"%ldap:%\"\n", "it names no attribute"},
		{"[everyone]\nuser_name = \"%short_name%:x\"\n", "everyone.user_name: a colon"},
		{"[everyone]\nuser_name = \"%email|a:b%\"\n", "everyone.user_name: a colon"},
		{"[everyone.consent]\n\"not a tag\" = \"x\"\n", "everyone.consent: \"not a tag\" is neither"},
		{"[[group]]\nname = \"a\"\n[group.consent]\nde = \"%x%\"\n", "group[0].consent: de: %x% at character 1"},
		{"[[group]]\nport = 1\n", "s.toml:1:3: group[0]: it has neither name nor guid"},
		{"[[group]]\nname = \"a\"\n[[group]]\nname = \"A\"\n", "s.toml:3:3: group[1]: it is for the same as group[0]"},
		{"everyone = 1\n", "s.toml:1:"},
		{"[everyone\n", "s.toml:1:"},
	} {
		_, err := ParseDocument("s.toml", []byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.text, err, test.want)
		}
		var e *SettingError
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%q: error is a %T", test.text, err)
		}
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	_, err := ParseDocument("s.toml", []byte("[everyone]\nport = 0\nhost = \"\"\nuser_name = \"%x%\"\n"))
	for n, want := range []string{"s.toml:2:1", "s.toml:3:1", "s.toml:4:1"} {
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[n], want) {
			t.Errorf("mistakes %q, want number %d at %s", lines, n, want)
		}
	}
}

func TestServerConfigIsValidated(t *testing.T) {
	for _, test := range []struct {
		spoil func(*ServerConfig)
		key   string
	}{
		{func(c *ServerConfig) { c.Host = "https://calendar.example.com" }, "host"},
		{func(c *ServerConfig) { c.Host = "calendar.example.com/dav" }, "host"},
		{func(c *ServerConfig) { c.Host = "calendar.example.com:8443" }, "host"},
		{func(c *ServerConfig) { c.Host = "kalender.exämple.com" }, "host"},
		{func(c *ServerConfig) { c.Host = "" }, "host"},
		{func(c *ServerConfig) { c.Host = "a..b" }, "host"},
		{func(c *ServerConfig) { c.Port = 0 }, "port"},
		{func(c *ServerConfig) { c.Port = 65536 }, "port"},
		{func(c *ServerConfig) { c.Prefix = "calport" }, "prefix"},
		{func(c *ServerConfig) { c.Prefix = "com.example." }, "prefix"},
		{func(c *ServerConfig) { c.Prefix = "com.example.a b" }, "prefix"},
		{func(c *ServerConfig) { c.Organization = " " }, "organization"},
		{func(c *ServerConfig) { c.Organization = "a\x00" }, "organization"},
		{func(c *ServerConfig) { c.Roots = [][]byte{[]byte("x")} }, "roots[0]"},
	} {
		config := testServer()
		test.spoil(&config)
		_, err := NewGenerator(config, new(Document))
		var e *SettingError
		if !errors.As(err, &e) || e.Key != test.key || e.Problem.Empty() {
			t.Errorf("%+v: error %v, want one of %s", config, err, test.key)
		}
	}
	for _, host := range []string{"localhost", "mac-mini.local", "192.0.2.1", "2001:db8::1", "xn--exmple-cua.com", "a_b.example"} {
		config := testServer()
		config.Host = host
		if _, err := NewGenerator(config, new(Document)); err != nil {
			t.Errorf("%s is refused: %v", host, err)
		}
	}
}

func TestRemovals(t *testing.T) {
	for _, test := range []struct {
		text string
		want Removal
	}{
		{"never", Removal{}},
		{"2027-06-30", Removal{On: time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC)}},
		{"2027-06-30T18:00:00+02:00", Removal{On: time.Date(2027, 6, 30, 16, 0, 0, 0, time.UTC)}},
		{"30d", Removal{After: 30 * 24 * time.Hour}},
		{"90m", Removal{After: 90 * time.Minute}},
	} {
		if got, err := ParseRemoval(test.text); err != nil || got != test.want {
			t.Errorf("%s: %v, %v, want %v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", "0d", "5s", "90.5s", "d", "-1d", "70000d", "2027-02-30"} {
		if _, err := ParseRemoval(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestRemovalIsADateOrASpan(t *testing.T) {
	for text, key := range map[string]string{"2027-06-30": "RemovalDate", "30d": "DurationUntilRemoval"} {
		p, err := newGenerator(t, testServer(), "[everyone]\nremoval = \""+text+"\"\n").Calendar(groupsOf{}, ada, Any)
		if err != nil {
			t.Fatal(err)
		}
		if p.Values()[key] == nil {
			t.Errorf("%s: %s is missing in %v", text, key, p.Values())
		}
		if found := Verify(p.Bytes()); found != nil {
			t.Errorf("%s: %v", text, found)
		}
	}
}

func TestLDAPAttributesOfAllScopes(t *testing.T) {
	d, err := ParseDocument("", []byte(`
[everyone]
display_name = "%ldap:departmentNumber% %ldap:o|none%"
[everyone.consent]
de = "%ldap:L%"
[[group]]
name = "a"
description = "%%ldap:no%% %ldap:departmentnumber%"
[[person]]
name = "b"
user_name = "%ldap:mailAlias;lang-de%"
`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.LDAPAttributes(), []string{"departmentnumber", "l", "mailalias;lang-de", "o"}; !slices.Equal(got, want) {
		t.Errorf("attributes %q, want %q", got, want)
	}
}

func FuzzParseDocument(f *testing.F) {
	f.Add(scopes)
	f.Add(everySetting)
	f.Add("[[group]]\nguid=\"a\"\n[group.consent]\n\"x.y\"=\"%%\"\n")
	f.Add("everyone.port = 1\n[[person]]\nname.x = 2")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDocument("x.toml", []byte(text))
		if err != nil {
			return
		}
		if _, err := NewGenerator(testServer(), d); err != nil {
			t.Fatalf("parsed, but refused: %v", err)
		}
		written, err := d.TOML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDocument("y.toml", written)
		if err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
		if twice, err := again.TOML(); err != nil || !bytes.Equal(twice, written) {
			t.Errorf("written and read again it differs (%v):\n%s\n%s", err, written, twice)
		}
	})
}
