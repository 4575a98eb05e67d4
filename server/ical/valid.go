package ical

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// CheckError says which part of a calendar is wrong. Its Err is one of
// [ErrData], [ErrObject], [ErrComponent] and [ErrTimezone].
type CheckError struct {
	Err       error
	Component string // name
	Property  string // name, or ""
	Msg       string
}

func (e *CheckError) Error() string {
	place := e.Component
	if e.Property != "" {
		place += " " + e.Property
	}
	return fmt.Sprintf("%s: %s: %s", e.Err, place, e.Msg)
}

func (e *CheckError) Unwrap() error { return e.Err }

// objectKinds are the components that an object may consist of.
var objectKinds = []string{"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"}

// Check says whether a calendar can be kept as a calendar object resource:
// whether it obeys RFC 4791 section 4.1 and those demands of RFC 5545 without
// which it could not be computed with or handed out. The error is a
// *[CheckError].
//
// Much that RFC 5545 forbids is accepted, because clients send it: missing
// VERSION, PRODID or DTSTAMP, DTEND beside DURATION, an end before the start,
// values of other types than their property's, most errors in alarms and in
// time zones that are known anyway. Whether every RECURRENCE-ID
// belongs to an instance, [Object.StrayOverrides] says.
func Check(cal *Component) error {
	if err := checkCalendar(cal); err != nil {
		return err
	}
	if err := checkTree(cal); err != nil {
		return err
	}
	if err := checkObject(cal); err != nil {
		return err
	}
	if err := checkZones(cal); err != nil {
		return err
	}
	return checkInstances(cal)
}

func checkCalendar(cal *Component) error {
	fail := func(err error, prop, msg string) error { return &CheckError{err, cal.Name, prop, msg} }
	if cal.Name != "VCALENDAR" {
		return fail(ErrData, "", "not a VCALENDAR")
	}
	if v := cal.Prop("VERSION"); v != nil && strings.TrimSpace(v.Value()) != "2.0" {
		return fail(ErrData, "VERSION", fmt.Sprintf("%q where 2.0 should be", v.Value()))
	}
	if v := cal.Prop("CALSCALE"); v != nil && !strings.EqualFold(strings.TrimSpace(v.Value()), "GREGORIAN") {
		return fail(ErrData, "CALSCALE", fmt.Sprintf("%q where GREGORIAN should be", v.Value()))
	}
	if cal.Prop("METHOD") != nil {
		return fail(ErrObject, "METHOD", "must not be in a stored object")
	}
	return nil
}

// checkTree looks at every property by itself.
func checkTree(c *Component) error {
	for _, p := range c.Properties {
		if msg := badCharacters(p); msg != "" {
			return &CheckError{ErrData, c.Name, printable(p.Name()), msg}
		}
		if check := valueChecks[p.Name()]; check != nil && slices.Contains(objectKinds, c.Name) {
			if err := check(p); err != nil {
				return &CheckError{ErrData, c.Name, p.Name(), strings.TrimPrefix(err.Error(), ErrData.Error()+": ")}
			}
		}
	}
	for _, s := range c.Components {
		if err := checkTree(s); err != nil {
			return err
		}
	}
	return nil
}

// badCharacters names what RFC 5545 section 3.1 allows in no line, and XML in
// no CALDAV:calendar-data.
func badCharacters(p *Property) string {
	for i := range len(p.text) {
		if c := p.text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Sprintf("control character %#02x", c)
		}
	}
	if !utf8.ValidString(p.text) {
		return "not UTF-8"
	}
	return ""
}

func printable(s string) string { return strings.ToValidUTF8(strings.Map(dropControl, s), "?") }

// valueChecks are the properties whose values must be right: those that are
// computed with, and texts, whose escapes RFC 5545 section 3.3.11 limits.
var valueChecks = map[string]func(*Property) error{
	"DTSTART":       checkTime,
	"DTEND":         checkTime,
	"DUE":           checkTime,
	"RECURRENCE-ID": checkTime,
	"DURATION":      func(p *Property) error { _, err := p.Duration(); return err },
	"RRULE":         checkRule,
	"EXRULE":        checkRule,
	"RDATE":         checkTimes,
	"EXDATE":        checkTimes,

	"CATEGORIES":  checkText,
	"COMMENT":     checkText,
	"CONTACT":     checkText,
	"DESCRIPTION": checkText,
	"LOCATION":    checkText,
	"RESOURCES":   checkText,
	"SUMMARY":     checkText,
}

