package schedule

import (
	"encoding/json"
	"maps"
	"slices"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// Messages to copies in calendars that were deleted, and of which nobody has heard yet: the calendar may come back as it
// was. Answers and cancellations wait for that; a REQUEST makes a new copy, which then is the one.

// waitingMessage is a message as it waits in store.WaitingFor, by the order of arrival.
type waitingMessage struct {
	Method itip.Method `json:"method"`
	From   string      `json:"from"`
	To     string      `json:"to"`
	Data   []byte      `json:"data"`
}

// keepWaiting keeps a message for a copy that may come back. It says whether there is one.
func (r *round) keepWaiting(home *store.Home, m *itip.Message) (kept bool, err error) {
	switch m.Method {
	case itip.MethodReply, itip.MethodCounter, itip.MethodCancel:
	default:
		return false, nil
	}
	collectionID, err := r.tx.DiscardedWithUID(home.ID, m.UID())
	if err != nil || collectionID == 0 {
		return false, err
	}
	text, err := json.Marshal(waitingMessage{m.Method, m.From, m.To, m.Calendar.Bytes()})
	if err != nil {
		return false, err
	}
	r.delivered(m, &itip.Delivery{Status: statusDelivered}, nil)
	return true, r.tx.AppendValue(store.WaitingFor(collectionID), text)
}

// DeliverWaiting delivers, to the owner of a calendar that is back, what came for it meanwhile.
func (s *Scheduler) DeliverWaiting(tx *store.Tx, owner *directory.Principal, collectionID int64) error {
	waiting, err := tx.Values(store.WaitingFor(collectionID))
	if err != nil {
		return err
	}
	if err := tx.DeleteValues(store.WaitingFor(collectionID)); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(waiting)) {
		var w waitingMessage
		err := json.Unmarshal(waiting[key], &w)
		var cal *ical.Component
		if err == nil {
			cal, err = ical.Parse(w.Data)
		}
		if err != nil { // it must not keep the calendar away
			s.Log.Error("a message that waited for a calendar is damaged, and lost", "owner", owner.ShortName, "key", key, "err", err)
			continue
		}
		r := s.begin(tx, owner)
		m := &itip.Message{Method: w.Method, From: w.From, To: w.To, Calendar: cal}
		if _, err := r.send(m); err != nil {
			return err
		}
		r.entry.Deed = DeedRestore
		if err := r.record(m.UID()); err != nil {
			return err
		}
	}
	return nil
}
