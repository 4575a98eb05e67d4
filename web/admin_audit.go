package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"calport/directory"
)

// Audit is the record of who did what. Where a deed and its entry can be written together, another interface takes the
// Deed itself.
type Audit interface {
	// Note adds an entry.
	Note(ctx context.Context, d Deed) error
	// Deeds lists the entries that a filter wants, newest first, at most limit.
	Deeds(ctx context.Context, f DeedFilter, limit int) ([]DeedEntry, error)
	// EachDeed calls do for all of them, newest first.
	EachDeed(ctx context.Context, f DeedFilter, do func(DeedEntry) error) error
}

const (
	auditPath       = adminPath + "audit"
	auditExportPath = auditPath + "/export"
)

// auditView is a page of the record.
type auditView struct {
	Now    time.Time
	Asked  url.Values // the filter, as it was typed
	Wrong  english    // what is wrong with it; empty: nothing
	Rows   []shownDeed
	Next   string // address of older entries; empty: there are none
	Newest string // address of the newest; empty: this is it
}

// shownDeed is an entry with the names of those who are known.
type shownDeed struct {
	DeedEntry
	Who, What string
}

// auditFields are the parameters of the filter.
var auditFields = []string{"actor", "action", "object", "since", "until"}

func (s *site) auditLog(w http.ResponseWriter, r *http.Request) error {
	people := visitorOf(r.Context()).people
	asked := url.Values{}
	for _, name := range auditFields {
		if v := strings.TrimSpace(r.URL.Query().Get(name)); v != "" {
			asked.Set(name, v)
		}
	}
	view := auditView{Now: s.o.Now(), Asked: asked}
	f, err := ParseDeedFilter(people, asked)
	if err != nil {
		asked.Del("since") // a field for days takes nothing else
		asked.Del("until")
		view.Wrong = wrongDay
		return s.render(w, r, http.StatusBadRequest, "admin-audit", "Record", view)
	}
	f.Before, _ = strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	entries, err := s.o.Audit.Deeds(r.Context(), f, rowsPerPage+1)
	if err != nil {
		return err
	}
	if len(entries) > rowsPerPage {
		entries = entries[:rowsPerPage]
		view.Next = auditPath + "?" + withValue(asked, "before", strconv.FormatInt(entries[rowsPerPage-1].ID, 10))
	}
	if f.Before != 0 {
		view.Newest = auditPath + "?" + asked.Encode()
	}
	for _, e := range entries {
		view.Rows = append(view.Rows, shownDeed{e, calledIn(people, e.Actor), calledIn(people, e.Object)})
	}
	return s.render(w, r, http.StatusOK, "admin-audit", "Record", view)
}

func withValue(v url.Values, key, value string) string {
	out := url.Values{key: {value}}
	for k := range v {
		out.Set(k, v.Get(k))
	}
	return out.Encode()
}

// calledIn is the full name of who has a GUID, else what was written down.
func calledIn(people *directory.Snapshot, id string) string {
	if p := people.ByGUID(id); p != nil {
		return nameOf(p)
	}
	return visible(id)
}

// wrongDay says what is wrong with a filter.
const wrongDay english = "Write a day as year, month and day: 2026-11-28."

// ParseDeedFilter reads a filter as people type it, from actor, action, object, since and until: people and groups by
// their names, days as 2026-11-28, the last one included.
func ParseDeedFilter(people *directory.Snapshot, asked url.Values) (DeedFilter, error) {
	f := DeedFilter{Actor: idOf(people, asked.Get("actor")), Action: asked.Get("action"), Object: idOf(people, asked.Get("object"))}
	for name, at := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		if text := asked.Get(name); text != "" {
			day, err := time.Parse(time.DateOnly, text)
			if err != nil {
				return f, fmt.Errorf("%s: %s", name, wrongDay)
			}
			*at = day
		}
	}
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1)
	}
	return f, nil
}

// idOf is the GUID, as records have it, of who has a name; the name itself if nobody has.
func idOf(people *directory.Snapshot, name string) string {
	if name == "" {
		return ""
	}
	if p, err := people.ByLogin(name); err == nil {
		return ownerOf(p)
	}
	for _, kind := range directory.Kinds() {
		if p := people.ByName(kind, name); p != nil {
			return ownerOf(p)
		}
	}
	if p := people.ByGUID(name); p != nil {
		return ownerOf(p)
	}
	return name
}

// exportAudit streams the record. That somebody takes it is a deed itself.
func (s *site) exportAudit(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	people := visitorOf(r.Context()).people
	f, err := ParseDeedFilter(people, r.PostForm)
	if err != nil {
		return &problem{Status: http.StatusBadRequest, Title: "The form has a mistake", Detail: wrongDay, Reason: "filter"}
	}
	format, mediaType := DeedsCSV, "text/csv; charset=utf-8"
	if r.PostForm.Get("format") == DeedsLines {
		format, mediaType = DeedsLines, "application/jsonl"
	}
	if err := s.o.Audit.Note(r.Context(), s.deed(r, "audit.export", "", format)); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", attachment("calport-audit-"+s.o.Now().UTC().Format(time.DateOnly)+"."+format))
	h.Set("Cache-Control", "no-store")
	out, err := NewDeedWriter(w, format, people)
	if err != nil {
		return err
	}
	if err := s.o.Audit.EachDeed(r.Context(), f, out.Write); err != nil {
		panic(http.ErrAbortHandler) // what has gone out must not look whole
	}
	return out.Flush()
}

// noteAdmin records that an administrator has signed in.
func (s *site) noteAdmin(r *http.Request, p *directory.Principal, how string) error {
	if !s.o.Access.Admin.Allows(s.o.People(), p) {
		return nil
	}
	return s.o.Audit.Note(r.Context(), s.deedOf(r, p, "admin.sign-in", "", how))
}
