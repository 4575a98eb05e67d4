package ldap

import (
	"encoding/json"
	"time"
)

// WithServerCookie puts another cookie of the server into one of ours.
func WithServerCookie(cookie, server []byte) ([]byte, error) {
	var p position
	err := json.Unmarshal(cookie, &p)
	for key := range p.Cookies {
		p.Cookies[key] = server
	}
	return p.cookie(), err
}

// SetNow sets the clock by which the states of accounts are told.
func (d *Directory) SetNow(now func() time.Time) { d.now = now }
