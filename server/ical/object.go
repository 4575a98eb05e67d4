package ical

import (
	"errors"
	"iter"
	"time"
)

// ErrObject is in errors about data that is iCalendar but no calendar object
// resource (RFC 4791 section 4.1): METHOD, several UIDs or kinds of component,
// none at all. The condition is valid-calendar-object-resource.
var ErrObject = errors.New("not a calendar object resource")

// ErrComponent is in errors about an object that consists of components that
// no calendar holds. The condition is supported-calendar-component.
var ErrComponent = errors.New("unsupported calendar component")

// ErrInstances is returned when an object has more instances than allowed.
var ErrInstances = errors.New("too many recurrence instances")

// Range is a stretch of time from Start until before End. A zero Start or End
// leaves that side open.
type Range struct{ Start, End time.Time }

// Instance is one occurrence.
type Instance struct {
	Start, End   time.Time  // in the location of the start; End == Start if it has no length
	RecurrenceID Time       // zero if the object does not recur
	Component    *Component // where it is described: the master or an override
}

// Object is a calendar object resource read for its times. It is not safe for
// concurrent use; the calendar must not be changed under it.
type Object struct {
	cal *Component
}

// NewObject reads the times of a calendar. Floating times and dates are taken
// to be in the given location, UTC if nil.
func NewObject(cal *Component, floating *time.Location) *Object { return &Object{cal: cal} }

func (o *Object) Calendar() *Component    { return o.cal }
func (o *Object) Zones() *Zones           { return nil }
func (o *Object) Kind() string            { return "" } // VEVENT, VTODO …
func (o *Object) UID() string             { return "" }
func (o *Object) Master() *Component      { return nil } // nil if there are only overrides
func (o *Object) Overrides() []*Component { return nil }
func (o *Object) Recurring() bool         { return false }

// Instances yields the instances that overlap r, in order of their start.
func (o *Object) Instances(r Range) iter.Seq[Instance] { return nil }

// StrayOverrides returns the overrides whose RECURRENCE-ID is no instance of the master.
func (o *Object) StrayOverrides() []*Component { return nil }

// Overlaps says whether the component c of the object (master, override or
// the only one; VEVENT, VTODO, VJOURNAL, VFREEBUSY, VAVAILABILITY) overlaps r by the tables of RFC 4791
// section 9.9. The instances of a master are those without overrides.
func (o *Object) Overlaps(c *Component, r Range) bool { return false }

// OverlapsAlarm says whether the VALARM of the component parent goes off in r.
func (o *Object) OverlapsAlarm(parent, alarm *Component, r Range) bool { return false }

// OverlapsProperty says whether the date of a property such as CREATED lies in r.
func (o *Object) OverlapsProperty(p *Property, r Range) bool { return false }

// Expand returns the object with every instance that overlaps r as a component of its
// own, in UTC (RFC 4791 section 9.6.5). More than limit instances are ErrInstances; 0 means no limit.
func (o *Object) Expand(r Range, limit int) (*Component, error) { return nil, nil }

// LimitRecurrence returns the object without the overrides that do not matter in r (RFC 4791 section 9.6.6).
func (o *Object) LimitRecurrence(r Range) *Component { return nil }

// LimitFreeBusy returns the object with only those FREEBUSY periods that overlap r (RFC 4791 section 9.6.7).
func (o *Object) LimitFreeBusy(r Range) *Component { return nil }

// Selection says which parts of a component are wanted (RFC 4791 section 9.6.1).
type Selection struct {
	Name       string // of the component
	AllProps   bool
	Props      []SelectedProp
	AllComps   bool
	Components []Selection
}

// SelectedProp is a wanted property.
type SelectedProp struct {
	Name    string
	NoValue bool // only name and parameters
}

// Select returns the parts of the component that are wanted; nil if its name is another.
func Select(c *Component, s Selection) *Component { return nil }

// FBType is a FBTYPE (RFC 5545 section 3.2.9).
type FBType string

// The kinds of busy time.
const (
	Free            FBType = "FREE"
	Busy            FBType = "BUSY"
	BusyUnavailable FBType = "BUSY-UNAVAILABLE"
	BusyTentative   FBType = "BUSY-TENTATIVE"
)

// BusyPeriod is a stretch of time that an object takes.
type BusyPeriod struct {
	Start, End time.Time // UTC
	Type       FBType
}

// Busy yields the times in r that the object takes from its owner (RFC 4791 section 7.10), clipped to r.
func (o *Object) Busy(r Range) iter.Seq[BusyPeriod] { return nil }

// Facts are what an index keeps of an object.
type Facts struct {
	UID       string
	Component string // VEVENT, VTODO, VJOURNAL, VFREEBUSY or VAVAILABILITY
	Organizer string // value of the ORGANIZER
	Recurring bool   // has more than one instance or an override
	HasAlarms bool
	// Every instance lies from FirstStart until LastEnd, Unix seconds, whatever zone
	// floating times are taken in.
	FirstStart int64 // MinInt64 if there is no start
	LastEnd    int64 // MaxInt64 if there is no end
}

// Facts returns the facts of the object.
func (o *Object) Facts() Facts { return Facts{} }

// Check says what is wrong with a calendar as a calendar object resource. The error is ErrData, ErrObject, ErrComponent or ErrTimezone.
func Check(cal *Component) error { return nil }
