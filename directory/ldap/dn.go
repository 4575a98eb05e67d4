package ldap

import (
	"strings"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// dnKey brings a DN into the form in which DNs are compared here: caseless, without optional spaces and escapes
// (RFC 4514). Servers write the same DN alike nearly always, so the common case does not parse.
func dnKey(dn string) string {
	if i := strings.LastIndex(dn, "#'"); i > 0 && strings.HasSuffix(dn, "'B") {
		dn = dn[:i] // the optional UID of uniqueMember (RFC 4517 section 3.3.21)
	}
	if strings.ContainsAny(dn, `\"+; #`) {
		if parsed, err := goldap.ParseDN(dn); err == nil {
			dn = parsed.String()
		}
	}
	return directory.Fold(dn)
}

// within reports whether the entry with one key is at or below the one with the other.
func within(key, base string) bool {
	return base == "" || key == base || strings.HasSuffix(key, ","+base)
}
