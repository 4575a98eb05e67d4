package caldav

import (
	"errors"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// This file is Apple's caldav-privateevents: by X-CALENDARSERVER-ACCESS an owner keeps events from those who read his
// calendars. What is kept from whom is decided where resources are found and rows are made; nothing else may hand out
// calendar data.

// The preconditions of caldav-privateevents section 4.2.6.
var (
	validAccessRestriction       = dav.Name{Space: dav.CalendarServer, Local: "valid-access-restriction"}
	validAccessRestrictionChange = dav.Name{Space: dav.CalendarServer, Local: "valid-access-restriction-change"}
)

// isOwners says whether the visitor sees all of what is in somebody's calendars.
func (r *resource) isOwners() bool { return r.role >= owner }

// accessTo finds out how much of an object the visitor sees.
func (r *resource) accessTo(from source) (err error) {
	if r.kind != object || r.item == nil || r.isOwners() {
		return nil
	}
	r.access, err = from.access(r.collection, r.item.Name)
	return err
}

// restrictedIn lists the objects of a collection of which the visitor does not see all.
func (r *resource) restrictedIn(tx *store.Tx) (map[string]ical.Access, error) {
	if r.isOwners() || r.kind != calendar {
		return nil, nil
	}
	found, err := tx.Restricted(r.collection.ID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	all := make(map[string]ical.Access, len(found))
	for name, access := range found {
		all[name] = ical.Access(access)
	}
	return all, nil
}

// hidden says whether the visitor must not know of the object.
func (r *resource) hidden() bool { return r.access == ical.Private }

// seen is what the visitor sees of an object's data. What cannot be parsed he does not see, if it is restricted at all.
func seen(data []byte, access ical.Access) []byte {
	if access == ical.Public {
		return data
	}
	calendar, err := ical.Parse(data)
	if err != nil {
		return nil
	}
	if calendar = ical.Seen(calendar, access); calendar == nil {
		return nil
	}
	return calendar.Bytes()
}

// mayRestrict refuses who is not the owner and would lock himself out.
func (r *resource) mayRestrict(data *calendarData) error {
	if data.facts.Access == ical.Public || r.isOwners() {
		return nil
	}
	return invalid(validAccessRestrictionChange, errors.New("only the owner of a calendar keeps events from others"))
}
