package check

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"calport/profiles"
)

// The steps of somebody who signs in.

func signIn(ctx context.Context, w *walk) (profiles.Phrase, error) {
	if w.account.User == "" {
		return none, skip(profiles.Say("no user name is given"))
	}
	if w.account.Password == "" {
		return none, skip(profiles.Say("no password is given"))
	}
	var err error
	if w.client, err = w.signedIn(); err != nil {
		return none, err
	}
	w.principal, err = w.client.FindCurrentUserPrincipal(ctx)
	if err != nil {
		return none, explainSignIn(w, err)
	}
	return profiles.Say("%s is %s", w.account.User, w.principal), nil
}

// explainSignIn reads go-webdav's error, which has the status in its text only.
func explainSignIn(w *walk, err error) error {
	text := err.Error()
	for _, c := range []struct{ status, found, remedy string }{
		{status: "401", found: "the server refuses the name or the password", remedy: "try the same in the portal, which says more: a locked, expired or disabled account"},
		{status: "403", found: "the password is right, but this person may not use the server", remedy: "see access.server in the configuration"},
		{status: "503", found: "the server cannot ask the directory, or makes this account wait", remedy: "see the server's log; wait for the time it names"},
	} {
		if strings.Contains(text, c.status) {
			return failed(profiles.Say(c.found), c.remedy)
		}
	}
	return failed(profiles.Say("%s", text), "see the server's log")
}

func findHome(ctx context.Context, w *walk) (profiles.Phrase, error) {
	home, err := w.client.FindCalendarHomeSet(ctx, w.principal)
	if err != nil {
		return none, err
	}
	if !strings.HasSuffix(home, "/") {
		return none, odd(profiles.Say("%s does not end in a slash", home), "devices compare hrefs as text")
	}
	w.home = home
	return profiles.Say("%s", home), nil
}

func findCalendars(ctx context.Context, w *walk) (profiles.Phrase, error) {
	var err error
	if w.calendars, err = w.client.FindCalendars(ctx, w.home); err != nil {
		return none, err
	}
	var names []string
	for _, c := range w.calendars {
		names = append(names, fmt.Sprintf("%s (%s)", c.Name, strings.Join(c.SupportedComponentSet, ", ")))
	}
	found := profiles.Say("%d: %s", len(names), strings.Join(names, ", "))
	switch {
	case w.calendarFor(ical.CompEvent) == "":
		return none, failed(profiles.Say("none takes events; %s", found), "create one: devices without it create their own at every refresh")
	case w.calendarFor(ical.CompToDo) == "":
		return none, odd(profiles.Say("none takes reminders; %s", found), "create one: Reminders stays empty without it")
	}
	return found, nil
}

// calendarFor is the path of the first calendar for a component.
func (w *walk) calendarFor(component string) string {
	for _, c := range w.calendars {
		if slices.Contains(c.SupportedComponentSet, component) {
			return c.Path
		}
	}
	return ""
}

// roundTrip stores an event far in the past, where it disturbs nobody, reads it back and removes it.
func roundTrip(ctx context.Context, w *walk) (found profiles.Phrase, err error) {
	uid := "calport-check-" + strings.ToLower(rand.Text())
	path := w.calendarFor(ical.CompEvent) + uid + ".ics"
	event := ical.NewEvent()
	event.Props.SetText(ical.PropUID, uid)
	event.Props.SetText(ical.PropSummary, "Connection test")
	event.Props.SetText(ical.PropTransparency, "TRANSPARENT")
	event.Props.SetDateTime(ical.PropDateTimeStamp, w.account.Now().UTC())
	event.Props.SetDateTime(ical.PropDateTimeStart, time.Date(2001, 3, 24, 12, 0, 0, 0, time.UTC))
	event.Props.SetDateTime(ical.PropDateTimeEnd, time.Date(2001, 3, 24, 12, 5, 0, 0, time.UTC))
	cal := ical.NewCalendar()
	cal.Props.SetText(ical.PropVersion, "2.0")
	cal.Props.SetText(ical.PropProductID, "-//calport//check//EN")
	cal.Children = append(cal.Children, event.Component)
	if _, err := w.client.PutCalendarObject(ctx, path, cal); err != nil {
		return none, fmt.Errorf("storing %s: %w", path, err)
	}
	defer func() {
		if e := w.client.RemoveAll(context.WithoutCancel(ctx), path); e != nil && err == nil {
			err = failed(profiles.Say("removing %s: %s", path, e), "remove it by hand, and see the server's log")
		}
	}()
	back, err := w.client.GetCalendarObject(ctx, path)
	if err != nil {
		return none, fmt.Errorf("reading %s: %w", path, err)
	}
	events := back.Data.Events()
	if len(events) != 1 {
		return none, failed(profiles.Say("the event came back as something else"), "see the server's log")
	}
	if got, _ := events[0].Props.Text(ical.PropUID); got != uid {
		return none, failed(profiles.Say("the event came back with another UID"), "a server must never change it")
	}
	return profiles.Say("stored, read and removed %s", path), nil
}
