package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// calendarsView is the page of one's calendars.
type calendarsView struct {
	Now       time.Time
	Calendars []Calendar
	Deleted   []DeletedCalendar
	Fresh     *DeletedCalendar // deleted just now: it can be brought back as if nothing had been
	Back      *Restored        // brought back just now
	BackTitle string
	Busy      string // address of the free-busy page; empty: there is none
	NewColor  string // that the next calendar is offered
	Importing bool
}

// freshFor is how long a deletion is shown at the top of the page: as long as nobody has been told of it.
const freshFor = 10 * time.Minute

func (s *site) calendars(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	view := calendarsView{Now: s.o.Now()}
	if view.Calendars, err = d.Calendars(ctx); err != nil {
		return deskProblem(err)
	}
	if view.Deleted, err = d.DeletedCalendars(ctx); err != nil {
		return deskProblem(err)
	}
	if len(view.Deleted) > 0 && !view.Deleted[0].Told && view.Now.Sub(view.Deleted[0].At) < freshFor {
		view.Fresh = &view.Deleted[0]
	}
	if view.Busy, err = d.BusyLink(ctx); err != nil {
		return err
	}
	if view.Busy != "" {
		view.Busy = s.o.Origin + view.Busy
	}
	last, err := d.LastImport(ctx)
	if err != nil {
		return err
	}
	view.Importing = last != nil && !last.Finished
	view.NewColor = freeColor(view.Calendars)
	view.showRestored(r.URL.Query())
	return s.render(w, r, http.StatusOK, "calendars", "My calendars", view)
}

// palette are the colours that are offered, one after the other: Apple's.
var palette = []string{"#1badf8", "#63da38", "#ff2968", "#cc73e1", "#ff9500", "#ffcc00", "#a2845e"}

// freeColor is the first of the palette that no calendar has.
func freeColor(all []Calendar) string {
	for _, color := range palette {
		taken := false
		for _, c := range all {
			taken = taken || c.CSS() == color
		}
		if !taken {
			return color
		}
	}
	return palette[len(all)%len(palette)]
}

var colorForm = regexp.MustCompile(`^#[0-9A-Fa-f]{6}`)

// cssColor is a colour as clients write it without its opacity, which HTML has no field for.
func cssColor(color string) string {
	if c := colorForm.FindString(color); c != "" {
		return strings.ToLower(c)
	}
	return palette[0]
}

// CSS is the colour for a page.
func (c Calendar) CSS() string { return cssColor(c.Color) }

// CSS is the colour for a page.
func (d DeletedCalendar) CSS() string { return cssColor(d.Color) }

// appleColor is a colour as Apple's clients write it, with its opacity.
func appleColor(typed string) string {
	if c := colorForm.FindString(typed); c != "" && len(typed) == len(c) {
		return strings.ToUpper(c) + "FF"
	}
	return ""
}

// titleOf is what a calendar is called, also if it has no title.
func titleOf(title, component string) any {
	switch {
	case title != "":
		return verbatim(title)
	case component == "VTODO":
		return english("Tasks without a name")
	}
	return english("Calendar without a name")
}

// Words is its title.
func (c Calendar) Words() any { return titleOf(c.Title, c.Component) }

// Words is its title.
func (d DeletedCalendar) Words() any { return titleOf(d.Title, d.Component) }

// makeCalendar makes a calendar, a task list or a subscription.
func (s *site) makeCalendar(w http.ResponseWriter, r *http.Request) error {
	d, err := s.deskForm(w, r)
	if err != nil {
		return err
	}
	n := NewCalendar{Title: titleTyped(r.PostForm.Get("title")), Color: appleColor(r.PostForm.Get("color")), Component: "VEVENT"}
	switch r.PostForm.Get("kind") {
	case "tasks":
		n.Component = "VTODO"
	case "subscription":
		if n.Source, err = subscriptionSource(r.PostForm.Get("address")); err != nil {
			return err
		}
		if n.Title == "" {
			n.Title = hostOf(n.Source)
		}
	}
	if n.Title == "" {
		return noTitle
	}
	if _, err := d.MakeCalendar(r.Context(), n); err != nil {
		return deskProblem(err)
	}
	return redirect(w, calendarsPath)
}

