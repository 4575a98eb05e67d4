package ldap

import "encoding/json"

// WithServerCookie puts another cookie of the server into one of ours.
func WithServerCookie(cookie, server []byte) ([]byte, error) {
	var p position
	err := json.Unmarshal(cookie, &p)
	for key := range p.Cookies {
		p.Cookies[key] = server
	}
	return p.cookie(), err
}