func checkTime(p *Property) error { _, err := p.Time(); return err }

func checkRule(p *Property) error { _, err := p.Rule(); return err }

func checkTimes(p *Property) error {
	if strings.TrimSpace(p.Value()) == "" {
		return nil // written by clients that took the last date out
	}
	_, err := p.Times()
	return err
}

func checkText(p *Property) error {
	for rest := p.Value(); ; {
		i := strings.IndexByte(rest, '\\')
		if i < 0 {
			return nil
		}
		if i+1 == len(rest) || !strings.ContainsRune(`\;,nN`, rune(rest[i+1])) {
			return fmt.Errorf("%w: %q is no escape", ErrData, rest[i:min(i+2, len(rest))])
		}
		rest = rest[i+2:]
	}
}

// checkObject applies RFC 4791 section 4.1: one kind of component, one UID.
func checkObject(cal *Component) error {
	var first *Component
	for _, c := range cal.Components {
		if !c.timed() {
			continue
		}
		fail := func(err error, prop, msg string) error { return &CheckError{err, c.Name, prop, msg} }
		uid := c.Prop("UID")
		switch {
		case first == nil && !slices.Contains(objectKinds, c.Name):
			return fail(ErrComponent, "", "cannot be stored")
		case first != nil && c.Name != first.Name:
			return fail(ErrObject, "", "beside "+first.Name)
		case strings.TrimSpace(uid.Value()) == "":
			return fail(ErrObject, "UID", "missing")
		case first != nil && uid.Value() != first.Value("UID"):
			return fail(ErrObject, "UID", fmt.Sprintf("%q beside %q", uid.Value(), first.Value("UID")))
		case c.Name == "VEVENT" && c.Prop("DTSTART") == nil:
			return fail(ErrData, "DTSTART", "missing")
		}
		for _, name := range single {
			if count(c, name) > 1 {
				return fail(ErrData, name, "more than once")
			}
		}
		if first == nil {
			first = c
		}
	}
	if first == nil {
		return &CheckError{ErrObject, cal.Name, "", "has no event, task, journal entry or free-busy information"}
	}
	return nil
}

// single are the properties whose repetition would make the meaning unclear.
var single = []string{"UID", "DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID"}

func count(c *Component, name string) int {
	n := 0
	for range c.Props(name) {
		n++
	}
	return n
}

// checkZones looks for times in zones that nobody knows (RFC 4791 section 4.1,
// relaxed by RFC 7809 section 3.1.3.1 for zones that are known by name).
func checkZones(cal *Component) error {
	zones := NewZones(cal, nil)
	for _, c := range cal.Components {
		if !c.timed() {
			continue
		}
		for _, p := range c.Properties {
			tzid := p.Param("TZID")
			if tzid == "" || strings.HasPrefix(p.Name(), "X-") {
				continue
			}
			if t, err := p.Times(); err != nil || len(t) == 0 || t[0].form != Zoned {
				continue
			}
			if _, ok := zones.Location(tzid); ok {
				continue
			}
			if zones.definition(tzid) != nil {
				return &CheckError{ErrData, "VTIMEZONE", "TZID", fmt.Sprintf("%q has no usable STANDARD or DAYLIGHT", tzid)}
			}
			return &CheckError{ErrTimezone, c.Name, p.Name(), fmt.Sprintf("%q is not known and has no VTIMEZONE", tzid)}
		}
	}
	return nil
}

// checkInstances wants every instance described once.
func checkInstances(cal *Component) error {
	o := NewObject(cal, nil)
	seen := map[int64]bool{}
	masters := 0
	for _, c := range cal.Components {
		if c.timed() && c.Prop("RECURRENCE-ID") == nil {
			masters++
		}
	}
	if masters > 1 {
		return &CheckError{ErrObject, o.Kind(), "RECURRENCE-ID", "missing in all but one component"}
	}
	for _, v := range o.overrides {
		if seen[v.at] {
			return &CheckError{ErrObject, o.Kind(), "RECURRENCE-ID", fmt.Sprintf("%s twice", v.id)}
		}
		seen[v.at] = true
	}
	return nil
}
