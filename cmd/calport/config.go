package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"calport/server/caldav"
	"calport/server/store"
)

// Config is the configuration file. The comments are the words of `calport config`; the zero value of each field is
// its default, so that a line left out never means something else than a line commented out.
type Config struct {
	Data      string          `toml:"data" comment:"Folder of the database, keys and certificates. Back it up."`
	Database  string          `toml:"database" comment:"Empty: SQLite in the data folder. Or PostgreSQL 15 or later, for several nodes: \"postgres://calport@db.example.com/calport\"; a password is better left to PGPASSFILE or PGPASSWORD."`
	Server    ServerConfig    `toml:"server" comment:"Where people and devices reach calport."`
	TLS       TLSConfig       `toml:"tls" comment:"How https speaks."`
	Directory DirectoryConfig `toml:"directory" comment:"The LDAP directory that says who exists."`
	Access    AccessConfig    `toml:"access" comment:"Who may do what: short names of groups and people, mail addresses, GUIDs, or filters on attributes such as \"(employeeType=staff)\". An empty list of profile or server means everyone."`
	Signing   SigningConfig   `toml:"signing" comment:"Who vouches for profiles."`
	MDM       MDMConfig       `toml:"mdm" comment:"How MDM servers and their devices reach the payload source."`
	Secrets   SecretsConfig   `toml:"secrets" comment:"Where calport's own keys are kept."`
	Profiles  ProfilesConfig  `toml:"profiles" comment:"What profiles say. Settings by group and person: calport settings export."`
	Contacts  ContactsConfig  `toml:"contacts" comment:"The people, groups, rooms and resources of the directory as an address book, over CardDAV."`
	SignIn    SignInConfig    `toml:"sign_in" comment:"Which passwords there are, and how wrong ones are treated."`
	OIDC      OIDCConfig      `toml:"oidc" comment:"Signing in to the portal by OpenID Connect, beside the directory's password. Calendars need app passwords then, where people have no other."`
	Mail      MailConfig      `toml:"mail" comment:"Mail that calport sends: invitations to people outside the directory, links."`
	Limits    LimitsConfig    `toml:"limits" comment:"Limits of the CalDAV server; 0 means the default."`
	Invites   InvitesConfig   `toml:"invitations" comment:"Invitations; 0 means the default."`
	Records   RecordsConfig   `toml:"records" comment:"How long is remembered what was done."`
	Log       LogConfig       `toml:"log"`
}

// ServerConfig is where calport listens and what it is called.
type ServerConfig struct {
	PublicHost     string   `toml:"public_host" comment:"The host name that profiles, links and DNS records name. Required."`
	PublicPort     int      `toml:"public_port" comment:"The https port that they name: 443 if a proxy or a port redirection leads to calport, else 8443."`
	Aliases        []string `toml:"aliases,omitempty" comment:"Further host names of this server."`
	HTTPS          []string `toml:"https" comment:"Addresses that speak https. Calendar tries 8443 by itself."`
	HTTP           []string `toml:"http" comment:"Addresses that lead to https and never take a password. Calendar tries 8008 by itself."`
	Plain          []string `toml:"plain" comment:"Addresses for plain http behind a TLS-terminating proxy: served to loopback and trusted_proxies only."`
	TrustedProxies []string `toml:"trusted_proxies" comment:"Networks of proxies whose X-Forwarded-For, -Proto and -Host count, such as \"10.1.2.0/24\"."`
	Metrics        string   `toml:"metrics" comment:"Address of /metrics for Prometheus, such as \"127.0.0.1:9090\"; empty for none."`
}

// TLSConfig is where certificates come from.
type TLSConfig struct {
	Source         string `toml:"source" comment:"\"own\": calport's own certificate authority; \"files\": PEM files, read again when they change; \"acme\": Let's Encrypt or another."`
	Certificate    string `toml:"certificate" comment:"source = \"files\": certificate and intermediates, and the key."`
	Key            string `toml:"key"`
	RSACertificate string `toml:"rsa_certificate" comment:"source = \"files\": an RSA pair to stand beside an ECDSA one, for OS X 10.6 to 10.8."`
	RSAKey         string `toml:"rsa_key"`
	ACMEDirectory  string `toml:"acme_directory" comment:"source = \"acme\": the directory URL; empty is Let's Encrypt. Port 443 of public_host must lead here."`
	ACMECAFile     string `toml:"acme_ca_file" comment:"PEM file with the authority of the ACME server's own certificate, for one of your own such as step-ca; empty means the system's."`
	ACMEEmail      string `toml:"acme_email"`
	MinVersion     string `toml:"min_version" comment:"\"1.2\"; set \"1.0\" for OS X 10.6 to 10.8."`
}

