// Package directory says who exists: people, groups, rooms and resources, as calport sees them, whatever LDAP server
// they come from.
//
// It knows neither LDAP nor CalDAV nor profiles. Package directory/ldap reads a live directory into these types; the
// Snapshot is the in-memory picture that everything else reads, so that no request waits for LDAP.
//
// Invariants: a Principal is immutable once it is in a Snapshot; its GUID is stable for life, unique among all kinds,
// and the only key under which anything is stored.
package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kind is the calendar user type of a principal (RFC 5545 section 3.2.3). Its values name the principal collections
// of Apple's URL layout too, see Collection.
type Kind uint8

// The kinds of principals.
const (
	Individual Kind = iota + 1
	Group
	Resource
	Room
)

// kinds is the one list of what is known of each Kind, in the order of the constants.
var kinds = [...]struct{ cuType, collection string }{
	Individual: {"INDIVIDUAL", "users"},
	Group:      {"GROUP", "groups"},
	Resource:   {"RESOURCE", "resources"},
	Room:       {"ROOM", "locations"},
}

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Individual, Group, Resource, Room} }

// CUType is the value of the CUTYPE parameter and of CALDAV:calendar-user-type (RFC 6638 section 2.4.2).
func (k Kind) CUType() string { return kinds[k].cuType }

// Collection is the path segment and record type that Apple's server used: users, groups, resources, locations.
func (k Kind) Collection() string { return kinds[k].collection }

func (k Kind) String() string {
	if int(k) >= len(kinds) || k == 0 {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kinds[k].cuType
}

// Principal is one person, group, room or resource.
type Principal struct {
	Kind Kind

	// GUID is the directory's stable id in canonical text form: a UUID keeps the letter case of the directory's own
	// text (entryUUID, apple-generateduid) and compares caselessly; objectGUID is written in lower case.
	GUID string

	// ShortName is the login name of a person (uid, sAMAccountName), the short name of anything else. It may change.
	ShortName string

	// FullName is what people see (displayName, else cn). FirstName and LastName may be empty.
	FullName, FirstName, LastName string

	// Mails holds bare addresses without "mailto:", the preferred one first. May be empty.
	Mails []string

	// LoginNames holds further names that lead to this person at sign-in: userPrincipalName, DOMAIN\name.
	LoginNames []string

	JobTitle, MobilePhone string

	// DN is where the live directory has this entry; only the directory itself interprets it.
	DN string

	// Members holds the GUIDs of a group's direct members, people and groups alike.
	Members []string

	// Place is set for rooms and resources only.
	Place *Place

	// Delegates are the proxies that the directory names for this principal.
	Delegates Delegates

	// State says whether a person may sign in.
	State State

	// Attributes holds what profile templates may use as %ldap:attribute%, keyed by lower-case attribute name. Only
	// the attributes that the configuration asks for are kept.
	Attributes map[string][]string
}

// Mail is the preferred address, empty if there is none.
func (p *Principal) Mail() string {
	if len(p.Mails) == 0 {
		return ""
	}
	return p.Mails[0]
}

// Place is what only rooms and resources have.
type Place struct {
	AutoSchedule AutoSchedule
	// AutoAcceptGroup is the GUID of the group whose members are always accepted; empty for none.
	AutoAcceptGroup string
	Capacity        int // seats; 0 is unknown
	Location        string
}

// AutoSchedule is how a room or resource answers invitations (Apple's auto-schedule-mode).
type AutoSchedule uint8

// The modes; the zero value is Apple's default.
const (
	Automatic AutoSchedule = iota // accept if free, decline if busy
	NoAutoSchedule
	AcceptAlways
	DeclineAlways
	AcceptIfFree
	DeclineIfBusy
)

var autoScheduleNames = [...]string{
	Automatic: "automatic", NoAutoSchedule: "none", AcceptAlways: "accept-always", DeclineAlways: "decline-always",
	AcceptIfFree: "accept-if-free", DeclineIfBusy: "decline-if-busy",
}

func (m AutoSchedule) String() string { return autoScheduleNames[m] }

// ParseAutoSchedule reads a mode by its name.
func ParseAutoSchedule(name string) (AutoSchedule, error) {
	for m, n := range autoScheduleNames {
		if n == name {
			return AutoSchedule(m), nil
		}
	}
	return 0, fmt.Errorf("auto-schedule mode %q is unknown; known are %q", name, autoScheduleNames)
}

// Delegates are GUIDs of people and groups who may read, or read and write, a principal's calendars.
type Delegates struct{ Read, Write []string }

// State is the condition of an account.
type State uint8

// The states; only Active may sign in.
const (
	Active     State = iota
	Disabled         // switched off by an administrator
	Locked           // too many wrong passwords
	Expired          // the account, or its password, has run out
	MustChange       // the password must be changed before first use
	Gone             // no longer in the directory; data is kept until purged on purpose
)

var stateNames = [...]string{"active", "disabled", "locked", "expired", "must change password", "gone"}

func (s State) String() string { return stateNames[s] }

// What a Directory answers instead of a result. They are tested with errors.Is.
var (
	// ErrNotFound: nothing of that name.
	ErrNotFound = errors.New("not in the directory")
	// ErrAmbiguous: the name leads to more than one entry.
	ErrAmbiguous = errors.New("the name leads to more than one entry of the directory")
	// ErrCredentials: the password is wrong, empty, or the person does not exist. Callers do not tell these apart.
	ErrCredentials = errors.New("wrong name or password")
	// ErrUnavailable: the directory cannot be asked now. Never answer it with 401: phones throw passwords away.
	ErrUnavailable = errors.New("the directory cannot be reached")
	// ErrIncomplete: the answer was cut short (sizeLimitExceeded, administrative limit); it must not be applied.
	ErrIncomplete = errors.New("the directory's answer is incomplete")
)

// AccountError says that the password was right, or could not be tried, but the account may not sign in.
type AccountError struct {
	State  State
	Detail string // the directory's own word, such as "AD 532: password expired"
}

func (e *AccountError) Error() string {
	return "the account may not sign in: " + e.State.String() + " (" + e.Detail + ")"
}

// Directory is a live directory. Implementations are safe for concurrent use and pass directorytest.Contract.
type Directory interface {
	// Read yields every principal once, in no particular order, with memory that does not grow with their number
	// beyond what resolving group members needs. Members that are no principals are left out.
	// Errors: ErrUnavailable, ErrIncomplete; an error from yield ends the reading and is returned as it is.
	Read(ctx context.Context, yield func(*Principal) error) error

	// Authenticate finds the one person whom login names (short name, any mail address, UPN or DOMAIN\name) and
	// checks the password by a bind as that person. It returns the person as now in the directory.
	// Errors: ErrCredentials (also for unknown and ambiguous names and for an empty password), *AccountError,
	// ErrUnavailable.
	Authenticate(ctx context.Context, login, password string) (*Principal, error)

	// Check says whether the directory answers and by which server, for health pages and calport check.
	Check(ctx context.Context) (Status, error)
}

// Status describes the server that answered.
type Status struct {
	Server  string // URL without credentials
	Vendor  string // vendorName and vendorVersion, or the flavour recognised
	Latency time.Duration
}

// HasLogin reports whether a login leads to this person: its short name, a mail address or another login name.
func (p *Principal) HasLogin(login string) bool {
	key := Fold(login)
	same := func(name string) bool { return Fold(name) == key }
	return same(p.ShortName) || slices.ContainsFunc(p.Mails, same) || slices.ContainsFunc(p.LoginNames, same)
}
