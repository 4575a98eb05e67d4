package web

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// attachment is a Content-Disposition that names a file twice (RFC 6266 section 4.3): for old clients with nothing but
// ASCII that needs no escape, and for the others as it is. Whatever could end the header or name a folder is "_".
func attachment(name string) string {
	name = strings.Map(harmless, name)
	return `attachment; filename="` + strings.Map(ascii, name) + `"; filename*=UTF-8''` + extValue(name)
}

// harmless replaces what no file name should have, on any system.
func harmless(r rune) rune {
	if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`/\:*?"<>|`, r) {
		return '_'
	}
	return r
}

// ascii replaces what the plain parameter cannot hold, and "%", which some clients take for an escape (RFC 6266
// appendix D).
func ascii(r rune) rune {
	if r > '~' || r == '%' {
		return '_'
	}
	return r
}

// extValue encodes a name as RFC 8187 section 3.2.1 says.
func extValue(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("!#$&+-.^_`|~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