// AccessConfig is who may do what.
type AccessConfig struct {
	Profile []string `toml:"profile" comment:"Who gets a profile."`
	Server  []string `toml:"server" comment:"Who may use the CalDAV server."`
	Admin   []string `toml:"admin" comment:"Who has all rights on everything."`

	Visibility []VisibilityConfig `toml:"visibility" comment:"Whom people find in searches and whose free and busy time they may ask for; without any rule, everybody. Each is written [[access.visibility]], with the keys for, finds, together and places: pupils who find the staff and their own class are for = [\"pupils\"], finds = [\"staff\"], together = [\"class-*\"]."`
}

// SigningConfig is where the signing identity comes from.
type SigningConfig struct {
	Source      string   `toml:"source" comment:"\"own\": calport's own certificate authority; \"pem\" or \"pkcs12\": files."`
	Files       []string `toml:"files" comment:"PEM files with certificate, intermediates and key, in any order; or one PKCS#12 file."`
	PasswordEnv string   `toml:"password_env" comment:"Name of the environment variable with the password of the PKCS#12 file."`
	Key         string   `toml:"key" comment:"source = \"own\", on first start: \"ecdsa\" (P-256, fast) or \"rsa\"."`
}

// ProfilesConfig is what all profiles have in common.
type ProfilesConfig struct {
	Organization string `toml:"organization" comment:"Shown with every profile. Required."`
	Identifier   string `toml:"identifier" comment:"Prefix of payload identifiers, a reversed domain of yours. Never change it: devices would keep both profiles. Required."`
	Settings     string `toml:"settings" comment:"A file of settings that seeds the store on first start; afterwards calport settings import."`
}

// SignInConfig is which passwords there are, and how wrong ones are treated.
type SignInConfig struct {
	AppPasswords    string   `toml:"app_passwords" comment:"\"off\"; \"offered\": people may make passwords for single devices in the portal; \"required\": calendars take nothing else, the directory's password opens the portal only."`
	AppPasswordDays int      `toml:"app_password_days" comment:"For how many days an app password works; 0 is for ever."`
	Remember        Duration `toml:"remember" comment:"For how long a right password is remembered, so that the directory is not asked on each request."`
	FailuresPerAge  int      `toml:"failures" comment:"Wrong passwords of one account that reach the directory within failures_in; keep it below the directory's lock-out threshold."`
	FailuresIn      Duration `toml:"failures_in"`
	NamesPerAddr    int      `toml:"names_per_address" comment:"Different failing names from one address within 10 minutes before it has to wait."`
	Exempt          []string `toml:"exempt_networks" comment:"Networks that never have to wait: a school behind one address."`
}

// LimitsConfig bounds what the CalDAV server takes.
type LimitsConfig struct {
	ResourceSize int64 `toml:"max_resource_size" comment:"Bytes of one event; default 1048576."`
	Attendees    int   `toml:"max_attendees" comment:"Attendees of one instance; default 100."`
	Instances    int   `toml:"max_instances" comment:"Instances of a recurring event that are expanded; default 3000."`
	Collections  int   `toml:"max_collections" comment:"Calendars of one home; default 50."`
}

// LogConfig is how the log looks.
type LogConfig struct {
	Format string `toml:"format" comment:"\"text\" or \"json\"."`
	Level  string `toml:"level" comment:"\"debug\", \"info\", \"warn\" or \"error\"."`
}

// Duration is written as Go writes it: "5m", "24h".
type Duration time.Duration

// UnmarshalText reads "90s", "5m", "24h".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no duration; write it like \"90s\", \"5m\" or \"24h\"", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the shortest form.
func (d Duration) MarshalText() ([]byte, error) {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return []byte(s), nil
}

