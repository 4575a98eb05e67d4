package itip

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"calport/server/ical"
)

// meeting is a world in which ada has a recurring meeting with the others, which she may part in two.
type meeting struct {
	*world
	rt     *rapid.T
	ada    *home
	others []*home
}

// The names and UIDs of the meetings that ada may have.
const meetingName, laterName = "meeting.ics", "later.ics"

var uidOfName = map[string]string{meetingName: "1", laterName: "2"}

var people = []string{"bob", "cyd", "dan", "automatic"}

func newMeeting(t testing.TB, rt *rapid.T) *meeting {
	m := &meeting{world: newWorld(t, time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)), rt: rt}
	m.groups = map[string][]string{addressOf("staff"): {addressOf("bob"), addressOf("dan")}}
	m.ada = m.add(User{Address: addressOf("ada"), CN: "Ada"})
	for _, name := range people {
		h := m.add(User{Address: addressOf(name), CN: name})
		if name == "automatic" {
			h.mode = "automatic"
		}
		m.others = append(m.others, h)
	}
	return m
}

// edit lets ada change her copy of one of the meetings.
func (m *meeting) edit(change func(s *series)) {
	var has []string
	for _, name := range []string{meetingName, laterName} {
		if m.ada.items[name] != nil {
			has = append(has, name)
		}
	}
	if len(has) > 0 {
		m.editOne(rapid.SampledFrom(has).Draw(m.rt, "meeting"), change)
	}
}

func (m *meeting) editOne(name string, change func(s *series)) {
	old := m.ada.items[name]
	x := newCall(m.context(m.ada))
	s := x.read(old.Clone())
	for at := range m.days(s) {
		s.asked[at] = true
	}
	change(s)
	if err := m.put(m.ada, name, s.cal, rapid.Bool().Draw(m.rt, "stale")); err != nil {
		m.rt.Fatalf("ada: %v", err)
	}
	m.now = m.now.Add(time.Minute)
}

// days returns the ids that the series may have.
func (m *meeting) days(s *series) map[id]bool {
	all := map[id]bool{}
	if s.parts[whole] == nil {
		return all
	}
	start := s.when(s.parts[whole]).start
	for i := range int64(12) {
		all[id(start+i*43200)] = true // additional dates are half days
	}
	return all
}

// pick draws an instance that the series has.
func (m *meeting) pick(s *series) (id, bool) {
	var valid []id
	for at := range m.days(s) {
		if s.valid(at) {
			valid = append(valid, at)
		}
	}
	if len(valid) == 0 {
		return 0, false
	}
	slices.Sort(valid)
	return rapid.SampledFrom(valid).Draw(m.rt, "instance"), true
}

// override returns the component of an instance, which it makes if need be.
func override(s *series, at id) *ical.Component {
	if s.parts[at] == nil {
		s.add(at, s.derive(at))
	}
	return s.parts[at]
}