var noTitle = &problem{Status: http.StatusBadRequest, Title: "The calendar has no name", Reason: "no-title",
	Detail: "Go back and give it a name by which you recognize it."}

// titleTyped is a title as it was typed, as one line of no great length.
func titleTyped(typed string) string { return passwordName(typed) }

// maxAddress bounds the address of a subscription, in bytes.
const maxAddress = 2000

// subscriptionSource is the address of a calendar to subscribe to, in the form that programs fetch.
func subscriptionSource(typed string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(typed))
	if err == nil && strings.EqualFold(u.Scheme, "webcal") {
		u.Scheme = "https"
	}
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(typed) > maxAddress {
		return "", &problem{Status: http.StatusBadRequest, Title: "This is no address of a calendar", Reason: "address",
			Detail: "It begins with https:// or webcal://, such as https://example.com/holidays.ics. Go back and correct it."}
	}
	return u.String(), nil
}

func hostOf(source string) string {
	u, err := url.Parse(source)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// deskForm reads a form about calendars.
func (s *site) deskForm(w http.ResponseWriter, r *http.Request) (Desk, error) {
	d, err := s.desk(r)
	if err != nil {
		return nil, err
	}
	return d, readForm(w, r)
}

// restoreCalendar brings a deleted calendar back.
func (s *site) restoreCalendar(w http.ResponseWriter, r *http.Request) error {
	d, id, err := s.deletedForm(w, r)
	if err != nil {
		return err
	}
	back, err := d.RestoreCalendar(r.Context(), id)
	if err != nil {
		return deskProblem(err)
	}
	q := url.Values{"back": {back.Name}, "left": {strconv.Itoa(back.Left)}, "invited": {strconv.Itoa(back.Invited)}}
	if back.Moved {
		q.Set("moved", "1")
	}
	return redirect(w, calendarsPath+"?"+q.Encode())
}

// showRestored tells what restoreCalendar did, which stands in the query.
func (v *calendarsView) showRestored(q url.Values) {
	for _, c := range v.Calendars {
		if c.Name == q.Get("back") {
			v.Back, v.BackTitle = &Restored{Name: c.Name, Moved: q.Get("moved") != ""}, c.Title
			v.Back.Left, _ = strconv.Atoi(q.Get("left"))
			v.Back.Invited, _ = strconv.Atoi(q.Get("invited"))
		}
	}
}

// eraseCalendar ends a deleted calendar for good.
func (s *site) eraseCalendar(w http.ResponseWriter, r *http.Request) error {
	d, id, err := s.deletedForm(w, r)
	if err != nil {
		return err
	}
	if err := d.EraseCalendar(r.Context(), id); err != nil {
		return deskProblem(err)
	}
	return redirect(w, calendarsPath)
}

// deletedForm reads which deleted calendar a form is about; what is no number is none of them.
func (s *site) deletedForm(w http.ResponseWriter, r *http.Request) (Desk, int64, error) {
	d, err := s.deskForm(w, r)
	if err != nil {
		return nil, 0, err
	}
	id, err := strconv.ParseInt(r.PostForm.Get("id"), 10, 64)
	if err != nil {
		return nil, 0, gone
	}
	return d, id, nil
}

// setBusyLink switches the free-busy page on and off. A session that began by a one-time link opens nothing to others.
func (s *site) setBusyLink(w http.ResponseWriter, r *http.Request) error {
	d, err := s.deskForm(w, r)
	if err != nil {
		return err
	}
	on := r.PostForm.Get("on") == "1"
	if on && s.sessions.linked(r.Context()) {
		return linkedOpensNothing
	}
	if err := d.SetBusyLink(r.Context(), on); err != nil {
		return deskProblem(err)
	}
	return redirect(w, calendarsPath+"#busy")
}

// linkedOpensNothing: whoever saw the code of a one-time link has a session for an hour, and must not stay in by it.
var linkedOpensNothing = &problem{Status: http.StatusForbidden, Title: "Please sign in with your password", Reason: "linked",
	Detail: "You came here by a one-time link, which does not let you open your calendars to others. Sign out, and sign in again."}