// exampleConfig is what `calport config` prints and what absent lines mean.
func exampleConfig() Config {
	return Config{
		Data:      "/var/lib/calport",
		Server:    ServerConfig{PublicHost: "calendar.example.com", PublicPort: 8443, HTTPS: []string{":8443"}, HTTP: []string{":8008"}, Plain: []string{}, TrustedProxies: []string{}},
		TLS:       TLSConfig{Source: "own", MinVersion: "1.2"},
		Directory: exampleDirectory(),
		Access:    AccessConfig{Profile: []string{}, Server: []string{}, Admin: []string{}, Visibility: []VisibilityConfig{}},
		Signing:   SigningConfig{Source: "own", Files: []string{}, Key: "ecdsa"},
		Profiles:  ProfilesConfig{Organization: "Example", Identifier: "com.example.calport"},
		OIDC:      exampleOIDC(),
		Mail:      exampleMail(),
		SignIn:    SignInConfig{AppPasswords: "offered", AppPasswordDays: 365, Remember: Duration(5 * time.Minute), FailuresPerAge: 3, FailuresIn: Duration(30 * time.Minute), NamesPerAddr: 50, Exempt: []string{}},
		Records:   exampleRecords(),
		Log:       LogConfig{Format: "text", Level: "info"},
	}
}

// defaults are the example without what every site must say itself.
func defaults() Config {
	c := exampleConfig()
	c.Server.PublicHost, c.Profiles.Organization, c.Profiles.Identifier = "", "", ""
	c.Mail.From = ""
	clearDirectory(&c.Directory)
	return c
}

// mistake is one thing wrong with a configuration file.
type mistake struct {
	line int // 0: the key is missing
	key  string
	text string
}

func (m mistake) String() string {
	switch {
	case m.line == 0:
		return fmt.Sprintf("%s: %s", m.key, m.text)
	case m.key == "":
		return fmt.Sprintf("line %d: %s", m.line, m.text)
	}
	return fmt.Sprintf("line %d: %s: %s", m.line, m.key, m.text)
}

// configError lists everything wrong with a file.
type configError struct {
	file     string
	mistakes []mistake
}

func (e *configError) Error() string {
	lines := []string{fmt.Sprintf("configuration %s has %d mistakes:", e.file, len(e.mistakes))}
	if len(e.mistakes) == 1 {
		lines[0] = fmt.Sprintf("configuration %s has a mistake:", e.file)
	}
	for _, m := range e.mistakes {
		lines = append(lines, "  "+m.String())
	}
	return strings.Join(lines, "\n")
}

// findConfig names the configuration file: --config, CALPORT_CONFIG, ./calport.toml, /etc/calport/calport.toml.
func (p *program) findConfig() (string, error) {
	if p.configFile != "" {
		return p.configFile, nil
	}
	if name := p.env("CALPORT_CONFIG"); name != "" {
		return name, nil
	}
	places := []string{"calport.toml", "/etc/calport/calport.toml"}
	for _, name := range places {
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
	}
	return "", &exitError{exitUsage, fmt.Errorf("no configuration: neither --config nor CALPORT_CONFIG is given, and there is no %s; write one with: calport config > calport.toml", strings.Join(places, " and no "))}
}

// loadConfig finds, reads and checks the configuration file.
func (p *program) loadConfig() (*Config, error) {
	file, err := p.findConfig()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("configuration: %w", err)}
	}
	c, err := parseConfig(file, data)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return c, nil
}

// parseConfig decodes strictly and checks every value. Relative paths are taken from the file's own folder.
func parseConfig(file string, data []byte) (*Config, error) {
	c, wrong, whole := decodeConfig(data)
	if whole {
		at := keyLines(data)
		named := map[string]bool{}
		for _, m := range wrong {
			named[m.key] = true
		}
		for _, m := range c.mistakes() {
			if m.line = at[m.key]; !named[m.key] {
				wrong = append(wrong, m)
			}
		}
	}
	if len(wrong) > 0 {
		slices.SortStableFunc(wrong, func(a, b mistake) int { return a.line - b.line })
		return nil, &configError{file, wrong}
	}
	c.absolute(filepath.Dir(file))
	return c, nil
}

