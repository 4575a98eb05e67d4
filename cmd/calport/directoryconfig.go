package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"calport/directory/ldap"
)

// DirectoryConfig is how the directory is reached and read.
type DirectoryConfig struct {
	URLs         []string            `toml:"urls" comment:"Servers with the same data, tried in order: \"ldaps://ldap.example.com\", or ldap:// with start_tls. Required."`
	StartTLS     bool                `toml:"start_tls" comment:"Upgrade ldap:// by StartTLS."`
	AllowPlain   bool                `toml:"allow_plain" comment:"Let passwords cross the network readably. For loopback only."`
	CAFile       string              `toml:"ca_file" comment:"PEM file with the authority of the servers' certificates; empty means the system's."`
	ServerName   string              `toml:"server_name" comment:"The name in the servers' certificates, if it is not the host of the URL."`
	BindDN       string              `toml:"bind_dn" comment:"The account that searches; empty searches anonymously, which OpenLDAP ends after 500 entries."`
	PasswordFile string              `toml:"password_file" comment:"File with its password on the first line; or name an environment variable in password_env."`
	PasswordEnv  string              `toml:"password_env"`
	Flavour      string              `toml:"flavour" comment:"\"auto\" asks the server; or \"openldap\" (RFC 2798 and 2307), \"activedirectory\", \"freeipa\", \"opendirectory\"."`
	Base         string              `toml:"base" comment:"Where everything is; empty means what the server names."`
	Domain       string              `toml:"domain" comment:"NetBIOS name for DOMAIN\\name; empty means what Active Directory tells."`
	Timeout      Duration            `toml:"timeout" comment:"For connecting and for each operation."`
	Refresh      Duration            `toml:"refresh" comment:"How often everything is read anew. Changes arrive sooner where the directory tells of them: syncrepl, DirSync, modifyTimestamp."`
	Poll         Duration            `toml:"poll" comment:"How often it is asked for changes where it does not tell by itself; 0s means 3s."`
	MaxLoss      float64             `toml:"max_loss" comment:"A reading that would lose more than this share of the people is not applied."`
	People       AreaConfig          `toml:"people" comment:"Where entries of each kind are, if not where the flavour has them. Rooms and resources are looked for where one of theirs is set."`
	Groups       AreaConfig          `toml:"groups"`
	Rooms        AreaConfig          `toml:"rooms"`
	Resources    AreaConfig          `toml:"resources"`
	Delegates    DelegatesConfig     `toml:"delegates" comment:"Groups named after a person, room or resource plus a suffix hold its delegates."`
	Attributes   map[string][]string `toml:"attributes,omitempty" comment:"Overrides of attribute names: guid = [\"employeeNumber\"], auto_schedule = [\"description:auto-schedule-mode\"] reads key=value."`
}

// AreaConfig is where entries of one kind are.
type AreaConfig struct {
	Base   string `toml:"base"`
	Filter string `toml:"filter"`
}

// DelegatesConfig is where groups of delegates are.
type DelegatesConfig struct {
	Base        string `toml:"base"`
	Filter      string `toml:"filter"`
	Name        string `toml:"name" comment:"The attribute with the name of such a group; empty means cn."`
	ReadSuffix  string `toml:"read_suffix"`
	WriteSuffix string `toml:"write_suffix"`
}

func exampleDirectory() DirectoryConfig {
	return DirectoryConfig{
		URLs: []string{"ldaps://ldap.example.com"}, BindDN: "cn=calport,ou=services,dc=example,dc=com", PasswordFile: "/etc/calport/ldap-password",
		Flavour: "auto", Timeout: Duration(10 * time.Second), Refresh: Duration(15 * time.Minute), MaxLoss: 0.05,
		Delegates: DelegatesConfig{ReadSuffix: "-read", WriteSuffix: "-write"},
	}
}

// clearDirectory takes out of the example what every site must say itself.
func clearDirectory(d *DirectoryConfig) {
	d.URLs, d.BindDN, d.PasswordFile = nil, "", ""
}

// ldapOptions makes the options of package ldap, without the secrets that files hold.
func (d *DirectoryConfig) ldapOptions() (ldap.Options, error) {
	o := ldap.Options{
		Servers: d.URLs, StartTLS: d.StartTLS, AllowPlain: d.AllowPlain, ServerName: d.ServerName, Timeout: time.Duration(d.Timeout), Poll: time.Duration(d.Poll),
		BindDN: d.BindDN, Flavour: d.Flavour, Base: d.Base, Domain: d.Domain,
		People: ldap.Area(d.People), Groups: ldap.Area(d.Groups), Rooms: ldap.Area(d.Rooms), Resources: ldap.Area(d.Resources),
		Delegates: ldap.DelegateGroups(d.Delegates),
	}
	for _, name := range slices.Sorted(maps.Keys(d.Attributes)) {
		if err := o.Attributes.Set(name, d.Attributes[name]); err != nil {
			return o, err
		}
	}
	return o, nil
}

// checkDirectory has package ldap check what it can without files and network. Its errors begin with the option.
func (c *Config) checkDirectory(v *verdict) {
	d := &c.Directory
	if d.MaxLoss < 0 || d.MaxLoss > 1 {
		v.add("directory.max_loss", "write a share from 0 to 1, such as 0.05")
	}
	if d.Refresh <= 0 {
		v.add("directory.refresh", `write how often to read everything, such as "15m"`)
	}
	if d.BindDN != "" && d.PasswordFile == "" && d.PasswordEnv == "" {
		v.add("directory.password_file", "is required with bind_dn (or directory.password_env)")
	}
	o, err := d.ldapOptions()
	if o.BindDN != "" {
		o.BindPassword = "checked when it is read"
	}
	if err == nil {
		_, err = ldap.New(o)
	}
	if err == nil {
		return
	}
	for text := range strings.SplitSeq(err.Error(), "\n") { // one line for each mistake
		option, text, _ := strings.Cut(text, ": ")
		v.add("directory."+directoryKey(option), text)
	}
}

// directoryKey is the configuration key of an option of package ldap.
func directoryKey(option string) string {
	name, _, _ := strings.Cut(option, "[")
	if name == "servers" {
		return "urls"
	}
	return option
}

// openDirectory reads the secrets and makes the live directory, with the attributes that the settings use.
func (h *house) openDirectory(keep []string) (*ldap.Directory, error) {
	d := &h.config.Directory
	o, err := d.ldapOptions()
	if err != nil {
		return nil, fmt.Errorf("directory.%w", err)
	}
	if d.CAFile != "" {
		if o.CA, err = os.ReadFile(d.CAFile); err != nil {
			return nil, fmt.Errorf("directory.ca_file: %w", err)
		}
	}
	if o.BindPassword, err = h.secret("directory.password", d.PasswordFile, d.PasswordEnv); err != nil {
		return nil, err
	}
	o.Keep, o.Log = keep, h.log
	dir, err := ldap.New(o)
	if err != nil {
		return nil, fmt.Errorf("directory.%w", err)
	}
	return dir, nil
}

// keptAttributes are those that the settings in force use as %ldap:…%.
func (h *house) keptAttributes(ctx context.Context) ([]string, error) {
	rows, _, err := h.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	doc, err := settingsDocument(rows)
	if err != nil {
		return nil, err
	}
	return doc.LDAPAttributes(), nil
}
