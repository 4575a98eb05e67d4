package itip

import (
	"maps"
	"slices"
	"time"

	"calport/server/ical"
)

// Answered is what comes of an automatic decision.
type Answered struct {
	Object *ical.Component // to be stored
	Reply  *Message        // nil if nothing changed
	// Left says that some instances were left without an answer: somebody has
	// to look at them.
	Left bool
}

// How far automatic decisions reach: over instances that ended not long ago,
// and those of some years ahead; what comes later follows the majority.
const (
	answerPast  = 2 * 24 * time.Hour
	answerYears = 3
	answerLimit = 5000 // instances
)

// Answer decides for a room or resource: decide is asked for every instance
// that the owner is invited to and that is neither cancelled nor past, and says
// Accepted, Declined, Tentative, or "" to leave it. All-day and floating
// instances are asked for in the zone of the context.
//
// The answer that most instances get is that of the series; overrides say what
// differs.
func Answer(object *ical.Component, decide func(start, end time.Time) PartStat, x Context) Answered {
	a := &attending{call: newCall(x)}
	a.before = a.read(object)
	decided := a.decide(object, decide)
	for at := range decided {
		a.before.asked[at] = true
	}
	a.before.looked = false
	a.out = a.read(object.Clone(), a.before)
	if len(decided) > 0 {
		a.settle(decided)
	}
	result := Answered{Object: a.out.cal, Reply: a.answerAll()}
	if result.Reply != nil {
		SetStatus(a.out.cal, Organizer(a.out.cal), statusDelivered)
	}
	for _, answer := range decided {
		result.Left = result.Left || answer == NeedsAction
	}
	return result
}

// answerAll returns the reply, about all components once it is about one.
func (a *attending) answerAll() *Message {
	if a.reply() == nil {
		return nil
	}
	a.forced = a.out.ids
	return a.reply()
}

// decide asks for each instance.
func (a *attending) decide(object *ical.Component, ask func(start, end time.Time) PartStat) map[id]PartStat {
	decided := map[id]PartStat{}
	span := ical.Range{Start: a.Now.Add(-answerPast), End: a.Now.AddDate(answerYears, 0, 0)}
	for i := range ical.NewObject(object, a.Zone).Instances(span) {
		p := a.mine(i.Component)
		if p == nil || !schedulable(i.Component.Name) || cancelled(i.Component) {
			continue
		}
		at := whole
		if !i.RecurrenceID.IsZero() {
			at = a.before.id(i.RecurrenceID)
		}
		answer := ask(i.Start, i.End)
		if answer == "" {
			answer = partstat(p)
		}
		decided[at] = answer
		if len(decided) == answerLimit {
			break
		}
	}
	return decided
}

// settle writes the decisions: the most frequent to the master, others to
// overrides.
func (a *attending) settle(decided map[id]PartStat) {
	series := a.out.parts[whole] != nil
	common := majority(decided)
	if series {
		a.setAnswer(a.out.parts[whole], common)
	}
	order := make([]id, 0, len(decided))
	for at := range decided {
		order = append(order, at)
	}
	slices.Sort(order)
	for _, at := range order {
		c := a.out.parts[at]
		switch {
		case at == whole:
			continue
		case c == nil && (decided[at] == common || !a.out.valid(at)):
			continue
		case c == nil:
			c = a.out.derive(at)
			a.out.add(at, c)
		}
		a.setAnswer(c, decided[at])
	}
}

// majority returns the most frequent answer, of equally frequent ones Accepted
// if it is among them.
func majority(decided map[id]PartStat) PartStat {
	count := map[PartStat]int{}
	for _, answer := range decided {
		count[answer]++
	}
	best := Accepted
	for _, answer := range slices.Sorted(maps.Keys(count)) {
		if count[answer] > count[best] {
			best = answer
		}
	}
	return best
}

// setAnswer writes a decision into a component.
func (a *attending) setAnswer(c *ical.Component, answer PartStat) {
	p := a.mine(c)
	if p == nil {
		return
	}
	if partstat(p) != answer {
		setParam(p, "PARTSTAT", string(answer))
		setParam(p, paramAuto, a.stamp())
	}
	if ask(p); answer != NeedsAction {
		p.DelParam("RSVP")
	}
	if c.Name != "VEVENT" {
		return
	}
	transp := "TRANSPARENT"
	if answer == Accepted {
		transp = "OPAQUE"
	}
	if c.Value("TRANSP") != transp {
		c.Set(ical.NewProperty("TRANSP", transp))
	}
}
