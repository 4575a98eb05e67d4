package caldav

import (
	"bytes"
	"errors"
	"net/http"
	"unicode/utf8"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// postOutbox answers a request for the free and busy time of others (RFC 6638 section 5). The headers Originator and
// Recipient, which clients of the draft before it send, say nothing that the data does not.
func (e *exchange) postOutbox() error {
	data, err := e.readBody()
	if err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return invalid(dav.ValidCalendarData, errors.New("the data is not UTF-8"))
	}
	message, err := ical.Parse(data)
	if err != nil {
		return invalid(dav.ValidCalendarData, err)
	}
	request, err := schedule.ReadOutboxRequest(e.people, e.res.whose, message)
	var refused *schedule.RequestError
	if errors.As(err, &refused) {
		return invalid(refused.Condition, refused)
	}
	if err != nil {
		return err
	}
	request.Objects, request.Visible = e.objects, e.sees
	request.Detailed = func(whose *directory.Principal) bool { return e.roleOn(whose) >= readDelegate }
	var answers []schedule.Answer
	err = e.store.Read(e.r.Context(), func(tx *store.Tx) error {
		answers, err = request.Answers(tx, e.people, e.limits.BusyRecipients, e.now())
		return err
	})
	if err != nil {
		return err
	}
	json := wantsJCal(http.Header{}, mediaType(e.r.Header)) // Accept is about the XML around it
	return dav.WriteXML(e.w, http.StatusOK, dav.ScheduleResponse, func(w *dav.Writer) error {
		for i := range answers {
			writeAnswer(w, &answers[i], json)
			if err := w.Checkpoint(); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeAnswer writes a CALDAV:response (RFC 6638 section 10.3). Its namespace is the default one and its calendar data has
// plain line ends, as in Apple's server: what its tests compare is text. An XML reader makes LF of them, which every
// reader of iCalendar knows.
func writeAnswer(w *dav.Writer, a *schedule.Answer, json bool) {
	w.Raw("<response xmlns='" + dav.CalDAV + "'><recipient>")
	w.Href(a.Recipient)
	w.Raw("</recipient><request-status>")
	w.Text(a.Status)
	w.Raw("</request-status>")
	switch {
	case a.Calendar != nil && json:
		writeCalendarData(w, dav.CalendarData, a.Calendar.JSON(), true)
	case a.Calendar != nil:
		w.Raw("<calendar-data>")
		for line := range bytes.Lines(a.Calendar.Bytes()) {
			w.Bytes(bytes.TrimRight(line, "\r\n")) // what the request gave has its own line ends
			w.Raw("\r\n")
		}
		w.Raw("</calendar-data>")
	case a.Condition.Local != "":
		w.Raw("<error xmlns='" + dav.DAV + "'><" + a.Condition.Local + " xmlns='" + a.Condition.Space + "'/></error>")
	}
	w.Raw("</response>")
}
