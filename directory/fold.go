package directory

import (
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold maps a name to the form in which names are compared: caseless and canonically composed (Unicode section 3.13,
// canonical caseless matching), so that "ZOE" with a combining diaeresis leads to the person "zoë".
func Fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			var room [64]byte
			return string(appendFold(room[:0], s))
		}
	}
	return s
}

// appendFold appends Fold(s) to dst; plain ASCII costs no allocation.
func appendFold(dst []byte, s string) []byte {
	start := len(dst)
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return append(dst[:start], norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
