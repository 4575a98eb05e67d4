package ical

import "errors"

// ErrData is in every error that makes data no valid iCalendar. RFC 4791
// section 5.3.2.1 calls the condition valid-calendar-data.
var ErrData = errors.New("invalid calendar data")

// ErrObject is in errors about data that is iCalendar but no calendar object
// resource (RFC 4791 section 4.1): METHOD, several UIDs or kinds of component,
// none at all. The condition is valid-calendar-object-resource.
var ErrObject = errors.New("not a calendar object resource")

// ErrComponent is in errors about an object that consists of components that
// no calendar holds. The condition is supported-calendar-component.
var ErrComponent = errors.New("unsupported calendar component")

// ErrTimezone is in errors about a TZID that names no known zone and has no
// VTIMEZONE. RFC 7809 section 3.1.3.1 calls the condition valid-timezone.
var ErrTimezone = errors.New("unknown time zone")

// ErrInstances is in errors about an object with more instances than the
// caller allows.
var ErrInstances = errors.New("too many recurrence instances")
