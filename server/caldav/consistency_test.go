package caldav_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"calport/directory"
	"calport/server/ical"
	"calport/server/store"
)

// life is a recurring meeting in an office, as its people's clients, delegates and the portal treat it: package itip has
// the like for messages alone, this one is about what lies between them, calendars that come and go, splits, the directory.
type life struct {
	*office
	t         *testing.T
	rt        *rapid.T
	organizer *directory.Principal
	guests    []*directory.Principal // who answer
	assistant *directory.Principal   // writes for the organizer
	uids      []string               // of the parts of the meeting
	log       []string
}

// livesLast is how many things happen in a life, at most.
const livesLast = 15

func TestCopiesStayConsistentWhateverIsDone(t *testing.T) {
	o := newOffice(t, 5)
	o.people[0].Delegates.Write = []string{o.people[4].GUID}
	for _, p := range o.people[:4] {
		if w := o.do(p, "MKCALENDAR", homePath(p)+"other/", ""); w.Code != http.StatusCreated {
			t.Fatalf("MKCALENDAR: %d %s", w.Code, w.Body)
		}
	}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		l := &life{office: o, t: t, rt: rt, organizer: o.people[0], guests: o.people[1:4], assistant: o.people[4]}
		n++
		l.uids = []string{fmt.Sprintf("life-%d", n)}
		l.know(staff(o.people[1], o.people[2]))
		deeds := l.deeds()
		names := slices.Sorted(func(yield func(string) bool) {
			for name := range deeds {
				if !yield(name) {
					return
				}
			}
		})
		l.create()
		for range rapid.IntRange(1, livesLast).Draw(rt, "deeds") {
			name := rapid.SampledFrom(names).Draw(rt, "deed")
			l.log = append(l.log, name)
			deeds[name]()
			l.clock = l.clock.Add(time.Minute)
		}
		l.check()
		for _, uid := range l.uids { // the next one finds the room free
			if path, _ := l.copyAt(l.organizer, uid); path != "" {
				l.request(l.organizer, "DELETE", path, "")
			}
		}
	})
}

// deeds are what may happen.
func (l *life) deeds() map[string]func() {
	return map[string]func(){
		"create": l.create, "rename": l.rename, "renameInstance": l.renameInstance, "move": l.move, "moveInstance": l.moveInstance,
		"exclude": l.exclude, "cancelInstance": l.cancelInstance, "invite": l.invite, "uninvite": l.uninvite, "force": l.force,
		"split": l.split, "remove": l.remove, "join": l.join,
		"answer": l.answer, "answerInstance": l.answerInstance, "hideInstance": l.hideInstance, "leave": l.leave,
		"moveCalendar": l.moveCalendar, "dropCalendar": l.dropCalendar, "check": l.check,
	}
}

func (l *life) request(who *directory.Principal, method, path, body string, head ...string) {
	l.rt.Helper()
	if w := l.do(who, method, path, body, head...); w.Code >= 300 {
		l.rt.Fatalf("%s %s %s: %d %s\n%s\n%s", who.ShortName, method, path, w.Code, w.Body, body, strings.Join(l.log, " "))
	}
}

// copyAt is what somebody has of a UID, and where; "" for nothing.
func (l *life) copyAt(p *directory.Principal, uid string) (path string, object *ical.Component) {
	l.rt.Helper()
	err := l.store.Read(l.t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(strings.ToLower(p.GUID))
		if err != nil {
			return err
		}
		item, err := tx.ObjectByUID(h.ID, uid, store.Whole)
		if err != nil {
			return err
		}
		path = homePath(p) + h.CollectionByID(item.CollectionID).Name + "/" + item.Name
		object, err = ical.Parse(item.Data)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		l.rt.Fatal(err)
	}
	return path, object
}

func (l *life) create() {
	uid := l.uids[0]
	if path, _ := l.copyAt(l.organizer, uid); path != "" {
		return
	}
	guests := rapid.SliceOfDistinct(rapid.SampledFrom([]*directory.Principal{l.guests[0], l.guests[1], l.guests[2], l.room}),
		func(p *directory.Principal) string { return p.GUID }).Draw(l.rt, "guests")
	body := strings.Replace(meetingOf(uid, 9, l.organizer, append(guests, l.organizer)...), "SUMMARY", "RRULE:FREQ=DAILY;COUNT=6\r\nSUMMARY", 1)
	l.request(l.organizer, "PUT", inCalendar(l.organizer, uid+".ics"), body)
}

