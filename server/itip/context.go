package itip

import (
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
	Alias   string // an address that tells nothing of the user
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
	// Hidden says of an address that Lookup serves whether the owner may not know
	// whose it is: of that user nothing is written but what the owner wrote, and
	// an Alias for what is no mail address. Nil hides nobody.
	Hidden func(address string) bool
	// Members returns whom a group invites, members of groups in it too, each
	// once and in an order that stays; false if the address is no group that
	// the organizer may invite. Nil knows no groups.
	Members func(address string) ([]User, bool)
	// MaxAttendees bounds the ATTENDEEs in all components of an object that
	// invites groups, with their members; 0 is no bound.
	MaxAttendees int
	// Zone is where the owner's floating times and dates are; nil is UTC.
	Zone *time.Location
	// Stale says that the client may have written over a version that it had
	// not seen: its Schedule-Tag matched, which does not change when others
	// answer (RFC 6638 section 3.2.10). What was answered in between is kept.
	Stale bool
	// Auto says that the owner answers by itself, as rooms do: what is
	// cancelled is removed and not kept for reading.
	Auto bool
	// ProdID of the messages; "" is that of calport.
	ProdID string
}

// call is the context of one call, with what was looked up in it.
type call struct {
	Context
	known  map[string]*User
	groups map[string]group                              // by address
	lines  map[*ical.Component]map[string]*ical.Property // attendees by key
	crowd  map[*ical.Component]*ical.Component           // what everybody sees of a crowded component
}

func newCall(x Context) *call {
	return &call{
		Context: x, known: map[string]*User{}, groups: map[string]group{},
		lines: map[*ical.Component]map[string]*ical.Property{}, crowd: map[*ical.Component]*ical.Component{},
	}
}

func (x *call) me(address string) bool { return x.Me != nil && x.Me(address) }

// user returns who is behind an address, nil if this server does not serve it.
func (x *call) user(address string) *User {
	if x.Lookup == nil {
		return nil
	}
	if u, ok := x.known[address]; ok {
		return u
	}
	var found *User
	if u, ok := x.Lookup(address); ok && u.Address != "" {
		found = &u
	}
	x.known[address] = found
	return found
}

// address returns the canonical form of an address where it is known.
func (x *call) address(address string) string {
	if u := x.user(address); u != nil {
		return u.Address
	}
	return address
}

// key returns the form in which the addresses of one user are equal.
func (x *call) key(address string) string { return key(x.address(address)) }

func (x *call) same(a, b string) bool { return x.key(a) == x.key(b) }

// stamp is the time as a DATE-TIME in UTC.
func (x *call) stamp() string { return ical.UTCOf(x.Now).String() }

// key returns an address in the form in which equal ones are equal. The
// schemes that occur, mailto: and urn:, name the same thing in any letter case
// here.
func key(address string) string { return strings.ToLower(strings.TrimSpace(address)) }
