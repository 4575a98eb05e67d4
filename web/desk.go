package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"calport/directory"
)

// Desk is what a person does with calendars here without a calendar program. Whatever is changed goes the way of a calendar
// program's requests: the same rights, and the same notice to programs and people.
//
// An error that is for the person has StatusCode, the HTTP status of the like request of a program: 403 that it is not
// theirs to do, 404 that it is not there, 409 that it is under way, 507 that there is no room; and Explanation, a sentence
// in English, which may be empty.
type Desk interface {
	// Calendars lists the person's own calendars and subscriptions in their order.
	Calendars(ctx context.Context) ([]Calendar, error)
	// MakeCalendar makes one and answers its name.
	MakeCalendar(ctx context.Context, n NewCalendar) (name string, err error)
	// ChangeCalendar gives one another title and colour.
	ChangeCalendar(ctx context.Context, name, title, color string) error
	// DeleteCalendar deletes one, so that RestoreCalendar can bring it back. Who is concerned by its meetings is told some
	// minutes later.
	DeleteCalendar(ctx context.Context, name string) error
	// DeletedCalendars lists what can be brought back, the last first.
	DeletedCalendars(ctx context.Context) ([]DeletedCalendar, error)
	RestoreCalendar(ctx context.Context, id int64) (Restored, error)
	EraseCalendar(ctx context.Context, id int64) error
	// Download answers with one as an iCalendar file.
	Download(w http.ResponseWriter, r *http.Request, name string)

	// Import stores the objects of a file; it is an error of status 400 if it is none. LastImport tells how far it is, and
	// how the last one went; nil: there was none.
	Import(ctx context.Context, f ImportFile) error
	LastImport(ctx context.Context) (*ImportReport, error)

	// BusyLink is the path of the page that tells whoever knows it when the person is busy; empty: there is none.
	BusyLink(ctx context.Context) (string, error)
	// SetBusyLink makes a new one in place of the one before, or takes it away.
	SetBusyLink(ctx context.Context, on bool) error

	// Delegates lists who may act for a principal, if the person may say so.
	Delegates(ctx context.Context, whose *directory.Principal) ([]Delegate, error)
	AddDelegate(ctx context.Context, whose, who *directory.Principal, write bool) error
	RemoveDelegate(ctx context.Context, whose *directory.Principal, guid string) error
	// Delegators lists for whom the person may act.
	Delegators() (read, write []*directory.Principal)
	// Finds is whom the person may find by searching, as of now, for one search.
	Finds() func(*directory.Principal) bool

	// Places lists the rooms and resources that the person keeps.
	Places() []*directory.Principal
	// PlaceOf is a room or resource as it answers: as the directory has it, and what was set over that.
	PlaceOf(whose *directory.Principal) directory.Place
	// SetPlace changes how it answers, and leaves the deed in the record.
	SetPlace(ctx context.Context, whose *directory.Principal, to PlaceSettings, by Deed) error
	// Bookings lists what is in a room's calendars in a time; more says that there are others beyond.
	Bookings(ctx context.Context, whose *directory.Principal, from, to time.Time) (all []Booking, more bool, err error)
}

// Calendar is a calendar or subscription.
type Calendar struct {
	Name      string // its path segment, decoded
	Title     string // may be empty
	Color     string // as clients write it, such as #1D9BF6FF; may be empty
	Component string // VEVENT, VTODO or VJOURNAL; "" is a subscription
	Source    string // of a subscription: where programs fetch it
	Objects   int    // in it
	Default   bool   // new invitations, or tasks, go there
}

// NewCalendar is a calendar to be made, or a subscription if it has a Source.
type NewCalendar struct{ Title, Color, Component, Source string }

// DeletedCalendar is one that can be brought back.
type DeletedCalendar struct {
	ID        int64
	Title     string
	Color     string
	Component string // "" is a subscription
	Objects   int
	At        time.Time // when it was deleted
	Until     time.Time // when it will be erased
	Told      bool      // others have been told that its meetings are off
}

