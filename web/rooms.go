package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"calport/directory"
)

// roomsView lists the rooms and resources that somebody keeps.
type roomsView struct {
	Rooms []*directory.Principal
	Admin bool // they are all there are
}

// roomView is one of them.
type roomView struct {
	delegatesView
	Room     *directory.Principal
	Modes    []modeChoice
	Group    *directory.Principal // whose members are always accepted; nil: none
	Days     []bookedDay
	More     bool // there are others than are shown
	From, To time.Time
	Previous string // address of the weeks before
	Next     string
}

// bookedDay is a day with what is on it.
type bookedDay struct {
	Day      time.Time
	Bookings []Booking
}

// modeWords says how a room answers invitations.
var modeWords = map[directory.AutoSchedule]english{
	directory.Automatic:      "Accepts when it is free, declines when it is taken",
	directory.NoAutoSchedule: "Does not answer by itself: somebody who keeps it answers",
	directory.AcceptAlways:   "Accepts always, also when it is taken",
	directory.DeclineAlways:  "Declines always",
	directory.AcceptIfFree:   "Accepts when it is free; when it is taken, somebody who keeps it answers",
	directory.DeclineIfBusy:  "Declines when it is taken; when it is free, somebody who keeps it answers",
}

// answerWords says what a room has answered, by PARTSTAT.
var answerWords = map[string]english{
	"ACCEPTED": "Accepted", "DECLINED": "Declined", "TENTATIVE": "Tentative", "NEEDS-ACTION": "Not answered yet", "DELEGATED": "Passed on",
}

// AnswerWords is what the room has answered; empty where it was not asked.
func (b Booking) AnswerWords() english { return answerWords[b.Answer] }

// Times is from when until when, as hours on its day.
func (b Booking) Times() any {
	start, end := b.zoned()
	switch {
	case b.AllDay:
		return english("all day")
	case start.YearDay() == end.YearDay() || end.Sub(start) < 24*time.Hour:
		return verbatim(start.Format("15:04") + "–" + end.Format("15:04"))
	}
	return say("%s until %s, %s", verbatim(start.Format("15:04")), end, verbatim(end.Format("15:04")))
}

// zoned are the times where the event was made, or here where that is not said.
func (b Booking) zoned() (start, end time.Time) {
	if b.AllDay || b.Start.Location() != time.UTC {
		return b.Start, b.End
	}
	return b.Start.Local(), b.End.Local()
}

func (s *site) rooms(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	view := roomsView{Rooms: d.Places(), Admin: visitorOf(r.Context()).admin}
	return s.render(w, r, http.StatusOK, "rooms", "Rooms", view)
}

// ownPlace is a room or resource that the visitor keeps.
func ownPlace(d Desk, guid string) (*directory.Principal, error) {
	all := d.Places()
	i := slices.IndexFunc(all, func(p *directory.Principal) bool { return strings.EqualFold(p.GUID, guid) })
	if i < 0 {
		return nil, &problem{Status: http.StatusNotFound, Title: "There is no such room", Reason: "no-such-room",
			Detail: "It is not among the rooms and resources that you keep."}
	}
	return all[i], nil
}

// weeksShown is how many weeks of bookings a page has.
const weeksShown = 4

// maxPages is how many pages one may go back or ahead.
const maxPages = 26

// room shows one room or resource.
func (s *site) room(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	place, err := ownPlace(d, q.Get("id"))
	if err != nil {
		return err
	}
	now := d.PlaceOf(place)
	view := roomView{Room: place, Modes: modeChoices(place, now.AutoSchedule)}
	if view.delegatesView, err = delegatesOf(r, d, place); err != nil {
		return err
	}
	if now.AutoAcceptGroup != "" {
		view.Group = visitorOf(r.Context()).people.ByGUID(now.AutoAcceptGroup)
	}
	page, _ := strconv.Atoi(q.Get("weeks")) // what is no number is the present
	page = max(-maxPages, min(page, maxPages))
	today := s.o.Now().Local()
	view.From = time.Date(today.Year(), today.Month(), today.Day()+7*weeksShown*page, 0, 0, 0, 0, today.Location())
	view.To = view.From.AddDate(0, 0, 7*weeksShown)
	view.Previous, view.Next = weeksLink(place, page-1), weeksLink(place, page+1)
	all, more, err := d.Bookings(r.Context(), place, view.From, view.To)
	if err != nil {
		return deskProblem(err)
	}
	view.Days, view.More = byDay(all), more
	view.To = view.To.AddDate(0, 0, -1)
	return s.render(w, r, http.StatusOK, "room", "Rooms", view)
}

