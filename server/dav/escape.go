package dav

import "unicode/utf8"

// escapes holds, per byte, what stands for it in character data: "" for itself.
// CR would be read as LF, so it is written as a reference: iCalendar text in a
// property keeps its line ends. RFC 4791 section 9.6 and XML 1.0 section 2.11.
var escapes = func() (t [utf8.RuneSelf]string) {
	for b := range 0x20 {
		t[b] = "\uFFFD" // no XML 1.0 character, not even as a reference
	}
	t['\t'], t['\n'] = "", ""
	t['\r'] = "&#13;"
	t['&'] = "&amp;"
	t['<'] = "&lt;"
	t['>'] = "&gt;"
	return t
}()

// attributeEscapes are the same within a quoted attribute value, where line ends
// and tabs would be read as spaces.
var attributeEscapes = func() [utf8.RuneSelf]string {
	t := escapes
	t['"'], t['\''] = "&quot;", "&#39;"
	t['\t'] = "&#9;"
	t['\n'] = "&#10;"
	return t
}()

// plain are the bytes that stand for themselves in any text.
var plain = func() (t [256]bool) {
	for b := range utf8.RuneSelf {
		t[b] = attributeEscapes[b] == ""
	}
	return t
}()

// appendEscaped appends text so that a reader gets it back, save that what XML
// cannot carry (control characters, broken UTF-8) becomes U+FFFD.
func appendEscaped[T string | []byte](dst []byte, text T, table *[utf8.RuneSelf]string) []byte {
	done := 0
	for i := 0; i < len(text); {
		b := text[i]
		if plain[b] {
			i++
			continue
		}
		if b < utf8.RuneSelf {
			if esc := table[b]; esc != "" {
				dst = append(dst, text[done:i]...)
				dst = append(dst, esc...)
				done = i + 1
			}
			i++
			continue
		}
		size := runeSize(text, i)
		if size == 0 {
			dst = append(dst, text[done:i]...)
			dst = append(dst, "\uFFFD"...)
			done, size = i+1, 1
			// U+FFFE and U+FFFF are three bytes of which the rest follows as broken UTF-8.
		}
		i += size
	}
	return append(dst, text[done:]...)
}

// runeSize is the length of the character at i, 0 if XML has no such character.
func runeSize[T string | []byte](text T, i int) int {
	var ahead [utf8.UTFMax]byte
	n := copy(ahead[:], text[i:min(i+utf8.UTFMax, len(text))])
	r, size := utf8.DecodeRune(ahead[:n])
	if r == utf8.RuneError && size <= 1 || r == 0xFFFE || r == 0xFFFF {
		return 0
	}
	return size
}
