package caldav

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// Getters and setters of the properties of homes, calendars, the inbox and calendar objects.

// componentSets are the sets of components that a calendar may have: exactly one. A calendar of both makes Apple's
// Calendar and Reminders quarrel over it, and of the other components nobody is told who does not ask for them.
var componentSets = [][]string{{"VEVENT"}, {"VTODO"}}

// components that a calendar may be made for: those of RFC 4791 section 4.1, and availability (RFC 7953 section 7.2).
var components = []string{"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"}

func nameAttr(name string) xml.Attr { return xml.Attr{Name: xml.Name{Local: "name"}, Value: name} }

func writeComponentSet(w *dav.Writer, components []string) {
	w.Start(dav.SupportedCalendarComponentSet)
	for _, name := range components {
		w.Empty(dav.Comp, nameAttr(name))
	}
	w.End(dav.SupportedCalendarComponentSet)
}

func getComponentSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.kind == inbox {
		writeComponentSet(w, []string{"VEVENT", "VTODO", "VFREEBUSY"})
		return nil
	}
	writeComponentSet(w, r.collection.Components)
	return nil
}

func getComponentSets(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(dav.SupportedComponentSets)
	for _, set := range componentSets {
		writeComponentSet(w, set)
	}
	w.End(dav.SupportedComponentSets)
	return nil
}

// makeComponentSet sets it while the calendar is made; later it is protected (RFC 4791 section 5.2.3).
func makeComponentSet(r *resource, value *dav.Element) error {
	var names []string
	if value != nil {
		for _, comp := range value.Children {
			if name, ok := comp.Attribute("name"); ok && comp.Name == dav.Comp && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) != 1 || !slices.Contains(components, names[0]) {
		return dav.Forbidden(dav.SupportedCalendarComponent)
	}
	r.making.Components = names
	return nil
}

func getSupportedCalendarData(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(dav.SupportedCalendarData)
	for _, media := range []string{typeICalendar, typeJCal} {
		w.Empty(dav.CalendarData,
			xml.Attr{Name: contentTypeAttr.Name, Value: media},
			xml.Attr{Name: xml.Name{Local: "version"}, Value: "2.0"})
	}
	w.End(dav.SupportedCalendarData)
	return nil
}

// getSupportedRScaleSet names the calendars in whose terms rules may be written (RFC 7529 section 6).
func getSupportedRScaleSet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(dav.SupportedRScaleSet)
	for _, name := range ical.RScales() {
		w.TextElement(dav.SupportedRScale, name)
	}
	w.End(dav.SupportedRScaleSet)
	return nil
}

func getSupportedCollationSet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(dav.SupportedCollationSet)
	for _, c := range collations {
		w.TextElement(dav.SupportedCollation, c.name)
	}
	w.End(dav.SupportedCollationSet)
	return nil
}

func getMaxResourceSize(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.MaxResourceSize, strconv.FormatInt(r.limits.ResourceSize, 10))
	return nil
}

// utcForm is a DATE-TIME in UTC (RFC 5545 section 3.3.5).
const utcForm = "20060102T150405Z"

func getMinDateTime(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.MinDateTime, r.limits.MinDate.UTC().Format(utcForm))
	return nil
}

func getMaxDateTime(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.MaxDateTime, r.limits.MaxDate.UTC().Format(utcForm))
	return nil
}

func getMaxInstances(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.MaxInstances, strconv.Itoa(r.limits.Instances))
	return nil
}

func getMaxAttendees(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.MaxAttendeesPerInstance, strconv.Itoa(r.limits.Attendees))
	return nil
}

func getScheduleTag(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.item.ScheduleTag == "" {
		return dav.ErrNoProperty
	}
	w.TagElement(dav.ScheduleTag, r.item.ScheduleTag)
	return nil
}

// getTransp: a calendar counts for free and busy unless it was said otherwise (RFC 6638 section 9.1).
func getTransp(w *dav.Writer, asked *dav.Element, r *resource) error {
	if getStored(w, asked, r) == nil {
		return nil
	}
	w.Start(dav.ScheduleCalendarTransp)
	w.Empty(dav.Opaque)
	w.End(dav.ScheduleCalendarTransp)
	return nil
}

func setTransp(r *resource, value *dav.Element) error {
	if value != nil && value.Child(dav.Opaque) == nil && value.Child(dav.Transparent) == nil {
		return dav.BadRequest("schedule-calendar-transp contains opaque or transparent.")
	}
	return r.keep(dav.ScheduleCalendarTransp, value)
}

// ownCalendar is the collection of the same home that an href names, nil if there is none that holds the component.
func (r *resource) ownCalendar(href, component string) *store.Collection {
	at, err := locateHref(href)
	if err != nil || at.place != atCollection || r.principalAt(at) != r.whose {
		return nil
	}
	return holding(r.home.Collection(at.collection), component)
}

// holding is the collection if it is a calendar that holds the component, else nil.
func holding(c *store.Collection, component string) *store.Collection {
	if c == nil || c.Kind != store.Calendar || len(c.Components) > 0 && !slices.Contains(c.Components, component) {
		return nil
	}
	return c
}

