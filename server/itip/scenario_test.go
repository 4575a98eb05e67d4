package itip

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
)

// The files in testdata tell what happens, one conversation each, and what is
// to come of it. Text before the first step says which rule it is about. A
// step stands in the first column; what belongs to it is indented:
//
//	now 20260501T080000Z       sets the clock
//	ada puts [stale]           stores an object; its components are divided by "-"
//	    fails ErrName          and it must fail
//	    sent back              and it is stored as it was sent
//	ada edits [stale]          stores what she has with changes: lines replace
//	                           properties by name, attendees by address
//	    remove NAME [WHO]      takes properties out
//	    alarm                  adds an alarm
//	    at ID | at master      goes to an instance, and overrides it if need be
//	    drop ID | exclude ID   takes out the override | the instance
//	ada deletes
//	ada has | ada has nothing  all that is stored in her home
//	ada sees                   some of it: lines that must be there
//	    no TEXT                and what must not be in that component
//	    at ID | at master      the component meant
//	    gone ID                there is no such component
//	ada gets REPLY             a message from outside reaches her
//	group NAME MEMBER...       who is in a group, from now on; none: it is gone
//	reconcile ada              what the server does with her meetings then
//	settle                     the queues are worked off
//	messages                   all that was sent since the last time
//	message                    the last one's components
//	inbox ada                  her new inbox items
//	tag ada same|new           whether her Schedule-Tag changed since the last time
//
// People are ada, bob, cyd and dan, who live here, and eve, who does not.
// Rooms are named after the way they answer. A bare name after an ORGANIZER or
// ATTENDEE is that person's address; UID and DTSTAMP may be left out.
type scenario struct {
	*world
	file  string
	lines []string // of the file
	at    int
	tags  map[string]string
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { playScenario(t, file) })
	}
}

var rooms = []string{"automatic", "none", "accept-always", "decline-always", "accept-if-free", "decline-if-busy"}

func playScenario(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{
		world: newWorld(t, time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)),
		file:  file,
		tags:  map[string]string{},
	}
	for _, name := range []string{"ada", "bob", "cyd", "dan"} {
		s.add(User{Address: addressOf(name)}, "urn:uuid:"+name)
	}
	for _, mode := range rooms {
		s.add(User{Address: addressOf(mode), CN: "Room " + mode, CUType: "ROOM"}).mode = mode
	}
	for l := bufio.NewScanner(strings.NewReader(string(data))); l.Scan(); {
		s.lines = append(s.lines, l.Text())
	}
	steps := 0
	for s.at < len(s.lines) {
		line := s.lines[s.at]
		if words := strings.Fields(line); isStep(words) && !strings.HasPrefix(line, "\t") {
			steps++
			s.step(words)
			continue
		}
		if steps > 0 && strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") {
			t.Fatalf("%s:%d: not a step: %q", file, s.at+1, line)
		}
		s.at++
	}
	if steps == 0 {
		t.Fatalf("%s: no steps", file)
	}
}

// isStep says whether a line is one.
func isStep(words []string) bool {
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "settle", "messages", "message":
		return len(words) == 1
	case "group", "reconcile":
		return len(words) > 1
	case "now", "inbox", "tag":
		return len(words) > 1 && len(words) <= 3
	}
	known := slices.Concat([]string{"ada", "bob", "cyd", "dan"}, rooms)
	return len(words) > 1 && slices.Contains(known, words[0]) && slices.Contains([]string{"puts", "edits", "deletes", "has", "sees", "gets"}, words[1])
}

func addressOf(name string) string {
	switch {
	case strings.Contains(name, ":"):
		return name
	case name == "eve":
		return "mailto:eve@elsewhere.example"
	case slices.Contains(rooms, name):
		return "urn:x-uid:" + name
	}
	return "mailto:" + name + "@calport.example"
}

func (s *scenario) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s:%d: %s", s.file, s.at, fmt.Sprintf(format, args...))
}

