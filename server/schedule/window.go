package schedule

import (
	"iter"
	"time"

	"calport/server/ical"
	"calport/server/store"
)

// Window is a stretch of time in a calendar, whose objects are looked at for their times.
type Window struct {
	Collection int64
	Range      ical.Range     // with a start and an end
	Floating   *time.Location // where floating times and dates are
	Objects    *ical.Cache    // of objects read before, by ETag; nil is none
}

// Each calls look with every object that may overlap the range, by its name, in no order, until look fails. Only of those
// that are not in the cache the data is read, by one query for many; where the first is not in it, none is expected to be,
// and all are read with their data at once. What cannot be parsed is passed over: a damaged event must not hide the others.
// An object is look's until it returns, and of an event it is what ical.Cache.ReadTimes gives.
func (w *Window) Each(tx *store.Tx, look func(name string, o *ical.Object) error) error {
	if w.Objects == nil {
		return w.read(w.objects(tx, store.Data), look)
	}
	var unread []string
	first, cold := true, false
	for item, err := range w.objects(tx, store.Tags) {
		if err != nil {
			return err
		}
		kept := w.Objects.FindTimes(item.ETag, w.Floating)
		if cold = kept == nil && first; cold {
			break
		}
		first = false
		if kept == nil {
			unread = append(unread, item.Name)
			continue
		}
		if err := use(kept, item.Name, look); err != nil {
			return err
		}
	}
	if cold {
		return w.read(w.objects(tx, store.Data), look)
	}
	return w.read(tx.ObjectsByName(w.Collection, unread, store.Data), look)
}

func (w *Window) objects(tx *store.Tx, part store.Part) iter.Seq2[store.Object, error] {
	return tx.ObjectsInRange(w.Collection, "", w.Range.Start.Unix(), w.Range.End.Unix(), part)
}

// read is Each for objects that come with their data.
func (w *Window) read(objects iter.Seq2[store.Object, error], look func(string, *ical.Object) error) error {
	for item, err := range objects {
		if err != nil {
			return err
		}
		kept, err := w.Objects.ReadTimes(item.ETag, w.Floating, item.Data)
		if err != nil {
			continue
		}
		if err := use(kept, item.Name, look); err != nil {
			return err
		}
	}
	return nil
}

func use(kept *ical.Kept, name string, look func(string, *ical.Object) error) (err error) {
	kept.Use(func(o *ical.Object) { err = look(name, o) })
	return err
}
