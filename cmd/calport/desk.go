package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/schedule"
	"calport/server/store"
	"calport/web"
)

// desk joins what people do with calendars in the portal to the calendar server. Its other methods are the visitor's own.
type desk struct {
	caldav.Visitor
	who *directory.Principal
}

func (h *house) desk(who *directory.Principal) web.Desk { return desk{h.calendars.As(who), who} }

func (d desk) Calendars(ctx context.Context) ([]web.Calendar, error) {
	all, err := d.Visitor.Calendars(ctx)
	return converted(all, func(c caldav.CalendarInfo) web.Calendar { return web.Calendar(c) }), err
}

func (d desk) MakeCalendar(ctx context.Context, n web.NewCalendar) (string, error) {
	return d.Visitor.MakeCalendar(ctx, caldav.NewCalendar(n))
}

func (d desk) ChangeCalendar(ctx context.Context, name, title, color string) error {
	return d.Visitor.ChangeCalendar(ctx, name, caldav.CalendarChange{Title: &title, Color: &color})
}

func (d desk) DeletedCalendars(ctx context.Context) ([]web.DeletedCalendar, error) {
	all, err := d.Visitor.DeletedCalendars(ctx)
	return converted(all, func(c caldav.DiscardedCalendar) web.DeletedCalendar { return web.DeletedCalendar(c) }), err
}

func (d desk) RestoreCalendar(ctx context.Context, id int64) (web.Restored, error) {
	back, err := d.Visitor.RestoreCalendar(ctx, id)
	return web.Restored(back), err
}

// Download is the GET of the calendar.
func (d desk) Download(w http.ResponseWriter, r *http.Request, name string) {
	get := r.Clone(caldav.WithPrincipal(r.Context(), d.who))
	get.URL = &url.URL{Path: "/calendars/__uids__/" + d.who.GUID + "/" + name + "/"}
	get.URL.RawPath = "/calendars/__uids__/" + url.PathEscape(d.who.GUID) + "/" + url.PathEscape(name) + "/"
	for _, condition := range []string{"If", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		get.Header.Del(condition)
	}
	d.Visitor.ServeHTTP(w, get)
}

func (d desk) Import(ctx context.Context, f web.ImportFile) error {
	_, err := d.Visitor.Import(ctx, caldav.Import(f))
	return err
}

func (d desk) LastImport(ctx context.Context) (*web.ImportReport, error) {
	last, err := d.Visitor.LastImport(ctx)
	if last == nil || err != nil {
		return nil, err
	}
	return &web.ImportReport{
		File: last.File, Calendars: last.Calendars, Objects: last.Objects, Done: last.Done, Created: last.Created, Updated: last.Updated,
		Same: last.Same, Skipped: last.Skipped, Started: last.Started, At: last.At, Finished: last.Finished, Failed: last.Failed,
		Why: converted(last.Why, func(s caldav.SkippedObject) web.SkippedObject { return web.SkippedObject(s) }),
	}, nil
}

func (d desk) Delegates(ctx context.Context, whose *directory.Principal) ([]web.Delegate, error) {
	all, err := d.Visitor.Delegates(ctx, whose)
	return converted(all, func(i caldav.DelegateInfo) web.Delegate { return web.Delegate(i) }), err
}

func (d desk) SetPlace(ctx context.Context, whose *directory.Principal, to web.PlaceSettings, by web.Deed) error {
	set := func(s *schedule.PlaceSettings) { *s = schedule.PlaceSettings(to) }
	return d.Visitor.SetPlace(ctx, whose, set, store.AuditEntry{Actor: by.Actor, Action: by.Action, Object: by.Object, Detail: by.Detail, From: by.From})
}

func (d desk) Bookings(ctx context.Context, whose *directory.Principal, from, to time.Time) ([]web.Booking, bool, error) {
	all, more, err := d.Visitor.Bookings(ctx, whose, from, to)
	return converted(all, func(b caldav.Booking) web.Booking { return web.Booking(b) }), more, err
}

// converted is a list of values of another type.
func converted[From, To any](all []From, convert func(From) To) []To {
	list := make([]To, len(all))
	for i := range all {
		list[i] = convert(all[i])
	}
	return list
}
