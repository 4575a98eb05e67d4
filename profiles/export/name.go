package export

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"calport/directory"
)

// unsignedExtension is how the name of an unsigned profile's file ends.
const unsignedExtension = ".unsigned.mobileconfig"

// maxName is the longest short name, in bytes, that a file name holds; common file systems take 255 in all.
const maxName = 120

// FileName is the name of a person's file without extension: the short name and the first eight characters of the
// GUID. Characters that are no letters, digits or marks, but for "-", "_", "." and "@" inside, are percent-encoded, so
// that different short names stay different; a short name too long to hold is cut, and the whole GUID follows it.
func FileName(p *directory.Principal) string {
	name, guid := encodeName(p.ShortName), strings.Map(guidCharacter, p.GUID)
	if len(name) > maxName {
		name = cut(name)
		return name + "_" + guid
	}
	return name + "_" + guid[:min(8, len(guid))]
}

// guidCharacter makes the GUID's letters lower case and leaves out what is neither letter, digit nor hyphen.
func guidCharacter(r rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
		return r
	}
	return -1
}

func encodeName(s string) string {
	var b strings.Builder
	for at, r := range s {
		_, size := utf8.DecodeRuneInString(s[at:])
		plain := unicode.In(r, unicode.L, unicode.M, unicode.Nd) || r == '_' || at > 0 && strings.ContainsRune("-.@", r)
		if plain && (r != utf8.RuneError || size > 1) {
			b.WriteRune(r)
			continue
		}
		for _, octet := range []byte(s[at : at+size]) {
			fmt.Fprintf(&b, "%%%02X", octet)
		}
	}
	return b.String()
}

// cut shortens an encoded name without breaking a character or an escape.
func cut(name string) string {
	name = name[:maxName]
	for !utf8.ValidString(name) {
		name = name[:len(name)-1]
	}
	if at := strings.LastIndexByte(name, '%'); at >= 0 && at > len(name)-3 {
		name = name[:at]
	}
	return name
}
