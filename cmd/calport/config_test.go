package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// minimal is the least that a site must say.
const minimal = `
data = "data"
[server]
public_host = "cal.example.com"
[directory]
urls = ["ldaps://ldap.example.com"]
[profiles]
organization = "Example"
identifier = "com.example.calport"
`

func TestTheExampleIsInOrder(t *testing.T) {
	text, err := writeConfig(exampleConfig())
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseConfig("example.toml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if want := exampleConfig(); got.Server.PublicHost != want.Server.PublicHost || got.Directory.Refresh != want.Directory.Refresh {
		t.Errorf("got %+v", got)
	}
	for _, key := range []string{"public_host", "trusted_proxies", "min_version", "max_loss", "exempt_networks"} {
		if !strings.Contains(string(text), key+" = ") {
			t.Errorf("the example lacks %s", key)
		}
	}
}

func TestWhatIsLeftOutMeansTheExamplesValue(t *testing.T) {
	c, err := parseConfig("/etc/calport/calport.toml", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	example := exampleConfig()
	if c.SignIn.Remember != example.SignIn.Remember || c.Server.PublicPort != 8443 || c.TLS.MinVersion != "1.2" {
		t.Errorf("got %+v", c)
	}
	if got, want := c.Data, "/etc/calport/data"; got != want {
		t.Errorf("a relative path became %q, want %q: it is taken from the file's folder", got, want)
	}
	if c.Directory.BindDN != "" {
		t.Errorf("bind_dn became %q, the example's", c.Directory.BindDN)
	}
}

func TestEveryMistakeIsNamedWithKeyAndLine(t *testing.T) {
	for _, c := range []struct{ text, key, want string }{
		{strings.Replace(minimal, "public_host", "public_hots", 1), "server.public_hots", "line 4"},
		{strings.Replace(minimal, `"cal.example.com"`, `"https://cal.example.com/"`, 1), "server.public_host", "line 4"},
		{strings.Replace(minimal, `"cal.example.com"`, `"cal.example.com:8443"`, 1), "server.public_host", "public_port"},
		{strings.Replace(minimal, `"cal.example.com"`, `7`, 1), "", "line 4"},
		{strings.Replace(minimal, `public_host = "cal.example.com"`, ``, 1), "server.public_host", "required"},
		{minimal + "[sign_in]\nremember = \"soon\"\n", "", "line 11"},
		{minimal + "[tls]\nsource = \"files\"\n", "tls.certificate", "required"},
		{minimal + "[tls]\nmin_version = \"1.4\"\n", "tls.min_version", "line 11"},
		{minimal + "[tls]\nsource = \"acme\"\nacme_directory = \"http://ca.example.com\"\n", "tls.acme_directory", "line 12"},
		{minimal + "[tls]\nsource = \"acme\"\nacme_ca_file = \"ca.pem\"\n", "tls.acme_ca_file", "acme_directory"},
		{strings.Replace(minimal, `"cal.example.com"`, `"10.1.2.3"`, 1) + "[tls]\nsource = \"acme\"\n", "server.public_host", "with a domain"},
		{minimal + "[server]\nhttps = []\n", "", "line 10"},
		{minimal + "[signing]\nsource = \"pkcs12\"\nfiles = [\"a\", \"b\"]\n", "signing.files", "one PKCS#12 file"},
		{minimal + "[log]\nlevel = \"loud\"\n", "log.level", "line 11"},
		{strings.Replace(minimal, "ldaps://", "ldap://", 1), "directory.urls", "line 6"},
		{strings.Replace(minimal, "ldaps://", "http://", 1), "directory.urls", "line 6"},
		{minimal + "[directory.attributes]\nguidd = [\"x\"]\n", "directory.attributes.guidd", "line 11"},
		{minimal + "[directory.people]\nfilter = \"(uid=\"\n", "directory.people.filter", "line 11"},
		{strings.Replace(minimal, `"com.example.calport"`, `"calport"`, 1), "profiles.identifier", "line 9"},
		{minimal + "[sign_in]\nexempt_networks = [\"10.0.0.0/99\"]\n", "sign_in.exempt_networks", "line 11"},
		{minimal + "[limits]\nmax_attendees = -1\n", "limits.max_attendees", "line 11"},
		{minimal + "[access]\nserver = [\"(employeeType=\"]\n", "access.server", "line 11"},
		{minimal + "[mail]\nhost = \"smtp.example.com:25\"\nfrom = \"c@example.com\"\n", "mail.host", "mail.port"},
		{minimal + "[mail]\nhost = \"smtp.example.com\"\n", "mail.from", "write an address"},
		{minimal + "[mail]\nhost = \"smtp.example.com\"\nfrom = \"c@example.com\"\nuser = \"c\"\n", "mail.password_file", "required"},
		{minimal + "[mail]\ntls = \"ssl\"\n", "mail.tls", "starttls"},
		{"data = \n", "", "line 1"},
	} {
		_, err := parseConfig("calport.toml", []byte(c.text))
		if err == nil {
			t.Errorf("accepted:\n%s", c.text)
			continue
		}
		if !strings.Contains(err.Error(), c.key) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v\nwant %q and %q in it", err, c.key, c.want)
		}
	}
}

