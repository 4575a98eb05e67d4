package caldav

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/schedule"
	"calport/server/store"
)

// The free-busy URL tells whoever knows it when a person is busy, and nothing of why: the Freebusy Read URL of CalConnect
// (CD 0903), with its parameters start, end and period. A person switches it on and off; each time it is another URL.

// FreeBusyPath is where the handler FreeBusyURL belongs.
const FreeBusyPath = "/freebusy"

// BusyLink is the visitor's free-busy URL, as a path with a query; "" if it is switched off.
func (a Visitor) BusyLink(ctx context.Context) (string, error) {
	token, err := a.store.Value(ctx, store.BusyLinks, ownerKey(a.who))
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return FreeBusyPath + "?" + url.Values{"user": {ownerKey(a.who)}, "token": {string(token)}}.Encode(), nil
}

// SetBusyLink makes the visitor a new free-busy URL, in place of the one before, or takes it away.
func (a Visitor) SetBusyLink(ctx context.Context, on bool) error {
	return a.store.Write(ctx, func(tx *store.Tx) error {
		if !on {
			return tx.DeleteValue(store.BusyLinks, ownerKey(a.who))
		}
		return tx.SetValue(store.BusyLinks, ownerKey(a.who), []byte(rand.Text()))
	})
}

// FreeBusyURL answers free-busy URLs. It needs no authentication: the token in the query is the secret, and logs have no
// queries. What has no such token is not there, whoever it names.
func (s *Server) FreeBusyURL() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.serveFreeBusyURL(w, r); err != nil {
			if unexpected(r.Context(), err) {
				s.log.ErrorContext(r.Context(), "free-busy URL failed", "id", s.requestID(r.Context()), "err", err)
			}
			dav.WriteError(w, told(err))
		}
	})
}

func (s *Server) serveFreeBusyURL(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return &dav.Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"GET, HEAD"}}}
	}
	query := r.URL.Query()
	whose := s.people().ByGUID(query.Get("user"))
	if whose == nil || whose.State != directory.Active || !s.serves(whose) {
		return errNothing()
	}
	token, err := s.store.Value(r.Context(), store.BusyLinks, ownerKey(whose))
	if errors.Is(err, store.ErrNotFound) || err == nil && subtle.ConstantTimeCompare(token, []byte(query.Get("token"))) != 1 {
		return errNothing()
	}
	if err != nil {
		return err
	}
	span, err := readBusySpan(query, s.now())
	if err != nil {
		return err
	}
	calendar, err := s.publishedBusy(r.Context(), whose, span)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8; component=VFREEBUSY; method=PUBLISH")
	h.Set("Content-Disposition", `attachment; filename="freebusy.ifb"`)
	h.Set("Content-Length", strconv.Itoa(len(calendar)))
	h.Set("Cache-Control", "private, max-age=60")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = w.Write(calendar)
	return aborted(err)
}

// publishedBusy is a person's free and busy time as it is published (RFC 5546 section 3.3.1).
func (s *Server) publishedBusy(ctx context.Context, whose *directory.Principal, span ical.Range) ([]byte, error) {
	var busy []ical.BusyPeriod
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		busy, err = schedule.Busy(tx, s.people(), whose, schedule.BusyQuery{Range: span, Objects: s.objects})
		return err
	})
	if errors.Is(err, schedule.ErrTooBusy) {
		return nil, &dav.Error{Status: http.StatusInsufficientStorage, Detail: "There is too much in that time; ask about less."}
	}
	if err != nil {
		return nil, err
	}
	organizer := ical.NewProperty("ORGANIZER", schedule.Address(whose))
	organizer.SetParam("CN", whose.FullName)
	fb := schedule.BusyComponent(rand.Text(), span, busy, s.now())
	fb.Add(organizer)
	calendar := ical.NewCalendar(prodID)
	calendar.Add(ical.NewProperty("METHOD", string(itip.MethodPublish)))
	calendar.AddChild(fb)
	return calendar.Bytes(), nil
}

// What the time asked about is where the query does not say (CD 0903), and how long it may be.
const (
	busySpan    = 42 * 24 * time.Hour
	maxBusySpan = 366 * 24 * time.Hour
)

// readBusySpan reads start, and end or period.
func readBusySpan(query url.Values, now time.Time) (ical.Range, error) {
	span := ical.Range{Start: now.UTC().Truncate(24 * time.Hour)}
	if text := query.Get("start"); text != "" {
		at, err := readInstant(text)
		if err != nil {
			return span, dav.BadRequest("start is no time such as 2026-09-01T08:00:00Z.")
		}
		span.Start = at
	}
	span.End = span.Start.Add(busySpan)
	if text := query.Get("period"); text != "" {
		d, err := ical.ParseDuration(text)
		if err != nil {
			return span, dav.BadRequest("period is no duration such as P7D.")
		}
		span.End = span.Start.AddDate(0, 0, d.Days).Add(time.Duration(d.Seconds) * time.Second)
	}
	if text := query.Get("end"); text != "" {
		at, err := readInstant(text)
		if err != nil {
			return span, dav.BadRequest("end is no time such as 2026-09-08T08:00:00Z.")
		}
		span.End = at
	}
	switch length := span.End.Sub(span.Start); {
	case length <= 0:
		return span, dav.BadRequest("The end is not after the start.")
	case length > maxBusySpan:
		return span, dav.BadRequest("At most a year can be asked about.")
	}
	return span, nil
}

// readInstant reads the form of RFC 3339, and that of RFC 5545.
func readInstant(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(utcForm, text)
	}
	return at.UTC(), err
}
