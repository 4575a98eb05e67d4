package profiles

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hostName says what keeps a string from being a bare host name or address. Devices do not take a URL for it.
func hostName(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return ""
	}
	switch {
	case strings.Contains(s, "://"):
		return "it has a scheme; write the bare host name"
	case strings.ContainsAny(s, "/?#"):
		return "it has a path; write the bare host name"
	case strings.Contains(s, "@"):
		return "it has a user name; write the bare host name"
	case strings.Contains(s, ":"):
		return "it has a port; the port is a key of its own"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "it has a space"
	case len(s) > 253:
		return "it is longer than 253 characters (RFC 1035 section 2.3.4)"
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return "its labels must have 1 to 63 characters and no hyphen at either end (RFC 1123 section 2.1)"
		}
		if strings.ContainsFunc(label, notInHost) {
			return "it has a character that no host name has; write an international name in its xn-- form"
		}
	}
	return ""
}

func notInHost(r rune) bool {
	return r != '-' && r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}

// userName says what keeps a string from being a user name of Basic authentication.
func userName(s string) string {
	switch {
	case strings.Contains(s, ":"): // RFC 7617 section 2
		return "a colon ends the user name in Basic authentication; choose another user name"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "it has a control character"
	case strings.TrimSpace(s) != s:
		return "it begins or ends with a space"
	}
	return ""
}

// plainText says what keeps a string from being written in XML without loss (XML 1.0 section 2.2).
func plainText(s string) string {
	if !utf8.ValidString(s) {
		return "it is not valid UTF-8"
	}
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return "it has a control character"
		}
	}
	return ""
}