// modeChoice is a way in which a room may answer.
type modeChoice struct {
	Name   string
	Words  english
	Chosen bool
	Listed bool // the directory says so
}

// modes are they, in the order of the form.
var modes = []directory.AutoSchedule{directory.Automatic, directory.AcceptIfFree, directory.DeclineIfBusy, directory.AcceptAlways,
	directory.DeclineAlways, directory.NoAutoSchedule}

func modeChoices(place *directory.Principal, now directory.AutoSchedule) []modeChoice {
	var all []modeChoice
	for _, m := range modes {
		all = append(all, modeChoice{m.String(), modeWords[m], m == now, m == place.Place.AutoSchedule})
	}
	return all
}

// setRoom changes how a room answers. What is as the directory has it follows the directory.
func (s *site) setRoom(w http.ResponseWriter, r *http.Request) error {
	d, err := s.deskForm(w, r)
	if err != nil {
		return err
	}
	place, err := ownPlace(d, r.PostForm.Get("id"))
	if err != nil {
		return err
	}
	mode, err := directory.ParseAutoSchedule(r.PostForm.Get("mode"))
	if err != nil {
		return formProblem
	}
	group, err := groupTyped(visitorOf(r.Context()).people, d, r.PostForm.Get("group"))
	if err != nil {
		return err
	}
	to := PlaceSettings{AutoSchedule: mode.String(), AutoAcceptGroup: &group}
	if mode == place.Place.AutoSchedule {
		to.AutoSchedule = ""
	}
	if strings.EqualFold(group, place.Place.AutoAcceptGroup) {
		to.AutoAcceptGroup = nil
	}
	if err := d.SetPlace(r.Context(), place, to, s.deed(r, "room.set", strings.ToLower(place.GUID), "mode "+mode.String()+" group "+group)); err != nil {
		return deskProblem(err)
	}
	return redirect(w, roomLink(place))
}

// groupTyped is the group that somebody typed by its short name, mail address or a part of its name; empty is none.
func groupTyped(people *directory.Snapshot, d Desk, typed string) (guid string, err error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil
	}
	group, found := people.ByName(directory.Group, typed), d.Finds()
	if group == nil {
		q := directory.Query{Text: typed[:min(len(typed), maxSearch)], Kinds: []directory.Kind{directory.Group}, Among: found, Limit: 1}
		if hits, more := people.Search(q); len(hits) == 1 && !more {
			group = hits[0]
		}
	}
	if group == nil || !found(group) {
		return "", &problem{Status: http.StatusNotFound, Title: "There is no such group", Reason: "no-such-group",
			Detail: "No group of the directory has this name, or several have. Go back and type its short name or its mail address."}
	}
	return group.GUID, nil
}

func roomLink(place *directory.Principal) string {
	return roomPath + "?" + url.Values{"id": {place.GUID}}.Encode()
}

func weeksLink(place *directory.Principal, page int) string {
	if page < -maxPages || page > maxPages {
		return ""
	}
	return roomPath + "?" + url.Values{"id": {place.GUID}, "weeks": {strconv.Itoa(page)}}.Encode() + "#bookings"
}

var weekdays = [...]english{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// Weekday is the name of the day.
func (d bookedDay) Weekday() english { return weekdays[d.Day.Weekday()] }

// Accepted is the word of the answer that is a good one.
func (roomView) Accepted() english { return answerWords["ACCEPTED"] }

// byDay groups bookings, which are sorted, by the day on which they begin.
func byDay(all []Booking) []bookedDay {
	var days []bookedDay
	for _, b := range all {
		start, _ := b.zoned()
		day := start.Format(time.DateOnly)
		if n := len(days); n == 0 || days[n-1].Day.Format(time.DateOnly) != day {
			days = append(days, bookedDay{Day: start})
		}
		last := &days[len(days)-1]
		last.Bookings = append(last.Bookings, b)
	}
	return days
}