func TestOneMistakeDoesNotHideTheOthers(t *testing.T) {
	text := `
data = "data"
surprise = 1
[server]
public_host = "https://x"
public_port = "many"
[directory]
urls = ["ldap://ldap.example.com"]
refresh = "soon"
timeout = "later"
flavour = "novell"
[directory.people]
base = "nonsense"
[profiles]
organization = "Example"
identifier = "example"
[sign_in]
failures = -2
`
	_, err := parseConfig("calport.toml", []byte(text))
	if err == nil {
		t.Fatal("accepted")
	}
	last := -1
	for _, want := range []string{"line 3: surprise", "line 5: server.public_host", "line 6: server.public_port", "line 8: directory.urls",
		"line 9: directory.refresh", "line 10: directory.timeout", "line 11: directory.flavour", "line 13: directory.people.base",
		"line 16: profiles.identifier", "line 18: sign_in.failures"} {
		at := strings.Index(err.Error(), want)
		if at <= last {
			t.Errorf("it lacks %q, or not in its place:\n%v", want, err)
		}
		last = at
	}
}

func TestSeveralMistakesComeTogetherInTheOrderOfTheFile(t *testing.T) {
	_, err := parseConfig("calport.toml", []byte(minimal+"[tls]\nmin_version = \"9\"\n[log]\nformat = \"xml\"\n"))
	if err == nil {
		t.Fatal("accepted")
	}
	text := err.Error()
	if first, second := strings.Index(text, "tls.min_version"), strings.Index(text, "log.format"); first < 0 || second < first {
		t.Errorf("got %v", err)
	}
}

func TestConfigurationIsFoundInItsPlaces(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	env := map[string]string{}
	p := &program{stdio: stdio{env: func(k string) string { return env[k] }}}
	if _, err := p.findConfig(); err == nil || !strings.Contains(err.Error(), "calport config > calport.toml") {
		t.Errorf("without any: got %v, want the remedy", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "calport.toml"), []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := p.findConfig(); got != "calport.toml" {
		t.Errorf("in the current folder: got %q, %v", got, err)
	}
	env["CALPORT_CONFIG"] = "/from/env"
	if got, _ := p.findConfig(); got != "/from/env" {
		t.Errorf("by the environment: got %q", got)
	}
	p.configFile = "/from/flag"
	if got, _ := p.findConfig(); got != "/from/flag" {
		t.Errorf("by the flag: got %q", got)
	}
}

func TestDurationsAreWrittenShort(t *testing.T) {
	for d, want := range map[time.Duration]string{5 * time.Minute: "5m", 24 * time.Hour: "24h", 90 * time.Second: "1m30s", 0: "0s", 10 * time.Second: "10s"} {
		if got, _ := Duration(d).MarshalText(); string(got) != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
