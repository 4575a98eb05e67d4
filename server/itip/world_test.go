package itip

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
)

// world is a small calendar server: homes with copies, no store and no
// protocol. It does what package schedule does, so that whole conversations
// can be told.
type world struct {
	t     testing.TB
	now   time.Time
	homes map[string]*home // by key of the address
	// refreshes are the organizer's copies of which other attendees are to be
	// told: UID to who replied last.
	refreshes map[string]pendingRefresh
	log       []string // messages, in a line each
	sent      []Message
	groups    map[string][]string // addresses of members, people and groups, by address
}

type pendingRefresh struct {
	organizer *home
	replied   string
}

type home struct {
	user   User
	alias  []string
	mode   string                     // of a room, "" of a person
	items  map[string]*ical.Component // by name of the resource
	number int
	inbox  []item
	order  []string       // names of resources by last change
	tags   map[string]int // Schedule-Tags by name
}

// item is an inbox item.
type item struct {
	message *Message
	changes *Changes
}

func newWorld(t testing.TB, now time.Time) *world {
	return &world{t: t, now: now, homes: map[string]*home{}, refreshes: map[string]pendingRefresh{}}
}

func (w *world) add(u User, alias ...string) *home {
	h := &home{user: u, alias: alias, items: map[string]*ical.Component{}, tags: map[string]int{}}
	w.homes[key(u.Address)] = h
	return h
}

func (w *world) find(address string) *home {
	if h := w.homes[key(address)]; h != nil {
		return h
	}
	for _, h := range w.homes {
		if slices.ContainsFunc(h.alias, func(a string) bool { return key(a) == key(address) }) {
			return h
		}
	}
	return nil
}

func (w *world) lookup(address string) (User, bool) {
	if h := w.find(address); h != nil {
		return h.user, true
	}
	if _, ok := w.groups[key(address)]; ok {
		return User{Address: key(address), CUType: "GROUP"}, true
	}
	return User{}, false
}

// members returns who is in a group, through groups in it too.
func (w *world) members(address string) ([]User, bool) {
	seen := map[string]bool{}
	var users []User
	var walk func(group string)
	walk = func(group string) {
		for _, member := range w.groups[group] {
			if seen[member] {
				continue
			}
			seen[member] = true
			if h := w.find(member); h != nil {
				users = append(users, h.user)
			}
			walk(member)
		}
	}
	walk(key(address))
	_, ok := w.groups[key(address)]
	return users, ok
}

// reconcile writes what an organizer has anew, as the server does when the members of groups changed.
func (w *world) reconcile(h *home) {
	for _, name := range slices.Sorted(maps.Keys(h.items)) {
		o, err := Organize(h.items[name], h.items[name], w.context(h))
		if err != nil {
			w.t.Error(err)
			continue
		}
		if o.Changed {
			h.store(name, o.Object)
			w.send(h, name, o.Messages)
		}
	}
}

func (w *world) context(h *home) Context {
	return Context{
		Now:    w.now,
		Me:     func(address string) bool { return w.find(address) == h },
		Lookup: w.lookup, Members: w.members, MaxAttendees: 200,
		Auto: h.mode != "" && h.mode != "none",
	}
}

// uid returns the name of the home's object with that UID, or "".
func (h *home) uid(uid string) string {
	for _, name := range slices.Sorted(maps.Keys(h.items)) {
		if itemUID(h.items[name]) == uid {
			return name
		}
	}
	return ""
}

func itemUID(cal *ical.Component) string {
	for c := range scheduled(cal) {
		return c.Text("UID")
	}
	return ""
}

func (h *home) store(name string, cal *ical.Component) {
	h.order = append(slices.DeleteFunc(h.order, func(n string) bool { return n == name }), name)
	if cal == nil {
		h.order = h.order[:len(h.order)-1]
		delete(h.items, name)
		return
	}
	h.items[name] = reparsed(cal)
}

// reparsed returns what a store gives back.
func reparsed(cal *ical.Component) *ical.Component {
	c, err := ical.Parse(cal.Bytes())
	if err != nil {
		panic(fmt.Sprintf("written data cannot be read: %v\n%s", err, cal))
	}
	return c
}

var errUIDConflict = errors.New("no-uid-conflict")

