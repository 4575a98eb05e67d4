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
	if item.FirstStart >= now {
		if err := s.Delete(tx, Deletion{Owner: owner, Item: item}); err != nil {
			return false, err
		}
		return true, tx.DeleteObject(item.CollectionID, item.Name)
	}
	past, err := s.pastOf(object)
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

// pastOf is a series without its instances from now on; nil if it has none, or does not recur.
func (s *Scheduler) pastOf(object *ical.Component) (*ical.Component, error) {
	o := ical.NewObject(object, nil)
	master := o.Master()
	if master == nil {
		return nil, nil
	}
	start, err := master.Prop("DTSTART").Time()
	if err != nil {
		return nil, nil
	}
	now := s.Now()
	at := ical.UTCOf(now)
	if start.Form() == ical.Date || start.Form() == ical.Floating {
		at = like(start, now)
	}
	past := object.Clone()
	keepSide(past, func(t ical.Time) bool { return o.Zones().Time(t).Before(o.Zones().Time(at)) })
	how := cut{Split: Split{At: at}}
	switch err := how.find(object, master, o.Zones()); {
	case err == nil:
		how.end(ical.NewObject(past, nil).Master())
	case !errors.Is(err, ErrSplit):
		return nil, err
	}
	if string(past.Bytes()) == string(object.Bytes()) {
		return nil, nil
	}
	return past, nil
}
