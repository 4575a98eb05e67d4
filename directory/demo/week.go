package demo

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"calport/directory"
)

// Event is one calendar object of somebody's calendar, to be stored as a client would store it.
type Event struct {
	Kind     directory.Kind // of the owner: a person, a room or a resource
	Owner    string         // short name
	Calendar string         // last segment of the collection's path
	Name     string         // last segment of the object's path
	Data     []byte         // RFC 5545, one VEVENT with its VTIMEZONE
}

// appointment is a row of the week. Times are local, days count from Monday.
type appointment struct {
	slug, summary string
	description   string
	organizer     string // uid
	people        []string
	places        []string // short names of rooms and resources
	day           int
	from, to      string // hh:mm; to before from is on the next day
	days          int    // instead of times: all of so many days
	rule          string // RRULE
	except        int    // the week without the recurring appointment; 0 is none
	free          bool   // takes no time
	private       bool
}

var (
	compilers = []string{"jose", "tanaka", "dmitri", "kwame"}
	systems   = []string{"anders", "malgorzata", "priya", "mei"}
	networks  = []string{"eleni", "hoa", "seun", "radia"}
)

// week is what happens, besides everybody's lunch.
var week = []appointment{
	{slug: "stand-up", summary: "Compilers stand-up", organizer: "grace", people: compilers, from: "09:00", to: "09:15", rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=20"},
	{slug: "kick-off", summary: "Monday kick-off", description: "What is due this week, and who needs help?", organizer: "ada", people: []string{"grace", "linus", "noa", "zoë", "siobhan", "margaret"}, places: []string{"room-turing"}, from: "09:30", to: "10:15", rule: "FREQ=WEEKLY;COUNT=8"},
	{slug: "dentist", summary: "Dentist", organizer: "linus", from: "14:00", to: "15:00", private: true},
	{slug: "budget", summary: "Budget for next year", organizer: "ines", people: []string{"margaret", Admin}, places: []string{"room-hopper"}, day: 1, from: "10:00", to: "11:00"},
	{slug: "lesson", summary: "Lesson: recursion", description: "See “Lesson: recursion”.", organizer: "ayse", people: []string{"tomas", "edsger", "kwame"}, places: []string{"room-noether", "projector"}, day: 1, from: "16:00", to: "17:00", rule: "FREQ=WEEKLY;COUNT=12", except: 5},
	{slug: "scheduler", summary: "Design of the scheduler", organizer: "linus", people: systems, places: []string{"room-turing", "projector"}, day: 2, from: "10:00", to: "12:00"},
	{slug: "design-review", summary: "Design review: colours, icons; and the rest", organizer: "zoë", people: []string{"layla", "francois", "sigridur", "ada"}, places: []string{"room-hopper"}, day: 2, from: "14:00", to: "15:30"},
	{slug: "birthday", summary: "Zoë’s birthday 🎂", organizer: "zoë", day: 2, days: 1, rule: "FREQ=YEARLY", free: true},
	{slug: "school-visit", summary: "School visit", description: "Departure at the main entrance. Lunch is on us.", organizer: "siobhan", people: []string{"tim", "sigridur"}, places: []string{"van"}, day: 3, from: "08:30", to: "12:15"},
	{slug: "one-to-one", summary: "Ada and Grace", organizer: "ada", people: []string{"grace"}, places: []string{"room-khwarizmi"}, day: 3, from: "11:00", to: "11:30", rule: "FREQ=WEEKLY;INTERVAL=2;COUNT=6"},
	{slug: "leave", summary: "Leave: sailing around Ærø", organizer: "anders", day: 3, days: 2},
	{slug: "maintenance", summary: "Network maintenance", organizer: "noa", people: networks, day: 3, from: "22:00", to: "00:30"},
	{slug: "interview", summary: "Interview: compiler engineer", organizer: "grace", people: []string{"ada", "dmitri"}, places: []string{"room-hopper"}, day: 4, from: "10:00", to: "11:00"},
	{slug: "release", summary: "Release 2.0", organizer: "grace", people: compilers, day: 4, days: 1, free: true},
	{slug: "tea", summary: "Tea, for everybody", organizer: "margaret", people: allBut("margaret", "anders"), places: []string{"room-noether"}, day: 4, from: "15:30", to: "16:30", rule: "FREQ=WEEKLY;COUNT=8"},
}

func allBut(left ...string) []string {
	var all []string
	for _, p := range people {
		if !slices.Contains(left, p.uid) {
			all = append(all, p.uid)
		}
	}
	return all
}

// Week writes a week of the sample people: meetings with rooms, a recurring lesson, lunch, days off. Everybody
// concerned, rooms included, has a copy of their own. Monday is any time on the first day; its location, best one with
// an IANA name, is where the organisation is. The same Monday gives the same bytes.
func Week(monday time.Time) []Event {
	year, month, day := monday.Date()
	monday = time.Date(year, month, day, 0, 0, 0, 0, monday.Location())
	all := slices.Clone(week)
	for _, p := range people {
		all = append(all, appointment{
			slug: "lunch-" + p.uid, summary: "Lunch", organizer: p.uid, from: "12:30", to: "13:15", rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=20",
		})
	}
	zone := vtimezone(monday)
	var events []Event
	for _, a := range all {
		id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://"+Domain+"/"+url.PathEscape(a.slug)+"/"+monday.Format(time.DateOnly))).String()
		data := a.calendar(strings.ToUpper(id), monday, zone)
		for _, w := range a.participants() {
			events = append(events, Event{Kind: w.kind, Owner: w.name, Calendar: "calendar", Name: id + ".ics", Data: data})
		}
	}
	return events
}

// participant is somebody, or some room, taking part.
type participant struct {
	kind       directory.Kind
	name       string // short name
	fullName   string
	mail       string
	status     string // PARTSTAT
	organizing bool
}

// participants are the organizer, the people and the places.
func (a appointment) participants() []participant {
	var all []participant
	for i, uid := range append([]string{a.organizer}, a.people...) {
		p := people[slices.IndexFunc(people, func(p person) bool { return p.uid == uid })]
		all = append(all, participant{directory.Individual, p.uid, p.fullName(), p.mails()[0], answerOf(i), i == 0})
	}
	for _, name := range a.places {
		all = append(all, placeOf(name))
	}
	return all
}

// answerOf is the answer of a meeting's nth person: nearly all come.
func answerOf(n int) string {
	switch n % 9 {
	case 4:
		return "TENTATIVE"
	case 6:
		return "NEEDS-ACTION"
	case 8:
		return "DECLINED"
	}
	return "ACCEPTED"
}

func placeOf(name string) participant {
	kind, of := directory.Room, rooms
	i := slices.IndexFunc(of, func(p place) bool { return p.name == name })
	if i < 0 {
		kind, of = directory.Resource, resources
		i = slices.IndexFunc(of, func(p place) bool { return p.name == name })
	}
	return participant{kind, name, of[i].fullName, name + "@" + Domain, "ACCEPTED", false}
}