func (m *meeting) create(*rapid.T) {
	if m.ada.items[meetingName] != nil {
		return
	}
	lines := []string{
		"DTSTART:20260504T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=6", "SUMMARY:Tea", "UID:1",
		"ORGANIZER:" + addressOf("ada"), "ATTENDEE;PARTSTAT=ACCEPTED:" + addressOf("ada"),
	}
	for _, who := range rapid.SliceOfDistinct(rapid.SampledFrom(people), func(s string) string { return s }).Draw(m.rt, "who") {
		lines = append(lines, "ATTENDEE:"+addressOf(who))
	}
	cal := parse(m.t, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"+strings.Join(lines, "\r\n")+"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
	if s := rapid.IntRange(0, 3).Draw(m.rt, "sequence"); s > 0 {
		setSequence(cal.Child("VEVENT"), s)
	}
	if err := m.put(m.ada, meetingName, cal, false); err != nil {
		m.rt.Fatalf("ada: %v", err)
	}
}

func parse(t testing.TB, text string) *ical.Component {
	t.Helper()
	cal, err := ical.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

func (m *meeting) rename(*rapid.T) {
	m.edit(func(s *series) {
		s.parts[whole].Set(ical.NewText("SUMMARY", rapid.SampledFrom([]string{"Tea", "Coffee", "Milk"}).Draw(m.rt, "summary")))
	})
}

func (m *meeting) move(*rapid.T) {
	m.edit(func(s *series) {
		for _, at := range slices.Clone(s.ids) {
			if at != whole {
				s.remove(at)
			}
		}
		s.parts[whole].Del("EXDATE")
		hour := rapid.IntRange(8, 12).Draw(m.rt, "hour")
		retime(s.parts[whole], "DTSTART", ical.UTCOf(time.Date(2026, 5, 4, hour, 0, 0, 0, time.UTC)))
	})
}

func (m *meeting) moveInstance(*rapid.T) {
	m.edit(func(s *series) {
		if at, ok := m.pick(s); ok {
			hour := rapid.IntRange(1, 5).Draw(m.rt, "hours")
			retime(override(s, at), "DTSTART", ical.UTCOf(time.Unix(int64(at), 0).UTC().Add(time.Duration(hour)*time.Hour)))
		}
	})
}

func (m *meeting) dropOverride(*rapid.T) {
	m.edit(func(s *series) {
		if at, ok := m.pick(s); ok {
			s.remove(at)
		}
	})
}

func (m *meeting) exclude(*rapid.T) {
	m.edit(func(s *series) {
		if at, ok := m.pick(s); ok && len(m.days(s)) > 1 {
			s.remove(at)
			s.exclude(at, s.time(at))
		}
	})
}

func (m *meeting) cancelInstance(*rapid.T) {
	m.edit(func(s *series) {
		if at, ok := m.pick(s); ok {
			override(s, at).Set(ical.NewProperty("STATUS", "CANCELLED"))
		}
	})
}

func (m *meeting) truncate(*rapid.T) {
	m.edit(func(s *series) {
		m.end(s, rapid.IntRange(1, 6).Draw(m.rt, "count"))
	})
}

// end has a series end after n days.
func (m *meeting) end(s *series, n int) {
	if s.parts[whole] == nil {
		return
	}
	s.parts[whole].Set(ical.NewProperty("RRULE", fmt.Sprintf("FREQ=DAILY;COUNT=%d", n)))
	s.parts[whole].Del("RDATE")
	start := s.when(s.parts[whole]).start
	for _, at := range slices.Clone(s.ids) {
		if at != whole && (int64(at) >= start+int64(n)*86400 || (int64(at)-start)%86400 != 0) {
			s.remove(at)
		}
	}
}

// addDate adds an instance that the rule does not give.
func (m *meeting) addDate(*rapid.T) {
	m.edit(func(s *series) {
		if s.parts[whole] == nil {
			return
		}
		at := s.when(s.parts[whole]).start + 43200 + 86400*rapid.Int64Range(0, 5).Draw(m.rt, "day")
		if !s.valid(id(at)) {
			s.parts[whole].Add(ical.NewProperty("RDATE", ical.UTCOf(time.Unix(at, 0)).String()))
		}
	})
}

// dropDates takes them out again, and what was said of them.
func (m *meeting) dropDates(*rapid.T) {
	m.edit(func(s *series) {
		if s.parts[whole] == nil {
			return
		}
		s.parts[whole].Del("RDATE")
		start := s.when(s.parts[whole]).start
		for _, at := range slices.Clone(s.ids) {
			if at != whole && (int64(at)-start)%86400 != 0 {
				s.remove(at)
			}
		}
	})
}

func (m *meeting) renameInstance(*rapid.T) {
	m.edit(func(s *series) {
		if at, ok := m.pick(s); ok {
			override(s, at).Set(ical.NewText("SUMMARY", rapid.SampledFrom([]string{"Cake", "Biscuits"}).Draw(m.rt, "summary")))
		}
	})
}

func (m *meeting) lengthen(*rapid.T) {
	m.edit(func(s *series) {
		if s.parts[whole] != nil {
			s.parts[whole].Set(ical.NewProperty("DURATION", rapid.SampledFrom([]string{"PT30M", "PT1H", "PT2H"}).Draw(m.rt, "duration")))
		}
	})
}

// takeBack calls all of a meeting off, or on again.
func (m *meeting) takeBack(*rapid.T) {
	m.edit(func(s *series) {
		status := rapid.SampledFrom([]string{"CANCELLED", "CONFIRMED"}).Draw(m.rt, "status")
		for _, at := range s.ids {
			s.parts[at].Set(ical.NewProperty("STATUS", status))
		}
	})
}

// split changes all future instances as a client does: the series ends, and another begins.
func (m *meeting) split(*rapid.T) {
	old := m.ada.items[meetingName]
	if old == nil || m.ada.items[laterName] != nil {
		return
	}
	master := newCall(m.context(m.ada)).read(old).parts[whole]
	if master == nil {
		return
	}
	later := ical.NewCalendar("x")
	c := master.Clone()
	c.Set(ical.NewText("UID", uidOfName[laterName]))
	c.DelFunc(func(p *ical.Property) bool { return slices.Contains([]string{"RDATE", "EXDATE", "SEQUENCE"}, p.Name()) })
	c.Set(ical.NewProperty("RRULE", "FREQ=DAILY;COUNT=3"))
	c.Set(ical.NewProperty("DTSTART", "20260507T140000Z"))
	later.AddChild(c)
	m.editOne(meetingName, func(s *series) { m.end(s, 3) })
	if err := m.put(m.ada, laterName, later, false); err != nil {
		m.rt.Fatalf("ada: %v", err)
	}
}

// ask asks somebody anew who has answered, and force sends what is as it was.
func (m *meeting) ask(*rapid.T) {
	m.edit(func(s *series) {
		who := addressOf(rapid.SampledFrom(people).Draw(m.rt, "whom"))
		one := rapid.Bool().Draw(m.rt, "one component")
		for _, at := range s.ids {
			if p := newCall(Context{}).find(s.parts[at], who); p != nil {
				setPartstat(p, NeedsAction)
				if one {
					return
				}
			}
		}
	})
}

func (m *meeting) force(*rapid.T) {
	m.edit(func(s *series) {
		who := addressOf(rapid.SampledFrom(people).Draw(m.rt, "whom"))
		one := rapid.Bool().Draw(m.rt, "one component")
		for _, at := range s.ids {
			if p := newCall(Context{}).find(s.parts[at], who); p != nil {
				p.SetParam("SCHEDULE-FORCE-SEND", "REQUEST")
				if one {
					return
				}
			}
		}
	})
}

// rhythm changes the rule as a whole.
func (m *meeting) rhythm(*rapid.T) {
	m.edit(func(s *series) {
		if s.parts[whole] == nil {
			return
		}
		for _, at := range slices.Clone(s.ids) {
			if at != whole {
				s.remove(at)
			}
		}
		s.parts[whole].DelFunc(func(p *ical.Property) bool { return p.Name() == "EXDATE" || p.Name() == "RDATE" })
		rule := rapid.SampledFrom([]string{"FREQ=DAILY;COUNT=6", "FREQ=DAILY;INTERVAL=2;COUNT=3", "FREQ=DAILY;UNTIL=20260507T235959Z"})
		s.parts[whole].Set(ical.NewProperty("RRULE", rule.Draw(m.rt, "rule")))
	})
}

// include takes back that an instance was excluded.
func (m *meeting) include(*rapid.T) {
	m.edit(func(s *series) {
		var excluded []id
		for at := range s.exdate {
			excluded = append(excluded, at)
		}
		if slices.Sort(excluded); len(excluded) > 0 {
			s.include(rapid.SampledFrom(excluded).Draw(m.rt, "excluded"))
		}
	})
}

// alone has ada keep a meeting for herself, and then drop it.
func (m *meeting) alone(*rapid.T) {
	name := rapid.SampledFrom([]string{meetingName, laterName}).Draw(m.rt, "meeting")
	if m.ada.items[name] == nil {
		return
	}
	m.editOne(name, func(s *series) {
		for _, at := range s.ids {
			s.parts[at].DelFunc(func(p *ical.Property) bool { return p.Name() == "ORGANIZER" || p.Name() == "ATTENDEE" })
		}
	})
	m.check(nil)
	m.delete(m.ada, name)
	m.now = m.now.Add(time.Minute)
}

// forceReply sends an answer that is as it was.
func (m *meeting) forceReply(*rapid.T) {
	m.guestWrites(func(x *call, s *series) {
		for _, at := range s.ids {
			if p := x.mine(s.parts[at]); p != nil {
				p.SetParam("SCHEDULE-FORCE-SEND", "REPLY")
			}
		}
	})
}

// room lets the room be taken, or free again, for others' future bookings.
func (m *meeting) room(*rapid.T) {
	room := m.others[len(m.others)-1]
	if room.items["taken.ics"] != nil {
		m.delete(room, "taken.ics")
		return
	}
	day := rapid.IntRange(4, 9).Draw(m.rt, "day")
	taken := parse(m.t, fmt.Sprintf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:taken\r\nDTSTAMP:20260101T000000Z\r\n"+
		"DTSTART:2026050%dT000000Z\r\nDURATION:P1D\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", day))
	if err := m.put(room, "taken.ics", taken, false); err != nil {
		m.rt.Fatalf("the room: %v", err)
	}
}

// invite and uninvite change who is invited, to the series or an instance.
func (m *meeting) invite(*rapid.T)   { m.guest(true) }
func (m *meeting) uninvite(*rapid.T) { m.guest(false) }

func (m *meeting) guest(invite bool) {
	m.edit(func(s *series) {
		who := addressOf(rapid.SampledFrom(append([]string{"staff"}, people...)).Draw(m.rt, "guest"))
		c := s.parts[whole]
		if rapid.Bool().Draw(m.rt, "one instance") {
			at, ok := m.pick(s)
			if !ok {
				return
			}
			c = override(s, at)
		}
		c.DelFunc(func(p *ical.Property) bool {
			return p.Name() == "ATTENDEE" && key(p.Value()) == key(who) && !invite
		})
		if invite && newCall(Context{}).find(c, who) == nil {
			c.Add(ical.NewProperty("ATTENDEE", who))
		}
	})
}

// join changes who is in the group, and lets the server find it out.
func (m *meeting) join(*rapid.T) {
	var members []string
	for _, who := range rapid.SliceOfDistinct(rapid.SampledFrom(people), func(s string) string { return s }).Draw(m.rt, "members") {
		members = append(members, addressOf(who))
	}
	m.groups[addressOf("staff")] = members
	m.reconcile(m.ada)
	m.now = m.now.Add(time.Minute)
}

func (m *meeting) remove(*rapid.T) {
	m.delete(m.ada, rapid.SampledFrom([]string{meetingName, laterName}).Draw(m.rt, "meeting"))
	m.now = m.now.Add(time.Minute)
}

// guestWrites lets somebody change his copy.
func (m *meeting) guestWrites(change func(x *call, s *series)) {
	h := rapid.SampledFrom(m.others[:3]).Draw(m.rt, "guest")
	name := h.uid(rapid.SampledFrom([]string{"1", "2"}).Draw(m.rt, "uid"))
	if name == "" {
		return
	}
	x := newCall(m.context(h))
	s := x.read(h.items[name].Clone())
	for at := range m.days(s) {
		s.asked[at] = true
	}
	change(x, s)
	if err := m.put(h, name, s.cal, false); err != nil {
		m.rt.Fatalf("%s: %v", h.user.CN, err)
	}
	m.now = m.now.Add(time.Minute)
}

var answers = []string{"ACCEPTED", "DECLINED", "TENTATIVE"}

func (m *meeting) answer(*rapid.T) {
	m.guestWrites(func(x *call, s *series) {
		answer := rapid.SampledFrom(answers).Draw(m.rt, "answer")
		one := rapid.Bool().Draw(m.rt, "master only")
		for _, at := range s.ids {
			if p := x.mine(s.parts[at]); p != nil && (at == whole || !one) && !cancelled(s.parts[at]) {
				setParam(p, "PARTSTAT", answer)
				p.DelParam("RSVP")
			}
		}
	})
}

func (m *meeting) answerInstance(*rapid.T) {
	m.guestWrites(func(x *call, s *series) {
		at, ok := m.pick(s)
		if !ok || cancelled(s.effective(at)) {
			return
		}
		setParam(x.mine(override(s, at)), "PARTSTAT", rapid.SampledFrom(answers).Draw(m.rt, "answer"))
	})
}

func (m *meeting) hideInstance(*rapid.T) {
	m.guestWrites(func(x *call, s *series) {
		if at, ok := m.pick(s); ok {
			s.remove(at)
			s.exclude(at, s.time(at))
		}
	})
}

func (m *meeting) alarm(*rapid.T) {
	m.guestWrites(func(x *call, s *series) {
		c := s.parts[s.ids[0]]
		if at, ok := m.pick(s); ok && rapid.Bool().Draw(m.rt, "one instance") {
			c = override(s, at)
		}
		c.AddChild(ical.NewComponent("VALARM", ical.NewProperty("ACTION", "DISPLAY"), ical.NewProperty("TRIGGER", "-PT5M")))
	})
}

func (m *meeting) leave(*rapid.T) {
	h := rapid.SampledFrom(m.others[:3]).Draw(m.rt, "guest")
	m.delete(h, h.uid(rapid.SampledFrom([]string{"1", "2"}).Draw(m.rt, "uid")))
}

// check compares all copies with ada's.
func (m *meeting) check(*rapid.T) {
	m.settle()
	for _, h := range m.others {
		for name := range uidOfName {
			m.compare(h, name)
		}
	}
}

var span = ical.Range{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}

// instances returns those of a copy that are not cancelled and to which someone
// is invited.
func (m *meeting) instances(cal *ical.Component, who *home) map[int64]ical.Instance {
	all := map[int64]ical.Instance{}
	if cal == nil {
		return all
	}
	x := newCall(m.context(who))
	for i := range ical.NewObject(cal, nil).Instances(span) {
		at := i.Start.Unix()
		if !i.RecurrenceID.IsZero() {
			at = i.RecurrenceID.Clock().Unix()
		}
		if !cancelled(i.Component) && x.mine(i.Component) != nil {
			all[at] = i
		}
	}
	return all
}

func (m *meeting) compare(h *home, name string) {
	m.rt.Helper()
	x := newCall(m.context(h))
	want := m.instances(m.ada.items[name], h)
	got := m.instances(h.items[h.uid(uidOfName[name])], h)
	for at, w := range want {
		answer := partstat(x.mine(w.Component))
		g, ok := got[at]
		switch {
		case !ok && answer == Declined: // he hides it
		case !ok:
			m.fail(h, "lacks %s (%s)", time.Unix(at, 0).UTC(), answer)
		default:
			m.compareInstance(h, x, at, g, w)
		}
	}
	for at := range got {
		if _, ok := want[at]; !ok {
			m.fail(h, "still has %s", time.Unix(at, 0).UTC())
		}
	}
}

func (m *meeting) compareInstance(h *home, x *call, at int64, got, want ical.Instance) {
	m.rt.Helper()
	when := time.Unix(at, 0).UTC()
	if !got.Start.Equal(want.Start) || !got.End.Equal(want.End) {
		m.fail(h, "has %s from %s to %s, want %s to %s", when, got.Start, got.End, want.Start, want.End)
	}
	if g, w := got.Component.Text("SUMMARY"), want.Component.Text("SUMMARY"); g != w {
		m.fail(h, "has %s as %q, want %q", when, g, w)
	}
	if g, w := sequence(got.Component), sequence(want.Component); g > w {
		m.fail(h, "has SEQUENCE %d of %s, ada %d", g, when, w)
	}
	theirs := x.answers(want.Component)
	mine := x.answers(got.Component)
	for who, answer := range theirs {
		if mine[who] != answer {
			m.fail(h, "has %s: %s answered %q, ada has %q", when, short(who), mine[who], answer)
		}
	}
	if len(mine) != len(theirs) {
		m.fail(h, "has %s with %d attendees, want %d", when, len(mine), len(theirs))
	}
}

func (m *meeting) fail(h *home, format string, args ...any) {
	m.rt.Helper()
	m.rt.Fatalf("%s %s\n\nada's:\n%v\n\nhis:\n%v\n\n%s", h.user.CN, fmt.Sprintf(format, args...), m.ada.items, h.items, strings.Join(m.log, "\n"))
}

func TestCopiesStayConsistent(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMeeting(t, rt)
		m.create(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"create": m.create, "rename": m.rename, "move": m.move, "moveInstance": m.moveInstance,
			"dropOverride": m.dropOverride, "exclude": m.exclude, "cancelInstance": m.cancelInstance,
			"truncate": m.truncate, "invite": m.invite, "uninvite": m.uninvite, "remove": m.remove,
			"answer": m.answer, "answerInstance": m.answerInstance, "hideInstance": m.hideInstance,
			"addDate": m.addDate, "dropDates": m.dropDates, "renameInstance": m.renameInstance, "lengthen": m.lengthen,
			"takeBack": m.takeBack, "split": m.split, "room": m.room,
			"ask": m.ask, "force": m.force, "forceReply": m.forceReply, "rhythm": m.rhythm, "include": m.include, "alone": m.alone,
			"alarm": m.alarm, "leave": m.leave, "join": m.join, "settle": m.check,
		})
		m.check(rt)
	})
}
