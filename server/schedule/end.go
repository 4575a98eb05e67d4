package schedule

import (
	"errors"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// End has a meeting of its organizer take place no more: one that lies ahead is called off and deleted, and a series that
// has begun ends before its next instance, so that everybody keeps what was. Everybody hears of it as if the organizer's
// client had done that. done is false if nothing of the meeting lies ahead, or it is not the owner's.
//
// The error is one of package itip's or the store's.
func (s *Scheduler) End(tx *store.Tx, owner *directory.Principal, item *store.Object) (done bool, err error) {
	now := s.Now().Unix()
	if item.Organizer == "" || item.LastEnd <= now {
		return false, nil
	}
	whole, err := tx.Object(item.CollectionID, item.Name, store.Whole)
	if err != nil {
		return false, err
	}
	object, err := ical.Parse(whole.Data)
	if err != nil {
		return false, nil // damaged: nobody has got anything of it
	}
	if itip.Classify(object, s.begin(tx, owner).context(owner).Me) != itip.IsOrganizer {
		return false, nil
	}
	past, begun, err := s.pastOf(object)
	if item.FirstStart >= now || err == nil && !begun {
		if err := s.Delete(tx, Deletion{Owner: owner, Item: item}); err != nil {
			return false, err
		}
		return true, tx.DeleteObject(item.CollectionID, item.Name)
	}
	if err != nil || past == nil {
		return false, err
	}
	written, err := s.Put(tx, Write{Owner: owner, Before: item, After: past})
	if err != nil || written.Object == nil {
		return false, err
	}
	_, _, err = tx.PutObject(item.CollectionID, stored(item.Name, written.Object, written.Tag))
	return true, err
}

// pastOf is a series without its instances from now on; nil if it has none, or does not recur. begun is false of a series
// that begins only now, though an instance of it may have been brought forward.
func (s *Scheduler) pastOf(object *ical.Component) (past *ical.Component, begun bool, err error) {
	o := ical.NewObject(object, nil)
	master := o.Master()
	if master == nil {
		return nil, true, nil
	}
	start, err := master.Prop("DTSTART").Time()
	if err != nil {
		return nil, true, nil
	}
	now := s.Now()
	at := ical.UTCOf(now)
	switch start.Form() {
	case ical.Date:
		at = like(start, now.AddDate(0, 0, 1)) // what is today has begun
	case ical.Floating:
		at = like(start, now)
	}
	isPast := func(t ical.Time) bool { return o.Zones().Time(t).Before(o.Zones().Time(at)) }
	how := cut{Split: Split{At: at}}
	failed := how.find(object, master, o.Zones())
	switch {
	case failed != nil && !errors.Is(failed, ErrSplit):
		return nil, true, failed
	case how.before == 0:
		return nil, false, nil
	}
	past = object.Clone()
	keepSide(past, isPast)
	ofPast := ical.NewObject(past, nil).Master()
	dropPutOff(past, ofPast, isPast)
	if failed == nil {
		how.end(ofPast)
	}
	if string(past.Bytes()) == string(object.Bytes()) {
		return nil, true, nil
	}
	return past, true, nil
}

// dropPutOff takes out the instances that were to be in the past, and were put off to what lies ahead.
func dropPutOff(past, master *ical.Component, isPast func(ical.Time) bool) {
	past.DelChildren(func(c *ical.Component) bool {
		id, err := c.Prop("RECURRENCE-ID").Time()
		if err != nil || c.Name == "VTIMEZONE" {
			return false
		}
		start, err := c.Prop("DTSTART").Time()
		if err != nil || isPast(start) {
			return false
		}
		master.Add(id.Property("EXDATE"))
		return true
	})
}
