package caldav

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// get answers GET and HEAD: an object as it was stored, a calendar as one calendar of all its objects, and of anything
// else a word to the person who looks at it with a browser.
func (e *exchange) get() error {
	switch {
	case e.res.item != nil:
		return e.getItem()
	case e.res.kind == calendar:
		return e.getCalendar()
	}
	h := e.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	_, err := fmt.Fprintf(e.w, "This is %s. Look at it with a calendar program.\n", e.res.href)
	return aborted(err)
}

func (e *exchange) getItem() error {
	item := e.res.item
	h := e.w.Header()
	h["Etag"] = []string{dav.QuoteETag(item.ETag)}
	if err := dav.CheckETags(e.r, item.ETag); err != nil {
		return err
	}
	if item.ScheduleTag != "" { // RFC 6638 section 3.2.10
		h.Set("Schedule-Tag", dav.QuoteETag(item.ScheduleTag))
	}
	h["Content-Type"] = []string{contentType(e.res.kind)}
	if err := e.wishTimezones(); err != nil {
		return err
	}
	if e.res.kind != notice {
		e.wishJCal()
	}
	data, err := e.excerpt.of(seen(item.Data, e.res.access), e.limits.Instances)
	if err != nil {
		return err
	}
	h["Content-Length"] = []string{strconv.Itoa(len(data))}
	h["Last-Modified"] = []string{item.Modified.UTC().Format(http.TimeFormat)}
	if e.r.Method == http.MethodHead {
		return nil
	}
	_, err = e.w.Write(data)
	return aborted(err)
}

// wishJCal gives an object as JSON if the client would rather have that. The entity tag is that of DAV:getetag, by which
// the client may change the object, whatever the form that it saw.
func (e *exchange) wishJCal() {
	h := e.w.Header()
	h["Vary"] = append(h["Vary"], "Accept")
	if !wantsJCal(e.r.Header, "") {
		return
	}
	if e.excerpt == nil {
		e.excerpt = new(excerpt)
	}
	e.excerpt.json = true
	h.Set("Content-Type", typeJCal)
}

// prodID is what iCalendar data made here says of its maker.
const prodID = "-//calport//calport//EN"

// getCalendar streams the calendar's objects as one calendar: what a subscriber fetches. A time zone that several objects
// bring along is written once.
func (e *exchange) getCalendar() error {
	h := e.w.Header()
	h.Set("ETag", dav.QuoteETag(e.res.etag()))
	if err := dav.CheckETags(e.r, e.res.etag()); err != nil {
		return err
	}
	h.Set("Content-Type", contentType(object))
	e.wishJCal()
	if e.r.Method == http.MethodHead {
		return nil
	}
	whole := ical.NewCalendar(prodID)
	e.res.describe(whole)
	out := calendarWriter{w: e.w, json: e.excerpt != nil && e.excerpt.json, zones: map[string]bool{}}
	out.begin(whole)
	err := e.store.Read(e.r.Context(), func(tx *store.Tx) error {
		restricted, err := e.res.restrictedIn(tx)
		if err != nil {
			return err
		}
		for item, err := range tx.Objects(e.res.collection.ID, store.Whole) {
			if err != nil {
				return err
			}
			if out.object(seen(item.Data, restricted[item.Name])); out.err != nil {
				return out.err
			}
		}
		return nil
	})
	if err == nil {
		out.end()
		err = out.err
	}
	return aborted(err)
}

// calendarWriter writes a calendar of many objects as it comes to know them, as iCalendar or jCal.
type calendarWriter struct {
	w     io.Writer
	json  bool
	zones map[string]bool // that were written
	tail  []byte          // what ends the calendar
	some  bool            // there is a component already
	err   error
}

// begin writes all that comes before the first component.
func (c *calendarWriter) begin(whole *ical.Component) {
	head, last := whole.Bytes(), len("END:VCALENDAR\r\n")
	if c.json {
		head, last = whole.JSON(), len("]]")
	}
	c.tail = head[len(head)-last:]
	c.write(head[:len(head)-last])
}

// object writes the components of an object, without the time zones that are there already.
func (c *calendarWriter) object(data []byte) {
	calendar, err := ical.Parse(data)
	if err != nil {
		return // the store keeps nothing that could not be parsed once; a damaged row must not break the others
	}
	var out []byte
	for _, component := range calendar.Components {
		if component.Name == "VTIMEZONE" {
			id := component.Text("TZID")
			if c.zones[id] {
				continue
			}
			c.zones[id] = true
		}
		if !c.json {
			out = component.Append(out)
			continue
		}
		if c.some {
			out = append(out, ',')
		}
		out = append(out, component.JSON()...)
		c.some = true
	}
	c.write(out)
}

func (c *calendarWriter) end() { c.write(c.tail) }

func (c *calendarWriter) write(data []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(data)
	}
}

// displayName is the name that the visitor sees, "" if there is none.
func (r *resource) displayName() string { return r.textOf(dav.DisplayName) }

// textOf is the text of a stored property, "" if there is none.
func (r *resource) textOf(name dav.Name) string {
	xml, _ := r.stored(name)
	return parsed(xml).Trimmed()
}

// aborted marks an error after the answer has begun: its status can no longer be changed.
func aborted(err error) error {
	if err == nil || errors.Is(err, dav.ErrAborted) {
		return err
	}
	return fmt.Errorf("%w: %w", dav.ErrAborted, err)
}