// put stores what a client sends.
func (w *world) put(h *home, name string, cal *ical.Component, stale bool) error {
	x := w.context(h)
	x.Stale = stale
	before := h.items[name]
	defer func() { h.tags[name]++ }()
	if other := h.uid(itemUID(cal)); other != "" && other != name {
		return errUIDConflict
	}
	role := Classify(cal, x.Me)
	if before != nil {
		if old := Classify(before, x.Me); old == IsOrganizer || old == IsAttendee && OrganizerAgent(before) == AgentServer {
			role = old
		}
	}
	switch role {
	case None:
		h.store(name, cal)
		return nil
	case AttendeeMissing:
		h.store(name, AttendMissing(cal, x).Object)
		return nil
	case IsOrganizer:
		o, err := Organize(before, cal, x)
		if err != nil {
			return err
		}
		h.store(name, o.Object)
		w.send(h, name, o.Messages)
		return nil
	}
	a, err := w.attend(h, before, cal, x)
	if err != nil {
		return err
	}
	if a.Object != nil {
		h.store(name, a.Object)
	}
	if a.Reply != nil {
		w.send(h, name, []Message{*a.Reply})
	}
	return nil
}

func (w *world) attend(h *home, before, cal *ical.Component, x Context) (Attended, error) {
	scheduledHere := before != nil && Classify(before, x.Me) == IsAttendee && OrganizerAgent(before) == AgentServer
	if scheduledHere {
		return Attend(before, cal, x)
	}
	organizer := w.find(Organizer(cal))
	var copied *ical.Component
	if organizer != nil {
		copied = organizer.items[organizer.uid(itemUID(cal))]
		if copied != nil && Classify(copied, w.context(organizer).Me) != IsOrganizer {
			copied = nil
		}
	}
	return AttendNew(cal, copied, organizer != nil, x)
}

// delete removes an object as a client does.
func (w *world) delete(h *home, name string) {
	x := w.context(h)
	before := h.items[name]
	if before == nil {
		return
	}
	h.store(name, nil)
	switch Classify(before, x.Me) {
	case IsOrganizer:
		w.send(h, "", CancelAll(before, x))
	case IsAttendee:
		if m := DeclineAll(before, x); m != nil {
			w.send(h, "", []Message{*m})
		}
	}
}

// send delivers messages, and writes what becomes of them into the sender's
// copy.
func (w *world) send(from *home, name string, messages []Message) {
	for i := range messages {
		m := &messages[i]
		w.log = append(w.log, m.summary())
		w.sent = append(w.sent, *m)
		to := w.find(m.To)
		if to == nil {
			continue
		}
		reparsed(m.Calendar)
		status := w.deliver(to, m)
		if c := from.items[name]; c != nil && status == statusRejected {
			SetStatus(c, m.To, status)
		}
	}
}

// summary returns a message in a line.
func (m *Message) summary() string {
	kind := string(m.Method)
	if m.Refresh {
		kind = "refresh"
	}
	var ids []string
	for c := range scheduled(m.Calendar) {
		at := "master"
		if p := c.Prop("RECURRENCE-ID"); p != nil {
			at = p.Value()
		}
		if m.Method == MethodReply {
			if p := sender(c); p != nil {
				at += "=" + string(partstat(p))
			}
		}
		ids = append(ids, at)
	}
	return fmt.Sprintf("%s %s -> %s: %s", kind, short(m.From), short(m.To), strings.Join(ids, " "))
}

func short(address string) string {
	address = strings.TrimPrefix(address, "mailto:")
	name, _, _ := strings.Cut(address, "@")
	return name
}

func (w *world) deliver(h *home, m *Message) string {
	name := h.uid(m.UID())
	x := w.context(h)
	d, err := Deliver(m, h.items[name], x)
	if err != nil {
		return d.Status
	}
	switch d.Outcome {
	case Update:
		h.store(name, d.Object)
	case Remove:
		h.store(name, nil)
	case Replace:
		h.store(name, d.Renamed)
		fallthrough
	case Create:
		h.number++
		name = fmt.Sprintf("new%d.ics", h.number)
		h.store(name, d.Object)
	}
	if d.Outcome != Ignore && !d.KeepTag {
		h.tags[name]++
	}
	for _, again := range d.Resend {
		w.send(h, name, []Message{again})
	}
	if d.Refresh {
		replied := m.From
		if p, ok := w.refreshes[m.UID()]; ok && p.replied != replied {
			replied = ""
		}
		w.refreshes[m.UID()] = pendingRefresh{h, replied}
	}
	if x.Auto && (d.Outcome == Create || d.Outcome == Update || d.Outcome == Replace) && m.Method == MethodRequest && !m.Refresh {
		if w.decide(h, name) {
			d.Item = nil
		}
	}
	if d.Item != nil {
		h.inbox = append(h.inbox, item{m, d.Item})
	}
	return d.Status
}

