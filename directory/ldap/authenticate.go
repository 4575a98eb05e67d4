package ldap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// maxLogin bounds a login name, in bytes; an address is at most 254 long (RFC 5321 section 4.5.3.1.3).
const maxLogin = 320

// Authenticate implements directory.Directory: search, then bind.
func (d *Directory) Authenticate(ctx context.Context, login, password string) (*directory.Principal, error) {
	login = strings.TrimSpace(login)
	if password == "" || login == "" || len(login) > maxLogin || strings.ContainsRune(login, 0) || !utf8.ValidString(login) {
		return nil, directory.ErrCredentials
	}
	p, attributes, err := d.find(ctx, login)
	if err != nil {
		return nil, err
	}
	err = d.binders.with(ctx, func(c *conn) error {
		controls, err := c.bind(ctx, p.DN, password)
		if broken(err) {
			return unavailable(c.server, fmt.Sprintf("binding as %q", p.DN), err)
		}
		return d.verdict(c, p, attributes, controls, err)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// find searches the one person whom a login leads to.
func (d *Directory) find(ctx context.Context, login string) (p *directory.Principal, detail string, err error) {
	err = d.searchers.with(ctx, func(c *conn) error {
		sh, err := d.shapeOf(ctx, c)
		if err != nil {
			return err
		}
		people := sh.areas[directory.Individual]
		filter := "(&" + people.filter + sh.loginFilter(login) + ")"
		found, err := c.search(ctx, people.base, goldap.ScopeWholeSubtree, maxNamesakes, filter, sh.personAttributes(), nil)
		if goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
			return directory.ErrCredentials
		}
		if err != nil {
			return searchError(c, people.base, filter, err)
		}
		var entry *goldap.Entry
		if p, entry = d.only(sh, found.Entries, login); p == nil {
			return directory.ErrCredentials
		}
		if p.State != directory.Active {
			_, detail = sh.stateOf(entry, d.now())
		}
		return sh.refusePlace(ctx, c, entry)
	})
	return p, detail, err
}

// maxNamesakes is the number of entries that a login is looked for among: a directory may compare more loosely than
// we do (Active Directory ignores accents), so that several are found of which one has the name.
const maxNamesakes = 50

// only answers the one person among the entries whose name the login is, nil if there is none or more than one.
func (d *Directory) only(sh *shape, entries []*goldap.Entry, login string) (p *directory.Principal, entry *goldap.Entry) {
	for _, e := range entries {
		candidate := sh.person(e, d.now())
		if candidate == nil || !candidate.HasLogin(login) {
			continue
		}
		if p != nil {
			return nil, nil
		}
		p, entry = candidate, e
	}
	return p, entry
}

// loginFilter finds whoever has the name in any of the attributes that hold login names.
func (sh *shape) loginFilter(login string) string {
	var b strings.Builder
	equal := func(source, value string) {
		name, key := splitSource(source)
		if key != "" {
			value = key + "=" + value
		}
		if mailPrefixed[strings.ToLower(name)] {
			value = "smtp:" + value
		}
		fmt.Fprintf(&b, "(%s=%s)", name, goldap.EscapeFilter(value))
	}
	a := &sh.attributes
	for _, source := range slices.Concat(a.ShortName, a.Mails, a.LoginNames) {
		equal(source, login)
	}
	domain, name, ok := strings.Cut(login, `\`)
	if !ok || sh.domain == "" || !strings.EqualFold(domain, sh.domain) {
		name, domain, ok = strings.Cut(login, "@")
		ok = ok && sh.dnsDomain != "" && strings.EqualFold(domain, sh.dnsDomain)
	}
	if ok {
		equal(a.ShortName[0], name)
	}
	return "(|" + b.String() + ")"
}

// personAttributes lists what is asked for of a person.
func (sh *shape) personAttributes() []string {
	names := append(sh.attributes.needed(person), sh.keep...)
	for _, rule := range sh.flavour.state {
		names = append(names, rule.attribute)
		if rule.attribute == pwdAccountLockedTime.attribute {
			names = append(names, policySubentry)
		}
	}
	return names
}

// refusePlace answers ErrCredentials if the entry is a room or resource among the people.
func (sh *shape) refusePlace(ctx context.Context, c *conn, e *goldap.Entry) error {
	key := dnKey(e.DN)
	for _, kind := range []directory.Kind{directory.Room, directory.Resource} {
		a := sh.areas[kind]
		if a == nil || !within(key, a.key) {
			continue
		}
		found, err := c.read(ctx, e.DN, a.filter, []string{"1.1"}) // RFC 4511 section 4.5.1.8
		if err != nil {
			return err
		}
		if found != nil {
			return directory.ErrCredentials
		}
	}
	return nil
}
