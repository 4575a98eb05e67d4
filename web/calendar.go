package web

import (
	"net/http"
	"slices"
	"strings"
)

// calendar shows one calendar, with what can be done with it.
func (s *site) calendar(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	c, err := ownCalendar(r, d, r.URL.Query().Get("name"))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "calendar", "Calendar", c)
}

// ownCalendar finds one of the visitor's calendars.
func ownCalendar(r *http.Request, d Desk, name string) (Calendar, error) {
	all, err := d.Calendars(r.Context())
	if err != nil {
		return Calendar{}, deskProblem(err)
	}
	i := slices.IndexFunc(all, func(c Calendar) bool { return c.Name == name })
	if i < 0 {
		return Calendar{}, gone
	}
	return all[i], nil
}

// changeCalendar gives a calendar another title and colour. A colour that was not touched stays as it is, with its opacity.
func (s *site) changeCalendar(w http.ResponseWriter, r *http.Request) error {
	d, err := s.deskForm(w, r)
	if err != nil {
		return err
	}
	c, err := ownCalendar(r, d, r.PostForm.Get("name"))
	if err != nil {
		return err
	}
	title, color := titleTyped(r.PostForm.Get("title")), c.Color
	if title == "" {
		return noTitle
	}
	if typed := r.PostForm.Get("color"); !strings.EqualFold(typed, c.CSS()) {
		color = appleColor(typed)
	}
	if err := d.ChangeCalendar(r.Context(), c.Name, title, color); err != nil {
		return deskProblem(err)
	}
	return redirect(w, calendarsPath)
}

// deleteCalendar deletes a calendar; the page that follows has the way back.
func (s *site) deleteCalendar(w http.ResponseWriter, r *http.Request) error {
	d, err := s.deskForm(w, r)
	if err != nil {
		return err
	}
	c, err := ownCalendar(r, d, r.PostForm.Get("name"))
	if err != nil {
		return err
	}
	if err := d.DeleteCalendar(r.Context(), c.Name); err != nil {
		return deskProblem(err)
	}
	return redirect(w, calendarsPath)
}

// downloadCalendar hands out a calendar as an iCalendar file.
func (s *site) downloadCalendar(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	c, err := ownCalendar(r, d, r.URL.Query().Get("name"))
	if err != nil {
		return err
	}
	if c.Component == "" {
		return gone // others have what is in a subscription
	}
	title := c.Title
	if title == "" {
		title = "calendar"
	}
	w.Header().Set("Content-Disposition", attachment(title+".ics"))
	w.Header().Set("Cache-Control", "no-store")
	d.Download(w, r, c.Name)
	return nil
}