// write lets somebody change one of the parts in his calendars, as actor's client does.
func (l *life) write(actor, whose *directory.Principal, change func(object, master *ical.Component, days []time.Time) bool) {
	l.rt.Helper()
	path, object := l.copyAt(whose, rapid.SampledFrom(l.uids).Draw(l.rt, "uid"))
	if object == nil {
		return
	}
	o := ical.NewObject(object, nil)
	var days []time.Time
	for i := range o.Instances(ical.Range{}) {
		if !i.RecurrenceID.IsZero() && i.Component.Value("STATUS") != "CANCELLED" {
			days = append(days, i.RecurrenceID.Clock())
		}
	}
	if o.Master() == nil || len(days) == 0 || !change(object, o.Master(), days) {
		return
	}
	l.request(actor, "PUT", path, object.String())
}

// organize is a write by the organizer or his assistant.
func (l *life) organize(change func(object, master *ical.Component, days []time.Time) bool) {
	l.rt.Helper()
	l.write(rapid.SampledFrom([]*directory.Principal{l.organizer, l.assistant}).Draw(l.rt, "by"), l.organizer, change)
}

// instance is the component of one of the days, which it makes if need be.
func (l *life) instance(object, master *ical.Component, days []time.Time) *ical.Component {
	day := ical.UTCOf(rapid.SampledFrom(days).Draw(l.rt, "day"))
	for _, c := range object.Components {
		if c.Value("RECURRENCE-ID") == day.String() {
			return c
		}
	}
	c := master.Clone()
	c.DelFunc(func(p *ical.Property) bool { return slices.Contains([]string{"RRULE", "RDATE", "EXDATE"}, p.Name()) })
	c.Set(day.Property("DTSTART"))
	c.Set(day.Property("RECURRENCE-ID"))
	object.AddChild(c)
	return c
}

func (l *life) rename() {
	l.organize(func(object, _ *ical.Component, _ []time.Time) bool {
		for c := range object.Children("VEVENT") {
			c.Set(ical.NewText("SUMMARY", rapid.SampledFrom([]string{"Tea", "Coffee"}).Draw(l.rt, "summary")))
		}
		return true
	})
}

func (l *life) renameInstance() {
	l.organize(func(object, master *ical.Component, days []time.Time) bool {
		l.instance(object, master, days).Set(ical.NewText("SUMMARY", rapid.SampledFrom([]string{"Cake", "Biscuits"}).Draw(l.rt, "summary")))
		return true
	})
}

// move gives the whole series another hour.
func (l *life) move() {
	l.organize(func(object, master *ical.Component, days []time.Time) bool {
		object.DelChildren(func(c *ical.Component) bool { return c.Prop("RECURRENCE-ID") != nil })
		master.Del("EXDATE")
		start, _ := master.Prop("DTSTART").Time()
		day := start.Clock().Truncate(24 * time.Hour)
		master.Set(ical.UTCOf(day.Add(time.Duration(rapid.IntRange(8, 12).Draw(l.rt, "hour")) * time.Hour)).Property("DTSTART"))
		return true
	})
}

func (l *life) moveInstance() {
	l.organize(func(object, master *ical.Component, days []time.Time) bool {
		c := l.instance(object, master, days)
		day, _ := c.Prop("RECURRENCE-ID").Time()
		c.Set(ical.UTCOf(day.Clock().Add(time.Duration(rapid.IntRange(1, 3).Draw(l.rt, "hours")) * time.Hour)).Property("DTSTART"))
		return true
	})
}

// without takes an instance out of a copy.
func (l *life) without(object, master *ical.Component, days []time.Time) bool {
	if len(days) < 2 {
		return false
	}
	gone := l.instance(object, master, days)
	object.DelChildren(func(c *ical.Component) bool { return c == gone })
	master.Add(ical.NewProperty("EXDATE", gone.Value("RECURRENCE-ID")))
	return true
}

func (l *life) exclude() { l.organize(l.without) }

func (l *life) cancelInstance() {
	l.organize(func(object, master *ical.Component, days []time.Time) bool {
		if len(days) < 2 {
			return false
		}
		l.instance(object, master, days).Set(ical.NewProperty("STATUS", "CANCELLED"))
		return true
	})
}

// somewhere is the master, or an instance.
func (l *life) somewhere(object, master *ical.Component, days []time.Time) *ical.Component {
	if rapid.Bool().Draw(l.rt, "one instance") {
		return l.instance(object, master, days)
	}
	return master
}

func attendeeOf(c *ical.Component, who *directory.Principal) *ical.Property {
	for p := range c.Props("ATTENDEE") {
		if strings.EqualFold(p.Value(), "urn:x-uid:"+who.GUID) || who.Mail() != "" && strings.EqualFold(p.Value(), "mailto:"+who.Mail()) {
			return p
		}
	}
	return nil
}

