package itip

import (
	"iter"
	"strings"
	"time"

	"calport/server/ical"
)

// User is what is known about a calendar user whom this server serves.
type User struct {
	Address string // canonical: what is written into objects, mailto: or urn:x-uid:
	CN      string // "" leaves the CN as it is
	Email   string // written as EMAIL if the Address is no mailto:; may be ""
	CUType  string // "" or INDIVIDUAL writes none
}

// Context is what the functions of this package cannot find out by themselves.
type Context struct {
	// Now is the time of what happens.
	Now time.Time
	// Me says whether an address is one of the owner of the copy that is
	// written or delivered to.
	Me func(address string) bool
	// Lookup returns the user behind an address, or false if this server does
	// not serve it. Nil serves nobody.
	Lookup func(address string) (User, bool)
	// Zone is where the owner's floating times and dates are; nil is UTC.
	Zone *time.Location
	// Stale says that the client wrote over a version it had not seen: its
	// Schedule-Tag matched, the ETag did not (RFC 6638 section 3.2.10).
	Stale bool
	// ProdID of the messages; "" is that of calport.
	ProdID string
}

func (x *Context) me(address string) bool { return x.Me != nil && x.Me(address) }

func (x *Context) lookup(address string) (User, bool) {
	if x.Lookup == nil {
		return User{}, false
	}
	return x.Lookup(address)
}

// canonical returns the form of an address that is compared: that of the
// directory if it is known there.
func (x *Context) canonical(address string) string {
	if u, ok := x.lookup(address); ok {
		return key(u.Address)
	}
	return key(address)
}

// key returns an address in the form in which equal ones are equal. The
// schemes that occur, mailto: and urn:, name the same thing in any letter case
// here.
func key(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// timed yields the components that are scheduled: those that are no time
// zone.
func timed(cal *ical.Component) iter.Seq[*ical.Component] {
	return func(yield func(*ical.Component) bool) {
		if cal == nil {
			return
		}
		for _, c := range cal.Components {
			if c.Name != "VTIMEZONE" && !yield(c) {
				return
			}
		}
	}
}
