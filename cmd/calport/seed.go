package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/server/caldav"
	"calport/server/store"
)

const demoBucket = "demo"

// seedWeek stores the sample people's events of this week, through the server's own PUT, once for each week in which
// the demo is started. Events that people changed or removed since stay as they are.
func (h *house) seedWeek(ctx context.Context) error {
	first := monday(h.now().In(zoneHere(h.env)))
	key := "week of " + first.Format(time.DateOnly)
	if _, err := h.store.Value(ctx, demoBucket, key); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	people := h.people.Snapshot()
	var answers []demo.Event // attendees' copies: the invitations are there when they answer
	for _, e := range demo.Week(first) {
		owner := ownerNamed(people, e.Owner)
		if owner == nil {
			return fmt.Errorf("the sample organisation has no %q", e.Owner)
		}
		if !organizes(owner, e.Data) {
			answers = append(answers, e)
			continue
		}
		path := "/calendars/__uids__/" + url.PathEscape(owner.GUID) + "/" + e.Calendar + "/" + e.Name
		if w, err := h.put(ctx, owner, path, e.Data, true); err != nil || w.status/100 != 2 && w.status != http.StatusPreconditionFailed {
			return fmt.Errorf("PUT %s: %d %s %w", path, w.status, w.body.Bytes(), err)
		}
	}
	for _, e := range answers {
		if owner := ownerNamed(people, e.Owner); owner.Kind == directory.Individual { // rooms have answered by themselves
			if err := h.answer(ctx, owner, e); err != nil {
				return err
			}
		}
	}
	return h.store.SetValue(ctx, demoBucket, key, []byte{})
}

// organizes reports whether the person organizes the event, or it has no organizer at all.
func organizes(p *directory.Principal, data []byte) bool {
	unfolded := bytes.ReplaceAll(data, []byte("\r\n "), nil)
	for line := range bytes.Lines(unfolded) {
		if bytes.HasPrefix(line, []byte("ORGANIZER")) {
			return bytes.Contains(line, []byte("mailto:"+p.Mail()))
		}
	}
	return true
}

// answer stores an attendee's copy where the invitation has been put: a server that delivers invitations refuses a
// second copy and says where the first is (RFC 4791 section 5.3.2.1).
func (h *house) answer(ctx context.Context, owner *directory.Principal, e demo.Event) error {
	path := "/calendars/__uids__/" + url.PathEscape(owner.GUID) + "/" + e.Calendar + "/" + e.Name
	w, err := h.put(ctx, owner, path, e.Data, true)
	if err != nil {
		return err
	}
	if href := conflictAt.FindSubmatch(w.body.Bytes()); w.status == http.StatusForbidden && href != nil {
		if w, err = h.put(ctx, owner, string(href[1]), e.Data, false); err != nil {
			return err
		}
	}
	if w.status/100 != 2 && w.status != http.StatusPreconditionFailed {
		return fmt.Errorf("PUT %s: %d %s", path, w.status, w.body.Bytes())
	}
	return nil
}

// conflictAt finds the href in an answer of CALDAV:no-uid-conflict.
var conflictAt = regexp.MustCompile(`<D:href>([^<]+)</D:href>`)

// put stores an event as its owner does; fresh asks that it be new.
func (h *house) put(ctx context.Context, owner *directory.Principal, path string, data []byte, fresh bool) (*reply, error) {
	r, err := http.NewRequestWithContext(caldav.WithPrincipal(ctx, owner), http.MethodPut, path, bytes.NewReader(data))
	if err != nil {
		return &reply{}, err
	}
	r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	if fresh {
		r.Header.Set("If-None-Match", "*")
	}
	w := &reply{header: http.Header{}}
	h.calendars.ServeHTTP(w, r)
	return w, nil
}

// zoneHere is this machine's time zone by its IANA name: events name their zone, and "Local" is none.
func zoneHere(env func(string) string) *time.Location {
	name := strings.TrimPrefix(env("TZ"), ":")
	if name == "" {
		if target, err := os.Readlink("/etc/localtime"); err == nil {
			_, name, _ = strings.Cut(target, "zoneinfo/")
		}
	}
	if zone, err := time.LoadLocation(name); err == nil && zone.String() != "Local" {
		return zone
	}
	return time.UTC
}

// ownerNamed finds whoever has that short name: people, rooms and resources have calendars.
func ownerNamed(s *directory.Snapshot, name string) *directory.Principal {
	for _, kind := range directory.Kinds() {
		if p := s.ByName(kind, name); p != nil && kind != directory.Group {
			return p
		}
	}
	return nil
}

// reply is the answer to a request that was not sent over a network.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *reply) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
