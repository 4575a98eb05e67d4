package schedule

import (
	"errors"
	"fmt"
	"strings"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// May says whether the one who writes may send a message by a method in the name of the calendar's owner (RFC 6638
// section 6.2), and if not, the error that ends the write. Nil lets everything be sent.
type May func(itip.Method) error

// Write is a client's write of an object with an ORGANIZER, or over one that had it.
type Write struct {
	Owner  *directory.Principal // of the calendar that is written to
	Actor  *directory.Principal // who writes; nil is the owner
	Before *store.Object        // what is there, with its Facts; nil if nothing
	After  *ical.Component      // what the client sends; it is not changed
	Stale  bool                 // the client may not have seen the last version, only the last that mattered
	May    May
}

// Written is what comes of a Write. The caller stores it in the same transaction.
type Written struct {
	Object  *ical.Component // nil: nothing is stored, and the client is told that all is well
	Changed bool            // it is not what the client sent: no ETag (RFC 6638 section 3.2.10)
	Tag     string          // the Schedule-Tag; "" if it is no scheduling object
}

// Put carries out a write: everybody whom it concerns has got his copy and inbox item when it returns.
//
// The error is one of package itip's, May's or the store's.
func (s *Scheduler) Put(tx *store.Tx, w Write) (Written, error) {
	r := s.begin(tx, w.Owner)
	r.may = w.May
	r.entry.Deed = DeedPut
	r.actedBy(w.Actor)
	var before *ical.Component
	if w.Before != nil {
		var err error
		if before, err = r.readMine(w.Before); err != nil {
			return Written{}, err
		}
	}
	x := r.context(w.Owner)
	x.Stale = w.Stale
	role := itip.None
	if before != nil {
		role = itip.Classify(before, x.Me)
	}
	if role != itip.IsOrganizer && role != itip.IsAttendee {
		role = itip.Classify(w.After, x.Me)
	}
	switch role {
	case itip.IsOrganizer:
		return r.organize(before, w.After, x)
	case itip.IsAttendee:
		return r.attend(before, w.After, x)
	case itip.AttendeeMissing:
		done := itip.AttendMissing(w.After, x)
		return Written{Object: done.Object, Changed: done.Changed}, nil
	}
	return Written{Object: w.After}, nil
}

// readMine reads the owner's object as it is stored, nil if it is damaged: then it counts as not there, so that he can
// write over it, or be rid of it.
func (r *round) readMine(item *store.Object) (*ical.Component, error) {
	whole, err := r.tx.Object(item.CollectionID, item.Name, store.Whole)
	if err != nil {
		return nil, err
	}
	object, err := ical.Parse(whole.Data)
	if err == nil {
		return object, nil
	}
	r.Log.Warn("a damaged calendar object goes, and what it meant to others is not known", "owner", r.owner.ShortName,
		"object", item.Name, "uid", item.UID, "deed", r.entry.Deed, "err", err)
	home, err := r.Home(r.tx, r.owner)
	if err != nil {
		return nil, err
	}
	return nil, r.tx.SetGroupAttendees(home.ID, item.UID, nil)
}

// organize is an organizer's write: the attendees hear of it, and what becomes of that is noted in his copy.
func (r *round) organize(before, after *ical.Component, x itip.Context) (Written, error) {
	done, err := itip.Organize(before, after, x)
	if err != nil {
		return Written{}, err
	}
	r.copy = done.Object
	noted, err := r.sendNoting(done.Messages...)
	if err != nil {
		return Written{}, err
	}
	w := Written{Object: r.copy, Changed: done.Changed || noted || r.copy != done.Object}
	if itip.Organizer(r.copy) != "" {
		w.Tag = newTag()
	}
	if n := countAttendees(r.copy); r.MaxAttendees > 0 && n > r.MaxAttendees {
		return Written{}, fmt.Errorf("%w: %d in all instances together, at most %d are allowed", itip.ErrTooMany, n, r.MaxAttendees)
	}
	if err := r.noteGroups(before, r.copy); err != nil {
		return Written{}, err
	}
	r.entry.Role = roleOrganizer
	return w, r.record(uidOf(r.copy))
}

// countAttendees counts the ATTENDEEs in all components of an object.
func countAttendees(object *ical.Component) (n int) {
	for _, c := range object.Components {
		for range c.Props("ATTENDEE") {
			n++
		}
	}
	return n
}

// attend is an attendee's write: his answer goes to the organizer.
func (r *round) attend(before, after *ical.Component, x itip.Context) (Written, error) {
	var done itip.Attended
	var err error
	if before != nil && itip.OrganizerAgent(before) == itip.AgentServer {
		done, err = itip.Attend(before, after, x)
	} else {
		var organizers *ical.Component
		var here bool
		if organizers, here, err = r.organizersCopy(after); err == nil {
			done, err = itip.AttendNew(after, organizers, here, x)
		}
	}
	if err != nil || done.Object == nil {
		return Written{}, err
	}
	r.copy = done.Object
	changed := done.Changed
	if done.Reply != nil {
		noted, err := r.sendNoting(*done.Reply)
		if err != nil {
			return Written{}, err
		}
		changed = changed || noted
	}
	r.entry.Role = roleAttendee
	return Written{Object: r.copy, Changed: changed, Tag: newTag()}, r.record(uidOf(r.copy))
}

// organizersCopy finds what the organizer of an object has of it; here says whether he is in the directory.
func (r *round) organizersCopy(object *ical.Component) (copy *ical.Component, here bool, err error) {
	organizer := ByAddress(r.people, itip.Organizer(object))
	if organizer == nil || organizer.Kind == directory.Group {
		return nil, false, nil
	}
	home, err := r.Home(r.tx, organizer)
	if err != nil {
		return nil, true, err
	}
	f, err := r.find(home, uidOf(object))
	if err != nil || f == nil || f.object == nil {
		return nil, true, err
	}
	if itip.Classify(f.object, r.context(organizer).Me) != itip.IsOrganizer {
		return nil, true, nil
	}
	return f.object, true, nil
}

// sendNoting sends messages and notes in the copy that is being written of each that was not just delivered what became of
// it. It says whether there were any.
func (r *round) sendNoting(messages ...itip.Message) (noted bool, err error) {
	statuses := map[string]string{}
	for i := range messages {
		m := &messages[i]
		if err := r.maySend(m.Method); err != nil {
			return false, err
		}
		status, err := r.send(m)
		if err != nil {
			return false, err
		}
		if !isSuccess(status) {
			statuses[m.To] = status
		}
	}
	if len(statuses) > 0 {
		itip.SetStatuses(r.copy, statuses)
	}
	return len(statuses) > 0, nil
}

func (r *round) maySend(m itip.Method) error {
	if r.may == nil {
		return nil
	}
	return r.may(m)
}

// isSuccess: package itip has noted that much already (RFC 6638 section 3.2.9).
func isSuccess(status string) bool {
	return status == statusDelivered || strings.HasPrefix(status, "2.")
}

// Deletion is a client's deletion of an object.
type Deletion struct {
	Owner *directory.Principal // of the calendar
	Actor *directory.Principal // who deletes; nil is the owner
	Item  *store.Object        // with its Facts
	Reply bool                 // an attendee's answer is sent (Schedule-Reply, RFC 6638 section 8.1)
	May   May
}

// Delete carries out that an object is deleted; the caller deletes it. The error is May's or the store's.
func (s *Scheduler) Delete(tx *store.Tx, d Deletion) error {
	item := d.Item
	if item.Organizer == "" {
		return nil
	}
	r := s.begin(tx, d.Owner)
	x := r.context(d.Owner)
	r.entry.Deed = DeedDelete
	r.actedBy(d.Actor)
	object, err := r.readMine(item)
	if err != nil {
		return err
	}
	var messages []itip.Message
	switch itip.Classify(object, x.Me) {
	case itip.IsOrganizer:
		r.entry.Role = roleOrganizer
		messages = itip.CancelAll(object, x)
		if err := r.noteGroups(object, nil); err != nil {
			return err
		}
	case itip.IsAttendee:
		r.entry.Role = roleAttendee
		if m := itip.DeclineAll(object, x); m != nil && d.Reply {
			messages = append(messages, *m)
		}
	default:
		return nil
	}
	r.may = d.May
	for i := range messages {
		if err := r.maySend(messages[i].Method); err != nil {
			return err
		}
		if _, err := r.send(&messages[i]); err != nil {
			return err
		}
	}
	return r.record(item.UID)
}

// uidOf is the UID of an object, "" of none.
func uidOf(object *ical.Component) string {
	if object == nil {
		return ""
	}
	for _, c := range object.Components {
		if c.Name != "VTIMEZONE" {
			return c.Text("UID")
		}
	}
	return ""
}

// rejected maps the refusals of a recipient's copy to the SCHEDULE-STATUS of RFC 6638 section 3.2.9.
func rejected(err error) (status string, ok bool) {
	if errors.Is(err, itip.ErrRejected) || errors.Is(err, itip.ErrMessage) {
		return statusRejected, true
	}
	return "", false
}
