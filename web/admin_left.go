package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/go-chi/chi/v5"
)

// Left is what is kept of those who are no longer in the directory. They are named by GUID in lower case.
type Left interface {
	// Departed lists them, the latest first.
	Departed(ctx context.Context) ([]Departed, error)
	// DepartedOne finds one of them.
	DepartedOne(ctx context.Context, owner string) (d Departed, found bool, err error)
	// EraseDeparted has all erased that is kept of some; meetings that they organize and that lie ahead are called off if
	// that is wanted. It goes on after the answer. The Object of the Deed is made of each.
	EraseDeparted(ctx context.Context, d Deed, owners []string, callOff bool) error
	// CalendarsOf lists the calendars of one.
	CalendarsOf(ctx context.Context, owner string) ([]Calendar, error)
	// DownloadOf answers with one of them as an iCalendar file.
	DownloadOf(w http.ResponseWriter, r *http.Request, owner, name string) error
}

// Departed is a person, room or resource who is no longer in the directory.
type Departed struct {
	Owner    string // GUID in lower case
	Kind     int64  // a directory.Kind
	Name     string // short name as last known; empty: it never was
	FullName string
	Mails    []string
	Since    time.Time // when it was noticed

	Seen      time.Time // when a client has signed in last; zero: never, or long ago
	Calendars int64     // deleted ones that can be brought back among them
	Objects   int64     // in them
	Size      int64     // in octets
	Unsent    int64     // mails in his name that wait

	Asked   time.Time // when it was asked that he be erased; zero: it was not
	AskedBy string
	CallOff bool
	Problem string // why erasing has failed last
}

const (
	leftPath      = adminPath + "people/left"
	leftOnePath   = leftPath + "/{guid}"
	leftErasePath = leftPath + "/all/erase" // not beside {guid}, which would have GET allowed
	leftCopyPath  = leftPath + "/all/copy"
)

// leftDays narrow the list to those who left so many days ago; 0 is everybody.
var leftDays = []struct {
	days  int
	words english
}{{0, "Everybody"}, {30, "For over 30 days"}, {90, "For over 90 days"}, {365, "For over a year"}}

// leftView lists who has left.
type leftView struct {
	listing
	Now    time.Time
	Rows   []departedRow
	Under  int   // of all: how many are being erased
	Before int64 // when the latest of the list had left; 0: the list is not narrowed
	Count  int   // of the list, on all its pages: how many can be asked to be erased
}

// Again says that the page is asked for anew while somebody is being erased; not under the hands of one who fills its form in.
func (v leftView) Again() bool { return v.Under > 0 && !v.Form() }

// Form says that all of the list can be asked to be erased.
func (v leftView) Form() bool { return v.Before > 0 && v.Count > 0 }

// departedRow is one who has left, in words.
type departedRow struct {
	Departed
	Called string
	Path   string
	Volume string
}

// Awaits is how many mails go out before somebody is erased.
func (d departedRow) Awaits() int64 {
	if d.Asked.IsZero() || !d.CallOff {
		return 0
	}
	return d.Unsent
}

func rowOf(d Departed) departedRow {
	row := departedRow{Departed: d, Called: d.FullName, Path: strings.Replace(leftOnePath, "{guid}", url.PathEscape(d.Owner), 1), Volume: humanize.IBytes(uint64(d.Size))}
	for _, name := range []string{d.Name, d.Owner} {
		if row.Called == "" {
			row.Called = name
		}
	}
	return row
}

// refreshWhileErasing is after how many seconds a page is asked for anew on which somebody is being erased: it shows how
// far it is, without a script.
const refreshWhileErasing = "3"

