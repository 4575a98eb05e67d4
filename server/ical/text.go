package ical

import (
	"iter"
	"strings"
)

var textEscapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// EscapeText returns the TEXT value for s (RFC 5545 section 3.3.11). Control
// characters other than tab, which no text may contain, are left out.
func EscapeText(s string) string { return strings.Map(dropControl, textEscapes.Replace(s)) }

// UnescapeText returns what a TEXT value says. Escapes that are none are kept
// as the character after the backslash.
func UnescapeText(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexByte(s, '\\') {
		b.WriteString(s[:i])
		s = s[i+1:]
		if s == "" {
			b.WriteByte('\\')
			break
		}
		if s[0] == 'n' || s[0] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(s[0])
		}
		s = s[1:]
	}
	b.WriteString(s)
	return b.String()
}

// splitText yields the parts of s between unescaped separators, still
// escaped.
func splitText(s string, sep byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := 0
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case sep:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		if s != "" {
			yield(s[start:])
		}
	}
}