func (l *life) anybody() *directory.Principal {
	all := append(slices.Clone(l.guests), l.room, l.known.ByGUID("0b000000-0000-4000-8000-0000000000aa"))
	return all[rapid.IntRange(0, len(all)-1).Draw(l.rt, "whom")]
}

func (l *life) invite() {
	l.organize(func(object, master *ical.Component, days []time.Time) bool {
		c, who := l.somewhere(object, master, days), l.anybody()
		if attendeeOf(c, who) != nil {
			return false
		}
		address := "urn:x-uid:" + who.GUID
		if who.Mail() != "" {
			address = "mailto:" + who.Mail()
		}
		c.Add(ical.NewProperty("ATTENDEE", address))
		return true
	})
}

func (l *life) uninvite() {
	l.organize(func(object, master *ical.Component, days []time.Time) bool {
		c := l.somewhere(object, master, days)
		gone := attendeeOf(c, l.anybody())
		c.DelFunc(func(p *ical.Property) bool { return p == gone })
		return true
	})
}

func (l *life) force() {
	l.organize(func(object, master *ical.Component, days []time.Time) bool {
		p := attendeeOf(l.somewhere(object, master, days), l.anybody())
		if p != nil {
			p.SetParam("SCHEDULE-FORCE-SEND", "REQUEST")
		}
		return true
	})
}

// split parts the series between two of its days.
func (l *life) split() {
	path, object := l.copyAt(l.organizer, l.uids[0])
	if object == nil {
		return
	}
	past := fmt.Sprintf("%s-%d", l.uids[0], len(l.uids))
	at := time.Date(2026, 9, rapid.IntRange(8, 12).Draw(l.rt, "day"), 0, 0, 0, 0, time.UTC)
	w := l.do(rapid.SampledFrom([]*directory.Principal{l.organizer, l.assistant}).Draw(l.rt, "by"), "POST",
		path+"?action=split&rid="+ical.UTCOf(at).String()+"&uid="+past, "")
	switch w.Code {
	case http.StatusNoContent:
		l.uids = append(l.uids, past)
	case http.StatusForbidden: // nothing of it is on one side
	default:
		l.rt.Fatalf("splitting: %d %s", w.Code, w.Body)
	}
}

func (l *life) remove() {
	if path, _ := l.copyAt(l.organizer, rapid.SampledFrom(l.uids).Draw(l.rt, "uid")); path != "" {
		l.request(l.organizer, "DELETE", path, "")
	}
}

// join changes who is in the group.
func (l *life) join() {
	l.know(staff(rapid.SliceOfDistinct(rapid.SampledFrom(l.guests), func(p *directory.Principal) string { return p.GUID }).Draw(l.rt, "members")...))
	if err := l.Reconcile(l.t.Context()); err != nil {
		l.rt.Fatal(err)
	}
}

func (l *life) guest() *directory.Principal {
	return l.guests[rapid.IntRange(0, len(l.guests)-1).Draw(l.rt, "guest")]
}

var answersOfGuests = []string{"ACCEPTED", "DECLINED", "TENTATIVE"}

func (l *life) answer() {
	who := l.guest()
	l.write(who, who, func(object, _ *ical.Component, _ []time.Time) bool {
		answer := rapid.SampledFrom(answersOfGuests).Draw(l.rt, "answer")
		for c := range object.Children("VEVENT") {
			if p := attendeeOf(c, who); p != nil {
				p.SetParam("PARTSTAT", answer)
			}
		}
		return true
	})
}

func (l *life) answerInstance() {
	who := l.guest()
	l.write(who, who, func(object, master *ical.Component, days []time.Time) bool {
		p := attendeeOf(l.instance(object, master, days), who)
		if p != nil {
			p.SetParam("PARTSTAT", rapid.SampledFrom(answersOfGuests).Draw(l.rt, "answer"))
		}
		return p != nil
	})
}

func (l *life) hideInstance() {
	who := l.guest()
	l.write(who, who, l.without)
}

func (l *life) leave() {
	who := l.guest()
	if path, _ := l.copyAt(who, rapid.SampledFrom(l.uids).Draw(l.rt, "uid")); path != "" {
		l.request(who, "DELETE", path, "")
	}
}

// anyone is the organizer or a guest.
func (l *life) anyone() *directory.Principal {
	return l.people[rapid.IntRange(0, 3).Draw(l.rt, "who")]
}

