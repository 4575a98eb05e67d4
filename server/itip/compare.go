package itip

// level is how much an instance changed.
type level uint8

const (
	unchanged  level = iota
	refreshed        // other answers only
	told             // the organizer's own answer: news, but no new version
	onlyStatus       // cancelled, nothing else: the CANCEL says it all
	altered
)

// news says whether attendees are to hear of a change in a REQUEST of its own.
func (l level) news() bool { return l == told || l == altered }

// compare finds out how much each instance changed.
func (o *organizing) compare() {
	o.levels = map[id]level{}
	if o.created {
		for _, at := range o.after.ids {
			o.levels[at] = altered
		}
		return
	}
	for _, at := range o.after.ids {
		o.levels[at] = o.compareOne(at)
	}
	if o.full {
		o.levels[whole] = altered
		return
	}
	for _, at := range o.before.ids {
		if o.after.parts[at] != nil || at == whole {
			continue
		}
		// An override that is gone: what the master says counts now.
		now := o.after.effective(at)
		if now != nil && len(o.changed(o.before, o.before.parts[at], o.after, now)) > 0 {
			o.levels[whole] = altered
		}
	}
}

func (o *organizing) compareOne(at id) level {
	now, old := o.after.parts[at], o.before.effective(at)
	if old == nil {
		return altered
	}
	names := o.changed(o.before, old, o.after, now)
	if at != whole && o.before.parts[at] == nil && len(names) > 0 && !o.full && o.sameAsMaster(at) {
		// A new override that says what the changed master says.
		names = nil
	}
	switch {
	case len(names) == 1 && names[0] == "STATUS" && cancelled(now):
		return onlyStatus
	case len(names) > 0:
		return altered
	}
	change := unchanged
	answers, are := o.answers(old), o.answers(now)
	if len(answers) != len(are) {
		change = refreshed // somebody left with a group
	}
	for who, answer := range are {
		switch {
		case answers[who] == answer:
		case o.me(who):
			return told
		default:
			change = refreshed
		}
	}
	return change
}

// sameAsMaster says whether an override tells what the master told if it were
// not there.
func (o *organizing) sameAsMaster(at id) bool {
	return o.after.valid(at) && len(o.changed(o.after, o.after.derive(at), o.after, o.after.parts[at])) == 0
}