// Restored is what became of a calendar that was brought back.
type Restored struct {
	Name    string
	Moved   bool // it has another address than before
	Left    int  // objects left out: they are in another calendar by now, or their meetings are no more
	Invited int  // meetings of which others have heard anew
}

// ImportFile is a file with calendar data.
type ImportFile struct {
	File     string // its name
	Data     []byte
	Calendar string // where to; empty: new ones
	Title    string // of new ones, if the file does not say
	Color    string // of new ones
}

// ImportReport is how far an import has come. An object is all that has one UID.
type ImportReport struct {
	File      string
	Calendars []string // titles of those written to
	Objects   int
	Done      int
	Created   int
	Updated   int
	Same      int
	Skipped   int
	Why       []SkippedObject // of the first that were skipped
	Started   time.Time
	At        time.Time // of the last step
	Finished  bool
	Failed    bool // it ended early
}

// SkippedObject is an object that was not imported.
type SkippedObject struct {
	Summary string
	Start   string // as the file has it
	Reason  string // elsewhere, meeting, newer, component, too-large or invalid
	Detail  string // which calendar or component, or what is wrong
}

// Delegate is somebody, or a group, who may act for somebody.
type Delegate struct {
	Who   *directory.Principal
	Write bool
	Fixed bool // the directory says so: it cannot be taken away here
}

// PlaceSettings is what is set of a room or resource over the directory.
type PlaceSettings struct {
	AutoSchedule    string  // a mode by its name; empty: the directory's
	AutoAcceptGroup *string // GUID of a group, empty for none; nil: the directory's
}

// Booking is one time at which a room is wanted.
type Booking struct {
	Start, End time.Time
	AllDay     bool
	Summary    string // empty where it is not public
	Private    bool
	Organizer  string // may be empty
	Answer     string // a PARTSTAT; empty where the room was not asked
}

// desk is the visitor's, if the calendar server is for them.
func (s *site) desk(r *http.Request) (Desk, error) {
	v := visitorOf(r.Context())
	if s.o.Desk == nil {
		return nil, noSuchPath
	}
	if !s.mayServe(v) {
		return nil, &problem{Status: http.StatusForbidden, Title: "This account may not use the calendar server", Reason: "not-allowed",
			Detail: "So there are no calendars of yours here. Ask your administrator to let you in."}
	}
	return s.o.Desk(v.person), nil
}

// explained is an error of a Desk that is for the person.
type explained interface {
	error
	StatusCode() int
	Explanation() string
}

// deskProblem says in words what a Desk refused; any other error stays what it is.
func deskProblem(err error) error {
	var e explained
	if !errors.As(err, &e) {
		return err
	}
	if p, known := deskProblems[e.StatusCode()]; known {
		return p
	}
	return err
}

// What a Desk refuses.
var (
	gone = &problem{Status: http.StatusNotFound, Title: "It is not there any more", Reason: "gone",
		Detail: "Somebody, or another device of yours, may have deleted or changed it meanwhile. Go back and load the page anew."}
	notYours = &problem{Status: http.StatusForbidden, Title: "This is not yours to change", Reason: "not-yours",
		Detail: "The calendar server refuses it: your account does not have this right."}
	importing = &problem{Status: http.StatusConflict, Title: "An import is under way", Reason: "importing",
		Detail: "One file at a time: wait until it has been read, then import the next one."}
	full = &problem{Status: http.StatusInsufficientStorage, Title: "There is no room for it", Reason: "full",
		Detail: "You have as many calendars as one may have here. Delete some that you no longer need."}
)

// deskProblems are they, by status.
var deskProblems = map[int]*problem{
	http.StatusForbidden:           notYours,
	http.StatusNotFound:            gone,
	http.StatusMethodNotAllowed:    gone, // something else stands there
	http.StatusConflict:            importing,
	http.StatusInsufficientStorage: full,
}