// moveCalendar puts a copy into another calendar.
func (l *life) moveCalendar() {
	who := l.anyone()
	path, _ := l.copyAt(who, rapid.SampledFrom(l.uids).Draw(l.rt, "uid"))
	if path == "" {
		return
	}
	from, to := "/calendar/", "/other/"
	if strings.Contains(path, to) {
		from, to = to, from
	}
	l.request(who, "MOVE", path, "", "Destination: "+strings.Replace(path, from, to, 1))
}

// dropCalendar deletes a calendar in the portal, and brings it back: before others have heard of that, or afterwards.
func (l *life) dropCalendar() {
	who := l.anyone()
	name := rapid.SampledFrom([]string{"calendar", "other"}).Draw(l.rt, "calendar")
	if err := l.As(who).DeleteCalendar(l.t.Context(), name); err != nil {
		l.rt.Fatal(err)
	}
	if rapid.Bool().Draw(l.rt, "others hear") {
		l.clock = l.clock.Add(11 * time.Minute)
		if err := l.TidyDiscarded(l.t.Context()); err != nil {
			l.rt.Fatal(err)
		}
	}
	all, err := l.As(who).DeletedCalendars(l.t.Context())
	if err != nil || len(all) == 0 {
		l.rt.Fatalf("deleted are %v, %v", all, err)
	}
	if done, err := l.As(who).RestoreCalendar(l.t.Context(), all[0].ID); err != nil || done.Moved {
		l.rt.Fatalf("got %+v, %v", done, err)
	}
}

// check does what waits, and compares all copies with the organizer's.
func (l *life) check() {
	l.rt.Helper()
	l.clock = l.clock.Add(time.Second)
	if _, err := l.Scheduler().Catchup(l.t.Context()); err != nil {
		l.rt.Fatal(err)
	}
	for _, uid := range l.uids {
		_, theirs := l.copyAt(l.organizer, uid)
		for _, who := range append(slices.Clone(l.guests), l.room) {
			_, mine := l.copyAt(who, uid)
			l.compare(who, uid, instancesFor(theirs, who), instancesFor(mine, who))
		}
	}
}

// instancesFor are those that are on and to which somebody is invited, by RECURRENCE-ID.
func instancesFor(object *ical.Component, who *directory.Principal) map[string]ical.Instance {
	all := map[string]ical.Instance{}
	if object == nil {
		return all
	}
	for i := range ical.NewObject(object, nil).Instances(ical.Range{}) {
		if i.Component.Value("STATUS") != "CANCELLED" && attendeeOf(i.Component, who) != nil {
			at := i.RecurrenceID
			if at.IsZero() {
				at = ical.UTCOf(i.Start)
			}
			all[at.String()] = i
		}
	}
	return all
}

func (l *life) compare(who *directory.Principal, uid string, want, got map[string]ical.Instance) {
	l.rt.Helper()
	for at, w := range want {
		answer := attendeeOf(w.Component, who).Param("PARTSTAT")
		g, ok := got[at]
		switch {
		case !ok && answer == "DECLINED": // he hides it
		case !ok:
			l.fail(who, uid, "lacks %s (%s)", at, answer)
		case !g.Start.Equal(w.Start), !g.End.Equal(w.End), g.Component.Text("SUMMARY") != w.Component.Text("SUMMARY"):
			l.fail(who, uid, "has %s as %s at %s, want %s at %s", at, g.Component.Text("SUMMARY"), g.Start, w.Component.Text("SUMMARY"), w.Start)
		default:
			l.compareAnswers(who, uid, at, w.Component, g.Component)
		}
	}
	for at := range got {
		if _, ok := want[at]; !ok {
			l.fail(who, uid, "still has %s", at)
		}
	}
}

func (l *life) compareAnswers(who *directory.Principal, uid, at string, want, got *ical.Component) {
	l.rt.Helper()
	answers := func(c *ical.Component) map[string]string {
		all := map[string]string{}
		for p := range c.Props("ATTENDEE") {
			if all[p.Value()] = p.Param("PARTSTAT"); all[p.Value()] == "" {
				all[p.Value()] = "NEEDS-ACTION"
			}
		}
		return all
	}
	if w, g := fmt.Sprint(answers(want)), fmt.Sprint(answers(got)); g != w {
		l.fail(who, uid, "has at %s the answers %s, want %s", at, g, w)
	}
}

func (l *life) fail(who *directory.Principal, uid, format string, args ...any) {
	l.rt.Helper()
	_, theirs := l.copyAt(l.organizer, uid)
	_, mine := l.copyAt(who, uid)
	l.rt.Fatalf("%s of %s: "+format+"\n%v\nthe organizer's:\n%v\n%s", append([]any{who.ShortName, uid}, append(args, mine, theirs, strings.Join(l.log, " "))...)...)
}
