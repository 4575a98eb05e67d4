package itip

import (
	"slices"

	"calport/server/ical"
)

// deliverCancel cancels the recipient's copy or instances of it. They are kept
// until he removes them; of one who answers by himself they are removed.
func (x *call) deliverCancel(m *Message, mine *ical.Component) Delivery {
	d := Delivery{Outcome: Ignore, Status: statusDelivered}
	if mine == nil || Organizer(mine) == "" {
		return d
	}
	message := x.read(m.Calendar)
	out := x.read(mine.Clone(), message)
	var gone []id
	if c := message.parts[whole]; c != nil {
		for _, at := range out.ids {
			if !late(c, out.parts[at]) {
				cancelPart(out.parts[at], c)
				gone = []id{whole}
			}
		}
	} else {
		for _, at := range message.ids {
			if x.cancelInstance(out, at, message.parts[at]) {
				gone = append(gone, at)
			}
		}
	}
	if len(gone) == 0 || out.cal.String() == mine.String() {
		return d
	}
	d.Item = &Changes{Stamp: x.Now, Action: ActionCancel}
	for _, t := range out.touched(gone) {
		d.Item.Recurrences = append(d.Item.Recurrences, Recurrence{ID: t})
	}
	d.Outcome, d.Object = Update, out.cal
	if x.Auto {
		d.Item = nil
		dropCancelled(out, gone)
		if len(out.ids) == 0 {
			d.Outcome, d.Object = Remove, nil
		}
	}
	return d
}

// cancelInstance marks one instance as cancelled. It says whether there is
// something to show.
func (x *call) cancelInstance(out *series, at id, by *ical.Component) bool {
	c := out.parts[at]
	if c == nil {
		if !out.valid(at) {
			return false
		}
		c = out.derive(at)
		out.add(at, c)
	} else if late(by, c) {
		return false
	}
	cancelPart(c, by)
	return true
}

func cancelPart(c, by *ical.Component) {
	if !cancelled(c) {
		c.Set(ical.NewProperty("STATUS", "CANCELLED"))
	}
	setSequence(c, max(sequence(c), sequence(by)))
	if p := by.Prop("DTSTAMP"); p != nil {
		c.Set(p.Clone())
	}
}

// dropCancelled removes what was cancelled.
func dropCancelled(out *series, gone []id) {
	for _, at := range slices.Clone(out.ids) {
		if !cancelled(out.parts[at]) || !slices.Contains(gone, whole) && !slices.Contains(gone, at) {
			continue
		}
		out.remove(at)
		if at != whole && out.occurs(at) {
			out.exclude(at, out.time(at))
		}
	}
}