// decide lets a room answer. It says whether it did.
func (w *world) decide(h *home, name string) bool {
	decision := func(start, end time.Time) PartStat {
		busy := false
		for other, cal := range h.items {
			if other == name {
				continue
			}
			for range ical.NewObject(cal, nil).Busy(ical.Range{Start: start, End: end}) {
				busy = true
			}
		}
		switch {
		case h.mode == "accept-always", !busy && (h.mode == "automatic" || h.mode == "accept-if-free"):
			return Accepted
		case h.mode == "decline-always", busy && (h.mode == "automatic" || h.mode == "decline-if-busy"):
			return Declined
		}
		return ""
	}
	a := Answer(h.items[name], decision, w.context(h))
	h.store(name, a.Object)
	if a.Reply != nil {
		h.tags[name]++
		w.send(h, name, []Message{*a.Reply})
	}
	return !a.Left
}

// settle does what waits in the queues.
func (w *world) settle() {
	for len(w.refreshes) > 0 {
		pending := w.refreshes
		w.refreshes = map[string]pendingRefresh{}
		for _, uid := range slices.Sorted(maps.Keys(pending)) {
			h := pending[uid].organizer
			name := h.uid(uid)
			if name == "" {
				continue
			}
			w.send(h, name, Refresh(h.items[name], pending[uid].replied, w.context(h)))
		}
	}
}

// matches compares two calendars by what they mean, and returns the lines in
// which they differ. Overrides that only one side has are made up on the other.
func matches(got, want *ical.Component) []string {
	x := newCall(Context{})
	a := x.read(got.Clone())
	b := x.read(want.Clone(), a)
	for _, at := range slices.Clone(a.ids) {
		if b.parts[at] == nil && b.valid(at) {
			b.add(at, b.derive(at))
		}
	}
	for _, at := range slices.Clone(b.ids) {
		if a.parts[at] == nil && a.valid(at) {
			a.add(at, a.derive(at))
		}
	}
	return diffLines(canonical(x, a), canonical(x, b))
}

// diffLines returns the lines that only one side has, with its sign.
func diffLines(got, want []string) []string {
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	var lines []string
	for _, l := range got {
		if count[l] == 0 {
			lines = append(lines, "got  "+l)
			continue
		}
		count[l]--
	}
	for _, l := range want {
		if count[l] > 0 {
			count[l]--
			lines = append(lines, "want "+l)
		}
	}
	return lines
}

// canonical returns the properties of all scheduled components, each with the
// instance it belongs to.
func canonical(x *call, s *series) []string {
	var lines []string
	for _, at := range s.ids {
		lines = append(lines, canonicalPart(s, at)...)
	}
	slices.Sort(lines)
	return lines
}

// passing are properties that differ from run to run.
var passing = []string{
	"DTSTAMP", "CREATED", "LAST-MODIFIED", "RECURRENCE-ID", "DTEND", "DURATION", "DTSTART",
}

var defaults = []string{"CLASS:PUBLIC", "PRIORITY:0", "TRANSP:OPAQUE", "SEQUENCE:0"}

func canonicalPart(s *series, at id) []string {
	c := s.parts[at]
	label := "master "
	if at != whole {
		label = s.time(at).String() + " "
	}
	when := s.when(c)
	lines := []string{fmt.Sprintf("%s%s %d+%d", label, c.Name, when.start, when.end-when.start)}
	for _, p := range c.Properties {
		if slices.Contains(passing, p.Name()) || slices.Contains(defaults, p.Name()+":"+p.Value()) {
			continue
		}
		value := p.Value()
		if p.Name() == "RRULE" {
			value = canonicalRule(p)
		}
		var params []string
		for n, v := range p.Params() {
			if n != "EMAIL" && n != "VALUE" && !strings.HasPrefix(n, "X-CALENDARSERVER-") {
				params = append(params, ";"+n+"="+strings.Join(v, ","))
			}
		}
		slices.Sort(params)
		lines = append(lines, label+p.Name()+strings.Join(params, "")+":"+value)
	}
	for _, child := range c.Components {
		lines = append(lines, label+strings.ReplaceAll(strings.TrimSpace(child.String()), "\r\n", "|"))
	}
	return lines
}
