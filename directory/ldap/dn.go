package ldap

import (
	"slices"
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
	plain := !strings.ContainsAny(dn, `\"+;#`)
	for _, spaced := range [...]string{", ", " ,", "= ", " ="} {
		plain = plain && !strings.Contains(dn, spaced)
	}
	if !plain {
		if parsed, err := goldap.ParseDN(dn); err == nil {
			dn = canonical(parsed)
		}
	}
	return directory.Fold(dn)
}

// keyEscaper writes what would be taken for structure.
var keyEscaper = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `+`, `\+`)

func canonical(dn *goldap.DN) string {
	rdns := make([]string, len(dn.RDNs))
	for i, rdn := range dn.RDNs {
		parts := make([]string, len(rdn.Attributes))
		for j, a := range rdn.Attributes {
			parts[j] = a.Type + "=" + keyEscaper.Replace(a.Value)
		}
		slices.Sort(parts) // the parts of an RDN are a set
		rdns[i] = strings.Join(parts, "+")
	}
	return strings.Join(rdns, ",")
}

// within reports whether the entry with one key is at or below the one with the other.
func within(key, base string) bool {
	return base == "" || key == base || strings.HasSuffix(key, ","+base)
}