func (s *site) left(w http.ResponseWriter, r *http.Request) error {
	all, err := s.o.Left.Departed(r.Context())
	if err != nil {
		return err
	}
	a := askedOf(r)
	view := leftView{Now: s.o.Now()}
	for _, d := range all {
		if !d.Asked.IsZero() {
			view.Under++
		}
	}
	days, _ := strconv.Atoi(a.query.Get("older"))
	if days > 0 {
		before := view.Now.AddDate(0, 0, -days)
		view.Before = before.Unix()
		all = slices.DeleteFunc(all, func(d Departed) bool { return !d.Since.Before(before) })
	}
	for _, d := range all {
		if d.Asked.IsZero() {
			view.Count++
		}
	}
	from := min(a.skip(), len(all))
	until := min(from+rowsPerPage, len(all))
	view.listing = a.listing(until-from, until < len(all))
	view.Total, view.Empty = len(all), "Nothing is kept of anybody who has left."
	for _, n := range leftDays {
		value := strconv.Itoa(n.days)
		if n.days == 0 {
			value = ""
		}
		view.Choices = append(view.Choices, link{a.with("older", value), n.words, n.days == days})
	}
	for _, d := range all[from:until] {
		view.Rows = append(view.Rows, rowOf(d))
	}
	if view.Again() {
		w.Header().Set("Refresh", refreshWhileErasing)
	}
	return s.render(w, r, http.StatusOK, "admin-left", "Who has left", view)
}

// leftOneView is about one who has left.
type leftOneView struct {
	Now  time.Time
	Row  departedRow
	Kept []Calendar
}

// departed finds one who has left.
func (s *site) departed(ctx context.Context, owner string) (Departed, error) {
	d, found, err := s.o.Left.DepartedOne(ctx, owner)
	if err == nil && !found {
		err = noSuchPath
	}
	return d, err
}

func (s *site) leftOne(w http.ResponseWriter, r *http.Request) error {
	d, err := s.departed(r.Context(), strings.ToLower(chi.URLParam(r, "guid")))
	if err != nil {
		return err
	}
	view := leftOneView{Now: s.o.Now(), Row: rowOf(d)}
	if view.Kept, err = s.o.Left.CalendarsOf(r.Context(), d.Owner); err != nil {
		return err
	}
	view.Kept = slices.DeleteFunc(view.Kept, func(c Calendar) bool { return c.Component == "" })
	if !d.Asked.IsZero() {
		w.Header().Set("Refresh", refreshWhileErasing)
	}
	return s.render(w, r, http.StatusOK, "admin-left-one", "Who has left", view)
}

// eraseLeft has one erased, or all who had left before a time.
func (s *site) eraseLeft(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	f := r.PostForm
	if f.Get("sure") == "" {
		return &problem{Status: http.StatusUnprocessableEntity, Title: "Nobody has been erased", Reason: "not-sure",
			Detail: "Say in the form that you are sure: it cannot be undone. Go back and try again."}
	}
	all, err := s.o.Left.Departed(r.Context())
	if err != nil {
		return err
	}
	var owners []string
	before, _ := strconv.ParseInt(f.Get("before"), 10, 64)
	for _, d := range all {
		if d.Owner == f.Get("who") || f.Get("who") == "" && d.Asked.IsZero() && d.Since.Unix() < before {
			owners = append(owners, d.Owner)
		}
	}
	if len(owners) == 0 {
		return noSuchPath
	}
	detail := ""
	if f.Get("call_off") != "" {
		detail = "meetings are called off"
	}
	if err := s.o.Left.EraseDeparted(r.Context(), s.deed(r, "left.erase", "", detail), owners, detail != ""); err != nil {
		return err
	}
	return redirect(w, leftPath)
}

// copyLeft hands out a calendar of one who has left. What is in it is personal, so that it is a deed.
func (s *site) copyLeft(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	d, err := s.departed(r.Context(), r.PostForm.Get("who"))
	if err != nil {
		return err
	}
	all, err := s.o.Left.CalendarsOf(r.Context(), d.Owner)
	if err != nil {
		return err
	}
	name := r.PostForm.Get("name")
	if !slices.ContainsFunc(all, func(c Calendar) bool { return c.Name == name }) {
		return noSuchPath
	}
	if err := s.o.Audit.Note(r.Context(), s.deed(r, "left.copy", d.Owner, name)); err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", attachment(rowOf(d).Called+" "+name+".ics"))
	w.Header().Set("Cache-Control", "no-store")
	return s.o.Left.DownloadOf(w, r, d.Owner, name)
}
