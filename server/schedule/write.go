package schedule

import (
	"errors"
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
	var before *ical.Component
	if w.Before != nil {
		item, err := tx.Object(w.Before.CollectionID, w.Before.Name, store.Whole)
		if err != nil {
			return Written{}, err
		}
		if before, err = ical.Parse(item.Data); err != nil {
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

// organize is an organizer's write: the attendees hear of it, and what becomes of that is noted in his copy.
func (r *round) organize(before, after *ical.Component, x itip.Context) (Written, error) {
	done, err := itip.Organize(before, after, x)
	if err != nil {
		return Written{}, err
	}
	r.copy = done.Object
	failed, err := r.sendNoting(done.Messages...)
	if err != nil {
		return Written{}, err
	}
	w := Written{Object: r.copy, Changed: done.Changed || failed || r.copy != done.Object}
	if itip.Organizer(r.copy) != "" {
		w.Tag = newTag()
	}
	return w, nil
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
		failed, err := r.sendNoting(*done.Reply)
		if err != nil {
			return Written{}, err
		}
		changed = changed || failed
	}
	return Written{Object: r.copy, Changed: changed, Tag: newTag()}, nil
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
	if err != nil || f == nil {
		return nil, true, err
	}
	if itip.Classify(f.object, r.context(organizer).Me) != itip.IsOrganizer {
		return nil, true, nil
	}
	return f.object, true, nil
}

// sendNoting sends messages and notes in the copy that is being written why those were not delivered that were not.
func (r *round) sendNoting(messages ...itip.Message) (failed bool, err error) {
	failures := map[string]string{}
	for i := range messages {
		m := &messages[i]
		if err := r.maySend(m.Method); err != nil {
			return false, err
		}
		status, err := r.send(m)
		if err != nil {
			return false, err
		}
		if isFailure(status) {
			failures[m.To] = status
		}
	}
	if len(failures) > 0 {
		itip.SetStatuses(r.copy, failures)
	}
	return len(failures) > 0, nil
}

func (r *round) maySend(m itip.Method) error {
	if r.may == nil {
		return nil
	}
	return r.may(m)
}

// isFailure: RFC 6638 section 3.2.9 counts 1.x as under way and 2.x as success.
func isFailure(status string) bool {
	return strings.HasPrefix(status, "3.") || strings.HasPrefix(status, "5.")
}

// Delete carries out that an object of owner is deleted, with its Facts given; the caller deletes it. An attendee's
// answer is sent unless the client does not want it (Schedule-Reply, RFC 6638 section 8.1). The error is May's or the
// store's.
func (s *Scheduler) Delete(tx *store.Tx, owner *directory.Principal, item *store.Object, reply bool, may May) error {
	if item.Organizer == "" {
		return nil
	}
	if err := forgetETags(tx, item); err != nil {
		return err
	}
	whole, err := tx.Object(item.CollectionID, item.Name, store.Whole)
	if err != nil {
		return err
	}
	object, err := ical.Parse(whole.Data)
	if err != nil {
		return nil // damaged: it must be possible to be rid of it
	}
	r := s.begin(tx, owner)
	x := r.context(owner)
	var messages []itip.Message
	switch itip.Classify(object, x.Me) {
	case itip.IsOrganizer:
		messages = itip.CancelAll(object, x)
	case itip.IsAttendee:
		if m := itip.DeclineAll(object, x); m != nil && reply {
			messages = append(messages, *m)
		}
	}
	r.may = may
	for i := range messages {
		if err := r.maySend(messages[i].Method); err != nil {
			return err
		}
		if _, err := r.send(&messages[i]); err != nil {
			return err
		}
	}
	return nil
}

func uidOf(object *ical.Component) string {
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
		return "5.3", true
	}
	return "", false
}
