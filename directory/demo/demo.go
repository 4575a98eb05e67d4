// Package demo is a sample organisation served by a real LDAPv3 server inside the process, on loopback: what calport
// shows to somebody who has no directory at hand, and what tests use instead of a mock of LDAP.
//
// The server reads (RFC 4511): bind, search with every kind of filter, compare, abandon, unbind and "Who am I?"
// (RFC 4532), paged results (RFC 2696). It changes nothing for a client, has no TLS and no schema subentry, and knows
// neither calport's configuration nor package directory/ldap, which reads it like any other server.
//
// Week writes what the sample people have in their calendars. Storing it is the caller's business.
//
// Invariants: the same organisation with the same stable ids at every start; no password ever leaves the server; no
// sequence of bytes from a client ends the process or takes more than a bounded share of its memory.
package demo

// Where things are in the sample directory.
const (
	BaseDN      = "dc=example,dc=org"
	PeopleDN    = "ou=people," + BaseDN
	GroupsDN    = "ou=groups," + BaseDN
	RoomsDN     = "ou=rooms," + BaseDN
	ResourcesDN = "ou=resources," + BaseDN
	DelegatesDN = "ou=delegates," + BaseDN // groups named SHORTNAME-read and SHORTNAME-write
	servicesDN  = "ou=services," + BaseDN
)

// How to read it, beyond what every directory of RFC 2798 has in common: filters, and sources in the manner of
// package directory/ldap, the key=value lines of an attribute.
const (
	Flavour         = "openldap"
	RoomFilter      = "(objectClass=room)"
	ResourceFilter  = "(objectClass=device)"
	AutoSchedule    = "description:auto-schedule-mode"
	AutoAcceptGroup = "description:auto-accept-group"
	Capacity        = "description:capacity"
)

// Who is in it.
const (
	// ReaderDN is an account that may only read. Anonymous clients may read as well.
	ReaderDN = "cn=reader," + servicesDN

	// Password is everybody's password, the reader's included.
	Password = "calport"

	// Domain is the mail domain of the sample organisation, one of those reserved by RFC 2606.
	Domain = "example.org"

	// AdminGroup is the short name of the group of administrators; its one member is the person of short name Admin.
	AdminGroup = "admins"
	Admin      = "admin"
	// Everybody is the short name of the group that, through other groups, has everybody.
	Everybody = "everybody"
)