// decodeConfig decodes and lists unknown keys and wrong types with their lines. After a value of a wrong type it goes
// on without the line, so that one mistake does not hide the others. whole is false when the text is no TOML.
func decodeConfig(data []byte) (c *Config, wrong []mistake, whole bool) {
	text := slices.Clone(data)
	for {
		fresh := defaults()
		err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&fresh)
		var strict *toml.StrictMissingError
		var decode *toml.DecodeError
		switch {
		case err == nil:
			return &fresh, wrong, true
		case errors.As(err, &strict):
			for _, e := range strict.Errors {
				line, _ := e.Position()
				wrong = append(wrong, mistake{line, strings.Join(e.Key(), "."), "there is no such key; calport config prints those there are"})
			}
			return &fresh, wrong, true
		case errors.As(err, &decode):
			line, _ := decode.Position()
			key := strings.Join(decode.Key(), ".")
			wrong = append(wrong, mistake{line, key, strings.TrimPrefix(decode.Error(), "toml: ")})
			if key == "" || !blankLine(text, line) {
				return nil, wrong, false
			}
		default:
			return nil, append(wrong, mistake{key: "file", text: err.Error()}), false
		}
	}
}

// blankLine makes a line, counted from 1, a comment of the same length. It reports whether it was something else.
func blankLine(text []byte, line int) bool {
	for l := range bytes.Lines(text) {
		if line--; line > 0 {
			continue
		}
		l = bytes.TrimRight(l, "\r\n")
		if len(l) == 0 || l[0] == '#' {
			return false
		}
		l[0] = '#'
		return true
	}
	return false
}

// keyLines maps dotted keys to the line on which they stand.
func keyLines(data []byte) map[string]int {
	at := map[string]int{}
	parser := unstable.Parser{}
	parser.Reset(data)
	table := ""
	for parser.NextExpression() {
		node := parser.Expression()
		var words []string
		line := 0
		for it := node.Key(); it.Next(); {
			part := it.Node()
			if line == 0 {
				line = parser.Shape(part.Raw).Start.Line
			}
			words = append(words, string(part.Data))
		}
		key := strings.Join(words, ".")
		switch node.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = key + "."
			at[key] = line
		case unstable.KeyValue:
			at[table+key] = line
		}
	}
	return at
}

// absolute makes the paths of the file independent of the folder that a command is started in.
func (c *Config) absolute(base string) {
	paths := []*string{&c.Data, &c.TLS.Certificate, &c.TLS.Key, &c.TLS.RSACertificate, &c.TLS.RSAKey, &c.TLS.ACMECAFile, &c.Profiles.Settings, &c.Directory.CAFile, &c.Directory.PasswordFile, &c.Secrets.KeyFile, &c.OIDC.SecretFile, &c.Mail.CAFile, &c.Mail.PasswordFile, &c.Mail.Incoming.PasswordFile}
	for i := range c.Signing.Files {
		paths = append(paths, &c.Signing.Files[i])
	}
	for _, p := range paths {
		if *p == "" || filepath.IsAbs(*p) {
			continue
		}
		if joined, err := filepath.Abs(filepath.Join(base, *p)); err == nil {
			*p = joined
		}
	}
}

// limits are the bounds of the CalDAV server.
func (c *Config) limits() caldav.Limits {
	l := &c.Limits
	limits := caldav.Limits{ResourceSize: l.ResourceSize, Attendees: l.Attendees, Instances: l.Instances, Collections: l.Collections}
	c.Invites.apply(&limits)
	return limits
}

// storeOptions are where the store is: SQLite in the data folder, or PostgreSQL.
func (c *Config) storeOptions() store.Options {
	if c.Database != "" {
		return store.Options{DSN: c.Database}
	}
	return store.Options{Path: filepath.Join(c.Data, databaseFile)}
}

// makeData makes the data folder if it is not there.
func (c *Config) makeData() error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w; make it writable for this user, or set another in data", err)
	}
	return nil
}

// lockData makes the data folder ours alone until Unlock; a *store.LockedError says whose it is.
func (c *Config) lockData() (*store.Lock, error) {
	if err := c.makeData(); err != nil {
		return nil, err
	}
	return store.LockDir(c.Data)
}
