package caldav

import (
	"errors"
	"fmt"
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

// prodID is what iCalendar data made here says of its maker.
const prodID = "-//calport//calport//EN"

// getCalendar streams the calendar's objects as one iCalendar object: what a subscriber fetches. A time zone that
// several objects bring along is written once.
func (e *exchange) getCalendar() error {
	h := e.w.Header()
	h.Set("ETag", dav.QuoteETag(e.res.etag()))
	if err := dav.CheckETags(e.r, e.res.etag()); err != nil {
		return err
	}
	h.Set("Content-Type", contentType(object))
	if e.r.Method == http.MethodHead {
		return nil
	}
	whole := ical.NewCalendar(prodID)
	if name := e.res.displayName(); name != "" {
		whole.Add(ical.NewText("X-WR-CALNAME", name))
	}
	head := whole.Bytes()
	end := len(head) - len("END:VCALENDAR\r\n")
	if _, err := e.w.Write(head[:end]); err != nil {
		return aborted(err)
	}
	zones := map[string]bool{}
	err := e.store.Read(e.r.Context(), func(tx *store.Tx) error {
		restricted, err := e.res.restrictedIn(tx)
		if err != nil {
			return err
		}
		for item, err := range tx.Objects(e.res.collection.ID, store.Whole) {
			if err != nil {
				return err
			}
			if _, err := e.w.Write(componentsOf(seen(item.Data, restricted[item.Name]), zones)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = e.w.Write(head[end:])
	}
	return aborted(err)
}

// componentsOf are the components of an object, without the time zones that were already seen.
func componentsOf(data []byte, seen map[string]bool) []byte {
	calendar, err := ical.Parse(data)
	if err != nil {
		return nil // the store keeps nothing that could not be parsed once; a damaged row must not break the others
	}
	var out []byte
	for _, c := range calendar.Components {
		if c.Name == "VTIMEZONE" {
			id := c.Text("TZID")
			if seen[id] {
				continue
			}
			seen[id] = true
		}
		out = c.Append(out)
	}
	return out
}

// displayName is the name that the visitor sees, "" if there is none.
func (r *resource) displayName() string {
	xml, _ := r.stored(dav.DisplayName)
	return parsed(xml).Trimmed()
}

// aborted marks an error after the answer has begun: its status can no longer be changed.
func aborted(err error) error {
	if err == nil || errors.Is(err, dav.ErrAborted) {
		return err
	}
	return fmt.Errorf("%w: %w", dav.ErrAborted, err)
}
