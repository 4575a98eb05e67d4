package caldav

import (
	"fmt"
	"time"
)

// Limits bound what clients may store and ask. A zero field means its default. Those that RFC 4791 section 5.2 has
// properties for are told to clients by them, and all are enforced.
type Limits struct {
	ResourceSize int64 // bytes of a calendar object; 1 MiB by default
	Instances    int   // of one recurrence set with an end, and of one expansion; 3,000 by default
	Attendees    int   // of one instance, a group with all its members being one; 100 by default

	// ObjectAttendees is the number of all attendees of an object: those of every instance that is described apart, and
	// the members of groups; 5,000 by default.
	ObjectAttendees int

	Collections int // of one home; 50 by default

	BulkResources int   // objects in one bulk request; 100 by default
	BulkBytes     int64 // bytes of one; 10 MiB by default

	BusyRecipients int // of one request for free and busy time; 30 by default

	InboxAge time.Duration // of what is in an inbox, before it is removed; 14 days by default
	LogAge   time.Duration // of what the record of invitations tells; 90 days by default

	MinDate, MaxDate time.Time // earliest start and latest end; the years 1583 and 9999 by default

	AttachmentQuota int64 // bytes of all attachments of a home; 100 MiB by default

	PropertySize int   // bytes of the XML of one property; 64 KiB by default
	Properties   int   // number of properties on one resource: everybody's, and of each viewer his own; 200 by default
	RequestXML   int64 // bytes of an XML body; 4 MiB by default
	SearchHits   int   // of one search for people; 500 by default
}

func (l Limits) withDefaults() (Limits, error) {
	for _, n := range []struct {
		value *int64
		is    int64
		name  string
	}{
		{&l.ResourceSize, 1 << 20, "ResourceSize"},
		{&l.AttachmentQuota, 100 << 20, "AttachmentQuota"},
		{&l.RequestXML, 4 << 20, "RequestXML"},
		{&l.BulkBytes, 10 << 20, "BulkBytes"},
	} {
		if err := setDefault(n.value, n.is, n.name); err != nil {
			return l, err
		}
	}
	for _, n := range []struct {
		value *int
		is    int
		name  string
	}{
		{&l.Instances, 3000, "Instances"},
		{&l.Attendees, 100, "Attendees"},
		{&l.ObjectAttendees, 5000, "ObjectAttendees"},
		{&l.Collections, 50, "Collections"},
		{&l.BulkResources, 100, "BulkResources"},
		{&l.BusyRecipients, 30, "BusyRecipients"},
		{&l.PropertySize, 64 << 10, "PropertySize"},
		{&l.Properties, 200, "Properties"},
		{&l.SearchHits, 500, "SearchHits"},
	} {
		if err := setDefault(n.value, n.is, n.name); err != nil {
			return l, err
		}
	}
	if l.MinDate.IsZero() {
		l.MinDate = time.Date(1583, 1, 1, 0, 0, 0, 0, time.UTC) // the first year of the calendar that RFC 5545 uses
	}
	if l.MaxDate.IsZero() {
		l.MaxDate = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) // the last year that RFC 5545 can write
	}
	if !l.MinDate.Before(l.MaxDate) {
		return l, fmt.Errorf("caldav: MinDate %v is not before MaxDate %v", l.MinDate, l.MaxDate)
	}
	return l, nil
}

func setDefault[N int | int64](value *N, is N, name string) error {
	if *value < 0 {
		return fmt.Errorf("caldav: limit %s is %d; it must be positive, or 0 for %d", name, *value, is)
	}
	if *value == 0 {
		*value = is
	}
	return nil
}