// body takes the indented lines after a step.
func (s *scenario) body() []string {
	var lines []string
	for s.at++; s.at < len(s.lines); s.at++ {
		line := s.lines[s.at]
		if line != "" && !strings.HasPrefix(line, "\t") {
			break
		}
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func (s *scenario) step(words []string) {
	s.t.Helper()
	body := s.body()
	switch {
	case words[0] == "now":
		t, err := ical.ParseTime(words[1], "")
		if err != nil {
			s.t.Fatal(err)
		}
		s.now = t.Clock()
	case words[0] == "settle":
		s.settle()
	case words[0] == "reconcile":
		s.reconcile(s.person(words[1]))
	case words[0] == "group":
		s.group(words[1], words[2:])
	case words[0] == "messages":
		s.same("messages", s.log, body)
		s.log = nil
	case words[0] == "message":
		s.lastMessage(body)
	case words[0] == "inbox":
		s.readInbox(words[1], body)
	case words[0] == "tag":
		s.tag(words[1], words[2])
	case words[1] == "puts":
		s.puts(words, body)
	case words[1] == "edits":
		s.edits(words, body)
	case words[1] == "sees":
		s.sees(words[0], body)
	case words[1] == "deletes":
		h := s.person(words[0])
		s.delete(h, h.uid("1"))
	case words[1] == "has":
		s.has(words, body)
	case words[1] == "gets":
		s.gets(words, body)
	}
}

func (s *scenario) group(name string, members []string) {
	if s.groups == nil {
		s.groups = map[string][]string{}
	}
	delete(s.groups, addressOf(name))
	for _, m := range members {
		s.groups[addressOf(name)] = append(s.groups[addressOf(name)], addressOf(m))
	}
}

func (s *scenario) person(name string) *home {
	h := s.find(addressOf(name))
	if h == nil {
		s.t.Fatalf("%s:%d: nobody is called %q", s.file, s.at, name)
	}
	return h
}

// calendar makes an object of the lines of its components.
func (s *scenario) calendar(lines []string) *ical.Component {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//scenario//EN\r\n")
	parts := [][]string{nil}
	for _, line := range lines {
		switch {
		case line == "-":
			parts = append(parts, nil)
		case strings.HasPrefix(line, "METHOD:") || strings.HasPrefix(line, "X-WR-"):
			b.WriteString(line + "\r\n")
		default:
			parts[len(parts)-1] = append(parts[len(parts)-1], line)
		}
	}
	for _, part := range parts {
		name := "VEVENT"
		part = slices.DeleteFunc(part, func(line string) bool {
			if line == "VTODO" || line == "VJOURNAL" {
				name = line
				return true
			}
			return false
		})
		b.WriteString("BEGIN:" + name + "\r\n")
		if !slices.ContainsFunc(part, func(l string) bool { return strings.HasPrefix(l, "UID:") }) {
			b.WriteString("UID:1\r\n")
		}
		if !slices.ContainsFunc(part, func(l string) bool { return strings.HasPrefix(l, "DTSTAMP:") }) {
			b.WriteString("DTSTAMP:20260101T000000Z\r\n")
		}
		for _, line := range part {
			b.WriteString(named(line) + "\r\n")
		}
		b.WriteString("END:" + name + "\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	cal, err := ical.Parse([]byte(b.String()))
	if err != nil {
		s.t.Fatalf("%s:%d: %v", s.file, s.at, err)
	}
	return cal
}

// named writes the address of the person named in a line.
func named(line string) string {
	if !strings.HasPrefix(line, "ATTENDEE") && !strings.HasPrefix(line, "ORGANIZER") {
		return line
	}
	i := strings.LastIndex(line, ":")
	if i < 0 {
		return line
	}
	if strings.HasSuffix(strings.ToLower(line[:i]), "mailto") || strings.Contains(line[:i], ":urn") || strings.HasSuffix(line, ":") {
		return line
	}
	return line[:i+1] + addressOf(line[i+1:])
}

func (s *scenario) puts(words, body []string) {
	s.t.Helper()
	want, sentBack, body := outcome(body)
	s.write(s.person(words[0]), s.calendar(body), slices.Contains(words, "stale"), want, sentBack)
}

// outcome takes the lines out of a body that say what is to come of it.
func outcome(body []string) (fails string, sentBack bool, rest []string) {
	for _, l := range body {
		w, failing := strings.CutPrefix(l, "fails ")
		switch {
		case failing:
			fails = w
		case l == "sent back":
			sentBack = true
		default:
			rest = append(rest, l)
		}
	}
	return fails, sentBack, rest
}

func (s *scenario) write(h *home, cal *ical.Component, stale bool, want string, sentBack bool) {
	s.t.Helper()
	name := h.uid(itemUID(cal))
	if name == "" {
		name = itemUID(cal) + ".ics"
	}
	err := s.put(h, name, cal, stale)
	switch {
	case want == "" && err != nil:
		s.errorf("%v", err)
	case want != "" && !errors.Is(err, sentinels[want]):
		s.errorf("got error %v, want %s", err, want)
	}
	if sentBack && !slices.Equal(cal.Bytes(), h.items[name].Bytes()) {
		s.errorf("got\n%s\nwant what was sent\n%s", h.items[name], cal)
	}
}

// edits changes what someone has, as a client does.
func (s *scenario) edits(words, body []string) {
	s.t.Helper()
	want, sentBack, body := outcome(body)
	h := s.person(words[0])
	old := h.items[h.uid("1")]
	if old == nil {
		s.t.Fatalf("%s:%d: %s has nothing", s.file, s.at, words[0])
	}
	x := newCall(s.context(h))
	object := x.read(old.Clone())
	for _, line := range body {
		if w := strings.Fields(line); len(w) == 2 && (w[0] == "at" || w[0] == "exclude" || w[0] == "drop") && w[1] != "master" {
			object.asked[s.instance(object, w[1])] = true
		}
	}
	c := object.parts[whole]
	for _, line := range body {
		if next := s.edit(x, object, c, line); next != nil {
			c = next
		}
	}
	s.write(h, object.cal, slices.Contains(words, "stale"), want, sentBack)
}

// instance returns the id that a time without a zone means.
func (s *scenario) instance(object *series, text string) id {
	tzid := object.start.TZID()
	t, err := ical.ParseTime(text, tzid)
	if err != nil {
		s.t.Fatalf("%s:%d: %v", s.file, s.at, err)
	}
	return object.id(t)
}

// edit makes one change. It returns the component to go on with if that is
// another.
func (s *scenario) edit(x *call, object *series, c *ical.Component, line string) *ical.Component {
	w := strings.Fields(line)
	switch {
	case line == "alarm":
		c.AddChild(ical.NewComponent("VALARM", ical.NewProperty("ACTION", "DISPLAY"), ical.NewProperty("TRIGGER", "-PT5M")))
	case line == "at master":
		return object.parts[whole]
	case w[0] == "at":
		return override(object, s.instance(object, w[1]))
	case w[0] == "drop" && w[1] == "master":
		object.remove(whole)
	case w[0] == "drop":
		object.remove(s.instance(object, w[1]))
	case w[0] == "exclude":
		at := s.instance(object, w[1])
		object.remove(at)
		object.exclude(at, object.time(at))
	case w[0] == "remove" && len(w) == 3:
		p := x.find(c, addressOf(w[2]))
		c.DelFunc(func(q *ical.Property) bool { return q == p })
	case w[0] == "remove":
		c.Del(w[1])
	default:
		s.setLine(x, c, line)
	}
	return nil
}

func (s *scenario) setLine(x *call, c *ical.Component, line string) {
	p := s.calendar([]string{line}).Child("VEVENT").Properties
	q := p[len(p)-1]
	if strings.HasPrefix(line, "DTSTAMP") {
		q = p[1]
	}
	if q.Name() != "ATTENDEE" {
		c.Set(q)
		return
	}
	delete(x.lines, c)
	if old := x.find(c, q.Value()); old != nil {
		c.Properties[slices.Index(c.Properties, old)] = q
	} else {
		c.Add(q)
	}
	delete(x.lines, c)
}

// sees checks some lines of what someone has.
func (s *scenario) sees(name string, body []string) {
	s.t.Helper()
	h := s.person(name)
	cal := h.items[h.uid("1")]
	if cal == nil {
		s.errorf("%s has nothing", name)
		return
	}
	all := exact(cal)
	label := "master"
	for _, line := range body {
		at, isAt := strings.CutPrefix(line, "at ")
		gone, isGone := strings.CutPrefix(line, "gone ")
		not, isNot := strings.CutPrefix(line, "no ")
		within := slices.DeleteFunc(slices.Clone(all), func(l string) bool { return !strings.HasPrefix(l, label+" ") })
		switch {
		case isAt:
			label = at
		case isGone:
			if slices.Contains(all, gone+" is VEVENT") {
				s.errorf("%s has %s:\n\t%s", name, gone, strings.Join(all, "\n\t"))
			}
		case isNot:
			if strings.Contains(strings.Join(within, "\n"), named(not)) {
				s.errorf("%s: %q is in\n\t%s", name, not, strings.Join(within, "\n\t"))
			}
		case !strings.Contains(line, ":"):
			if !strings.Contains(strings.Join(within, "\n"), line) {
				s.errorf("%s: no %s in\n\t%s", name, line, strings.Join(within, "\n\t"))
			}
		case !slices.Contains(within, label+" "+line) && !slices.Contains(within, label+" "+s.canonicalLine(line)):
			s.errorf("%s: no %q in\n\t%s", name, line, strings.Join(within, "\n\t"))
		}
	}
}

// canonicalLine returns a line as exact has it.
func (s *scenario) canonicalLine(line string) string {
	c := s.calendar([]string{line}).Child("VEVENT")
	cal := ical.NewComponent("VCALENDAR")
	p := c.Properties[len(c.Properties)-1]
	cal.AddChild(ical.NewComponent("VEVENT", p))
	_, text, _ := strings.Cut(exact(cal)[0], " ")
	return text
}

var sentinels = map[string]error{
	"ErrSameOrganizer": ErrSameOrganizer, "ErrOrganizerChange": ErrOrganizerChange,
	"ErrAttendeeChange": ErrAttendeeChange, "ErrAttendeeAllowed": ErrAttendeeAllowed,
	"ErrDuplicateComments": ErrDuplicateComments, "ErrMessage": ErrMessage, "ErrRejected": ErrRejected,
}

func (s *scenario) has(words, body []string) {
	s.t.Helper()
	h := s.person(words[0])
	if len(words) > 2 {
		if name := h.uid("1"); name != "" {
			s.errorf("%s has\n%s", words[0], h.items[name])
		}
		return
	}
	want := s.calendar(body)
	got := h.items[h.uid(itemUID(want))]
	if got == nil {
		s.errorf("%s has nothing", words[0])
		return
	}
	if lines := diffLines(exact(got), exact(want)); len(lines) > 0 {
		s.errorf("%s:\n\t%s", words[0], strings.Join(lines, "\n\t"))
	}
}

// exact returns all lines of the scheduled components, each with its instance.
func exact(cal *ical.Component) []string {
	var lines []string
	for c := range scheduled(cal) {
		label := c.Value("RECURRENCE-ID")
		if label == "" {
			label = "master"
		}
		for _, p := range c.Properties {
			if p.Name() == "DTSTAMP" {
				continue
			}
			var params []string
			for n, v := range p.Params() {
				params = append(params, ";"+n+"="+strings.Join(v, ","))
			}
			slices.Sort(params)
			lines = append(lines, label+" "+p.Name()+strings.Join(params, "")+":"+p.Value())
		}
		for _, child := range c.Components {
			lines = append(lines, label+" "+strings.ReplaceAll(strings.TrimSpace(child.String()), "\r\n", "|"))
		}
		lines = append(lines, label+" is "+c.Name)
	}
	slices.Sort(lines)
	return lines
}

func (s *scenario) same(what string, got, want []string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.errorf("%s: got\n\t%s\nwant\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func (s *scenario) lastMessage(body []string) {
	s.t.Helper()
	if len(s.sent) == 0 {
		s.errorf("no message was sent")
		return
	}
	got := s.sent[len(s.sent)-1].Calendar
	want := s.calendar(body)
	if lines := diffLines(exact(got), exact(want)); len(lines) > 0 {
		s.errorf("message:\n\t%s", strings.Join(lines, "\n\t"))
	}
}

func (s *scenario) readInbox(name string, body []string) {
	s.t.Helper()
	h := s.person(name)
	var got []string
	for _, i := range h.inbox {
		got = append(got, i.changes.summary())
	}
	h.inbox = nil
	s.same("inbox", got, body)
}

// summary returns changes in a line.
func (c *Changes) summary() string {
	line := string(c.Action)
	if c.Attendee != "" {
		line += " " + short(c.Attendee)
	}
	for _, r := range c.Recurrences {
		at := "master"
		if !r.ID.IsZero() {
			at = r.ID.String()
		}
		var names []string
		for _, p := range r.Changed {
			n := p.Name
			if len(p.Params) > 0 {
				n += ";" + strings.Join(p.Params, ";")
			}
			names = append(names, n)
		}
		line += strings.TrimSuffix(" "+at+": "+strings.Join(names, " "), ": ")
	}
	return line
}

func (s *scenario) tag(name, want string) {
	s.t.Helper()
	h := s.person(name)
	now := h.tags[h.uid("1")]
	got := "new"
	if s.tags[name] == fmt.Sprint(now) {
		got = "same"
	}
	s.tags[name] = fmt.Sprint(now)
	if got != want {
		s.errorf("Schedule-Tag of %s: got %s, want %s", name, got, want)
	}
}

// gets delivers a message from outside.
func (s *scenario) gets(words, body []string) {
	s.t.Helper()
	want, _, body := outcome(body)
	h := s.person(words[0])
	cal := s.calendar(append([]string{"METHOD:" + words[2]}, body...))
	m, err := ReadMessage(cal)
	if err == nil {
		_, err = Deliver(m, h.items[h.uid(m.UID())], s.context(h))
	}
	switch {
	case want == "" && err != nil:
		s.errorf("%v", err)
	case want != "" && !errors.Is(err, sentinels[want]):
		s.errorf("got error %v, want %s", err, want)
	case err == nil:
		s.deliver(h, m)
	}
}