// defaultFor is where new objects of a kind go: as the person chose, or the provisioned one, or any that takes them; nil
// if none does. The choice is kept by the calendar's id, so that it outlives another name.
func (r *resource) defaultFor(name dav.Name, component, provisioned string) *store.Collection {
	if xml, ok := r.stored(name); ok {
		id, _ := strings.CutPrefix(hrefIn(xml), "urn:uuid:")
		for _, c := range r.home.Collections {
			if c.ResourceID == id && holding(c, component) != nil {
				return c
			}
		}
	}
	if c := holding(r.home.Collection(provisioned), component); c != nil {
		return c
	}
	for _, c := range r.home.Collections {
		if holding(c, component) != nil {
			return c
		}
	}
	return nil
}

func getDefaultCalendar(w *dav.Writer, _ *dav.Element, r *resource) error {
	return writeDefault(w, r, dav.ScheduleDefaultCalendar, "VEVENT", defaultCalendar)
}

func getDefaultTasks(w *dav.Writer, _ *dav.Element, r *resource) error {
	return writeDefault(w, r, dav.ScheduleDefaultTasks, "VTODO", defaultTasks)
}

func writeDefault(w *dav.Writer, r *resource, name dav.Name, component, provisioned string) error {
	c := r.defaultFor(name, component, provisioned)
	if c == nil {
		w.Empty(name)
		return nil
	}
	// Without the slash, as Apple's server writes it here and nowhere else.
	writeHref(w, name, strings.TrimSuffix(collectionHref(r.whose, c.Name), "/"))
	return nil
}

func setDefaultCalendar(r *resource, value *dav.Element) error {
	return setDefaultFor(r, dav.ScheduleDefaultCalendar, "VEVENT", value)
}

func setDefaultTasks(r *resource, value *dav.Element) error {
	return setDefaultFor(r, dav.ScheduleDefaultTasks, "VTODO", value)
}

// setDefaultFor: the default must be one of the person's calendars (RFC 6638 section 9.2).
func setDefaultFor(r *resource, name dav.Name, component string, value *dav.Element) error {
	if value == nil {
		return dav.Forbidden(dav.CannotModifyProtectedProperty)
	}
	c := r.ownCalendar(value.Child(dav.Href).Trimmed(), component)
	if c == nil {
		return dav.Forbidden(dav.ValidScheduleDefault)
	}
	return r.keep(name, dav.New(name, dav.NewHref("urn:uuid:"+c.ResourceID)))
}

// setAvailability makes the setter of a property that is a calendar with a VAVAILABILITY (RFC 7953 section 7.2.4).
func setAvailability(name dav.Name) func(*resource, *dav.Element) error {
	return func(r *resource, value *dav.Element) error {
		if value != nil {
			calendar, err := ical.Parse([]byte(value.Text))
			if err != nil || calendar.Child("VAVAILABILITY") == nil {
				return dav.Forbidden(dav.ValidCalendarData)
			}
		}
		return r.keep(name, value)
	}
}

// getFreeBusySet is the older draft's way to say which calendars count; it shows what schedule-calendar-transp says.
func getFreeBusySet(w *dav.Writer, _ *dav.Element, r *resource) error {
	var hrefs []string
	for _, c := range r.home.Collections {
		if countsForFreeBusy(c) {
			hrefs = append(hrefs, collectionHref(r.whose, c.Name))
		}
	}
	writeHrefs(w, dav.CalendarFreeBusySet, hrefs...)
	return nil
}

func countsForFreeBusy(c *store.Collection) bool {
	if c.Kind != store.Calendar || !slices.Contains(c.Components, "VEVENT") {
		return false
	}
	xml, ok := c.Properties.Get("", store.PropertyName(dav.ScheduleCalendarTransp))
	return !ok || !isTransparent(xml)
}

// setFreeBusySet makes the calendars that are named opaque and all others transparent.
func setFreeBusySet(r *resource, value *dav.Element) error {
	if value == nil {
		return dav.Forbidden(dav.CannotModifyProtectedProperty)
	}
	counts := map[int64]bool{}
	for _, href := range value.Children {
		if href.Name != dav.Href {
			continue
		}
		c := r.ownCalendar(href.Trimmed(), "VEVENT")
		if c == nil {
			return &dav.Error{Status: http.StatusForbidden, Detail: "There is no calendar " + href.Trimmed() + "."}
		}
		counts[c.ID] = true
	}
	for _, c := range r.home.Collections {
		if c.Kind == store.Calendar && countsForFreeBusy(c) != counts[c.ID] && slices.Contains(c.Components, "VEVENT") {
			r.elsewhere = append(r.elsewhere, elsewhere{store.OnCollection(c), transpOf(counts[c.ID])})
		}
	}
	return nil
}

func transpOf(opaque bool) store.PropertyChange {
	value := dav.Transparent
	if opaque {
		value = dav.Opaque
	}
	return bagOf(dav.New(dav.ScheduleCalendarTransp, dav.New(value)))[0]
}

func isTransparent(xml string) bool {
	e := parsed(xml)
	return e.Child(dav.Transparent) != nil
}

// hrefIn is the href in a stored property.
func hrefIn(xml string) string { return parsed(xml).Child(dav.Href).Trimmed() }

// parsed reads back what Element.XML wrote; nil, which has no children, if it is damaged.
func parsed(xml string) *dav.Element {
	e, err := dav.ReadElement(strings.NewReader(xml), dav.Limits{})
	if err != nil {
		return nil
	}
	return e
}
