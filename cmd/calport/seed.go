package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
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
	for _, e := range demo.Week(first) {
		owner := ownerNamed(h.people.Snapshot(), e.Owner)
		if owner == nil {
			return fmt.Errorf("the sample organisation has no %q", e.Owner)
		}
		path := "/calendars/__uids__/" + url.PathEscape(owner.GUID) + "/" + e.Calendar + "/" + e.Name
		r, err := http.NewRequestWithContext(caldav.WithPrincipal(ctx, owner), http.MethodPut, path, bytes.NewReader(e.Data))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
		r.Header.Set("If-None-Match", "*")
		w := &reply{header: http.Header{}}
		h.calendars.ServeHTTP(w, r)
		if w.status/100 != 2 && w.status != http.StatusPreconditionFailed {
			return fmt.Errorf("PUT %s: %d %s", path, w.status, w.body.Bytes())
		}
	}
	return h.store.SetValue(ctx, demoBucket, key, []byte{})
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
