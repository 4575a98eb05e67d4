package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"calport/directory"
	"calport/profiles"
)

// News tells whose profiles have changed, across restarts. *store.Store has them.
type News interface {
	// ProfileNews lists, in the order of their revisions, at most limit news after a revision, each person once, and the
	// latest revision there is.
	ProfileNews(ctx context.Context, after int64, limit int) (news []ProfileNews, latest int64, err error)
}

// ProfileNews is the latest change of one person's profile.
type ProfileNews struct {
	Owner    string // GUID in lower case
	Name     string // short name; of who has gone, the last one
	Removed  bool   // there is no profile any more
	Revision int64
	Born     int64 // the revision since when there has been one
}

// eventPage is a part of the change feed.
type eventPage struct {
	Events []event `json:"events"`
	After  int64   `json:"after"`  // to ask for what comes next
	Latest int64   `json:"latest"` // the latest revision there is
	More   bool    `json:"more"`   // there is more at once
}

type event struct {
	Revision int64  `json:"revision"`
	Change   string `json:"change"` // added, changed or removed, compared with the revision that was asked for
	Person   string `json:"person"` // short name; empty for who has gone and may not have been the token's
	GUID     string `json:"guid"`   // in lower case
	Href     string `json:"href"`   // of the unsigned profile; empty when it was removed
}

// listEvents answers what has changed. A token of groups hears of those who are in them now; of people who have left the
// directory it is told the GUID alone. Who has merely left a group is not told: the list says who is there.
func (s *site) listEvents(w http.ResponseWriter, r *http.Request, t Token) error {
	q := r.URL.Query()
	limit, err := numberOf(q, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return err
	}
	after, err := revisionOf(q, "after")
	if err != nil {
		return err
	}
	wait, err := numberOf(q, "wait", 0, 0, maxWait)
	if err != nil {
		return err
	}
	if err := s.await(r.Context(), after, time.Duration(wait)*time.Second); err != nil {
		return err
	}
	news, latest, err := s.news(r.Context(), after, limit)
	if err != nil {
		return err
	}
	page := eventPage{Events: []event{}, After: after, Latest: latest, More: len(news) == limit}
	people := s.o.People()
	for _, n := range news {
		page.After = n.Revision
		if e, tell := t.event(people, n, after); tell {
			page.Events = append(page.Events, e)
		}
	}
	return answerJSON(w, r, http.StatusOK, page)
}

// How long a request may wait for news, in seconds, how often it is looked whether another process has made some, and
// how many requests may wait at once.
const (
	maxWait      = 60
	newsEvery    = time.Second
	waitsAtATime = 100
)

// await returns once there are news after a revision, when the time is over, or when the server stops. Where too many
// wait already it does not.
func (s *site) await(ctx context.Context, after int64, wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	select {
	case s.waits <- struct{}{}:
		defer func() { <-s.waits }()
	default:
		return nil
	}
	over, tick := time.NewTimer(wait), time.NewTicker(newsEvery)
	defer over.Stop()
	defer tick.Stop()
	for {
		if _, latest, err := s.news(ctx, after, 0); err != nil || latest > after {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.o.Ending:
			return nil
		case <-over.C:
			return nil
		case <-tick.C:
		}
	}
}

// event words a change for the token; tell is false for what it may not know.
func (t Token) event(people *directory.Snapshot, n ProfileNews, after int64) (e event, tell bool) {
	e = event{Revision: n.Revision, Change: "changed", Person: n.Name, GUID: n.Owner}
	p := people.ByGUID(n.Owner)
	switch {
	case p == nil && len(t.Groups) > 0:
		e.Person = ""
		tell = n.Removed
	case p == nil:
		tell = true
	default:
		tell = t.reaches(people, p)
	}
	switch {
	case n.Removed:
		e.Change = "removed"
		return e, tell
	case n.Born > after:
		e.Change = "added"
	}
	e.Href = profileHref(&directory.Principal{GUID: n.Owner}, profiles.Any)
	return e, tell
}

// news reads the feed. A revision that has never been is of another time: of a database that was restored since.
func (s *site) news(ctx context.Context, after int64, limit int) ([]ProfileNews, int64, error) {
	if s.o.News == nil {
		return nil, 0, noSuchPath
	}
	news, latest, err := s.o.News.ProfileNews(ctx, after, limit)
	if err == nil && after > latest {
		return nil, 0, &problem{Status: http.StatusGone, Title: "There has been no such revision", Reason: "revision-unknown",
			Detail: "Revision %s has not been reached here; the database may be older than it was. Begin again with 0.", Args: []any{strconv.FormatInt(after, 10)}}
	}
	return news, latest, err
}

// latest is the revision of the feed; 0 where there is none.
func (l *list) latest() (revision int64, err error) {
	if l.o.News == nil {
		return 0, nil
	}
	_, revision, err = l.o.News.ProfileNews(l.request.Context(), 0, 0)
	return revision, err
}

// changedSince makes a page of those whose profiles have changed. Its cursor is a revision.
func (l *list) changedSince(q url.Values, cursor string, within []*directory.Principal) error {
	after, err := revisionOf(q, "since")
	if err != nil {
		return err
	}
	if cursor != "" {
		if after, err = strconv.ParseInt(cursor, 10, 64); err != nil || after < 0 {
			return badParameter("cursor", cursor, cursorWords)
		}
	}
	news, latest, err := l.news(l.request.Context(), after, l.limit)
	if err != nil {
		return err
	}
	wanted := make(map[string]*directory.Principal, len(within))
	for _, p := range within {
		wanted[strings.ToLower(p.GUID)] = p
	}
	all := !q.Has("user") && !q.Has("group")
	l.revision, l.changed = latest, make(map[string]int64, len(news))
	for _, n := range news {
		after = n.Revision
		switch p := wanted[n.Owner]; {
		case n.Removed && (p != nil || all && l.people.ByGUID(n.Owner) == nil):
			l.removed = append(l.removed, removed{n.Owner, n.Revision})
		case p != nil && !n.Removed:
			l.page, l.changed[n.Owner] = append(l.page, p), n.Revision
		}
	}
	if len(news) == l.limit {
		l.next = strconv.FormatInt(after, 10)
	}
	return nil
}

// revisionOf reads a revision from the query.
func revisionOf(q url.Values, name string) (int64, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, badParameter(name, text, "a revision: 0, or what was answered before")
	}
	return n, nil
}

// answerJSON writes an answer that is made whole. One of status 200 has an ETag, and is 304 to who has it.
func answerJSON(w http.ResponseWriter, r *http.Request, status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if status == http.StatusOK {
		return giveJSON(w, r, text)
	}
	h := w.Header()
	h.Set("Content-Type", string(jsonType))
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	w.Write(text)
	return nil
}

// giveJSON answers with JSON whose octets matter. Its ETag is their SHA-256.
func giveJSON(w http.ResponseWriter, r *http.Request, text []byte) error {
	sum := sha256.Sum256(text)
	h := w.Header()
	h.Set("Content-Type", string(jsonType))
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text)) // answers If-None-Match and HEAD
	return nil
}
