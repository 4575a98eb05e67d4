package imip

import (
	"fmt"
	"net/url"
	"strings"
)

// address is a mail address.
type address struct{ local, domain string }

func splitAddress(s string) (*address, error) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 {
		return nil, fmt.Errorf("%q is no mail address", s)
	}
	return &address{s[:at], s[at+1:]}, nil
}

// with is the address with a token, as RFC 5233 has it (subaddressing).
func (a *address) with(token string) string { return a.local + "+" + token + "@" + a.domain }

// token returns the token of an address that with made; "" if it is none of ours. Some servers change the letter case.
func (a *address) token(of string) string {
	other, err := splitAddress(of)
	if err != nil || !strings.EqualFold(other.domain, a.domain) {
		return ""
	}
	local := strings.ToLower(other.local)
	token, ok := strings.CutPrefix(local, strings.ToLower(a.local)+"+")
	if !ok {
		return ""
	}
	return token
}

// mailOf is the mail address of a calendar user address; "" if it is no mailto: URI (RFC 6047 section 2.1).
func mailOf(user string) string {
	user = strings.TrimSpace(user)
	if len(user) < 7 || !strings.EqualFold(user[:7], "mailto:") {
		return ""
	}
	plain, _, _ := strings.Cut(user[7:], "?")
	if decoded, err := url.PathUnescape(plain); err == nil {
		plain = decoded
	}
	if _, err := splitAddress(plain); err != nil || strings.ContainsAny(plain, " \t\r\n<>,;") {
		return ""
	}
	return plain
}

// userKey is a calendar user address in the form in which equal ones are equal.
func userKey(user string) string { return strings.ToLower(strings.TrimSpace(user)) }
