package ldap

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// Options are the settings of a Directory. The zero value of each means its default.
type Options struct {
	// Servers are URLs, ldaps://host[:port], ldap://host[:port] or ldapi://%2Fpath%2Fto%2Fsocket. They hold the same
	// data and are tried in this order.
	Servers []string
	// StartTLS upgrades ldap:// connections (RFC 4511 section 4.14) before anything else is said.
	StartTLS bool
	// AllowPlain permits ldap:// without StartTLS, so that passwords cross the network readably.
	AllowPlain bool
	// CA holds the PEM certificates that vouch for the servers; empty means the system's.
	CA []byte
	// ServerName is the name that the servers' certificates must carry; empty means the host of the URL.
	ServerName string

	// Timeout bounds connecting, and each single operation; 0 means 10 seconds.
	Timeout time.Duration
	// Connections is the highest number of connections at a time, of each of the two sorts (searching and checking
	// passwords); 0 means 8.
	Connections int
	// PageSize is the number of entries asked for at a time (RFC 2696); 0 means 500.
	PageSize int

	// Poll is the time between two looks for changes, where a server has to be asked for them; 0 means 3 seconds.
	Poll time.Duration

	// BindDN and BindPassword are the account that searches; both empty means anonymous.
	BindDN, BindPassword string

	// Flavour is a name of Flavours; empty or "auto" means to ask the server.
	Flavour string
	// Base is where everything is; empty means the naming context that the server names.
	Base string
	// Domain is the NetBIOS name for DOMAIN\name; empty means the one that Active Directory tells.
	Domain string

	// People, Groups, Rooms and Resources override where these are. Rooms and resources are looked for only where
	// one of theirs is set or the flavour has a place for them. What is a room or a resource is no person.
	People, Groups, Rooms, Resources Area
	// Attributes overrides attribute names; empty fields mean the flavour's.
	Attributes Attributes
	// Delegates says where groups of delegates are.
	Delegates DelegateGroups
	// Keep lists further attributes to read into Principal.Attributes.
	Keep []string

	Log *slog.Logger // nil means slog.Default
}

// Area is where entries of one kind are. An empty field means the flavour's.
type Area struct {
	Base   string // a DN
	Filter string // RFC 4515
}

// DelegateGroups describes groups whose members are the delegates of the principal whose short name begins the name
// of the group. They are no groups otherwise. An empty Base means that there are none.
type DelegateGroups struct {
	Base        string
	Filter      string // empty means the filter of Groups
	Name        string // the attribute with the name of the group; empty means "cn"
	ReadSuffix  string // empty means "-read"
	WriteSuffix string // empty means "-write"
}

// roots are the authorities that vouch for the servers, nil for the system's.
func (o Options) roots() (*x509.CertPool, error) {
	if len(o.CA) == 0 {
		return nil, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(o.CA) {
		return nil, errors.New("CA: no certificate found; it must be a PEM file with BEGIN CERTIFICATE lines")
	}
	return roots, nil
}

func (o Options) withDefaults() Options {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	setText := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Poll == 0 {
		o.Poll = 3 * time.Second
	}
	set(&o.Connections, 8)
	set(&o.PageSize, 500)
	setText(&o.Flavour, "auto")
	setText(&o.Delegates.Name, "cn")
	setText(&o.Delegates.ReadSuffix, "-read")
	setText(&o.Delegates.WriteSuffix, "-write")
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// validate finds every mistake that can be found without asking a server; each error begins with the option at fault.
func (o Options) validate() error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(len(o.Servers) == 0, "servers: at least one URL is needed, such as ldaps://ldap.example.com")
	add(o.Timeout < 0, "timeout: %v is negative", o.Timeout)
	add(o.Poll < 0, "poll: %v is negative", o.Poll)
	add(o.Connections < 0 || o.Connections > 1000, "connections: %d is not within 1 to 1000", o.Connections)
	add(o.PageSize < 0 || o.PageSize > 1<<31-1, "page_size: %d is not within 1 to 2147483647", o.PageSize)
	add(o.BindDN != "" && o.BindPassword == "", "bind_password: it is empty, but bind_dn is set; servers take a bind without password as anonymous")
	add(o.BindDN == "" && o.BindPassword != "", "bind_dn: it is empty, but bind_password is set")
	add(o.Flavour != "auto" && flavourNamed(o.Flavour) == nil, "flavour: %q is unknown; known are auto, %s", o.Flavour, strings.Join(Flavours(), ", "))
	add(strings.EqualFold(o.Delegates.ReadSuffix, o.Delegates.WriteSuffix), "delegates: read_suffix and write_suffix are both %q", o.Delegates.ReadSuffix)
	return errors.Join(append(errs, o.validateNames(), o.Attributes.validate())...)
}

func (o Options) validateNames() error {
	var errs []error
	for _, named := range []struct{ option, dn string }{
		{"base", o.Base}, {"people.base", o.People.Base}, {"groups.base", o.Groups.Base}, {"rooms.base", o.Rooms.Base},
		{"resources.base", o.Resources.Base}, {"delegates.base", o.Delegates.Base},
	} {
		if _, err := goldap.ParseDN(named.dn); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is no distinguished name such as ou=people,dc=example,dc=com: %w", named.option, named.dn, err))
		}
	}
	for _, named := range []struct{ option, filter string }{
		{"people.filter", o.People.Filter}, {"groups.filter", o.Groups.Filter}, {"rooms.filter", o.Rooms.Filter},
		{"resources.filter", o.Resources.Filter}, {"delegates.filter", o.Delegates.Filter},
	} {
		if named.filter == "" {
			continue
		}
		if _, err := goldap.CompileFilter(named.filter); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is no filter such as (objectClass=person): %w", named.option, named.filter, err))
		}
	}
	if !attributeName(o.Delegates.Name) {
		errs = append(errs, fmt.Errorf("delegates.name: %q is no attribute name", o.Delegates.Name))
	}
	for _, name := range o.Keep {
		if !attributeName(name) {
			errs = append(errs, fmt.Errorf("keep: %q is no attribute name", name))
		}
	}
	return errors.Join(errs...)
}

// attributeName accepts a descriptor with options or a numeric OID (RFC 4512 section 2.5).
func attributeName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.;") == ""
}
