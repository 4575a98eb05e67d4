package schedule

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// Messages to copies in calendars that were deleted, and of which nobody has heard yet: the calendar may come back as it
// was. Answers and cancellations wait for that; a REQUEST makes a new copy, which then is the one.

// waitingMessage is a message as it waits.
type waitingMessage struct {
	Method itip.Method `json:"method"`
	From   string      `json:"from"`
	To     string      `json:"to"`
	Data   []byte      `json:"data"`
}

// waitingFor is the store's bucket of what waits for a collection: by the order of arrival.
func waitingFor(collectionID int64) string {
	return "waiting for " + strconv.FormatInt(collectionID, 10)
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
	bucket := waitingFor(collectionID)
	before, err := r.tx.Values(bucket)
	if err != nil {
		return false, err
	}
	text, err := json.Marshal(waitingMessage{m.Method, m.From, m.To, m.Calendar.Bytes()})
	if err != nil {
		return false, err
	}
	r.delivered(m, &itip.Delivery{Status: statusDelivered}, nil)
	return true, r.tx.SetValue(bucket, fmt.Sprintf("%09d", len(before)), text)
}

// DeliverWaiting delivers, to the owner of a calendar that is back, what came for it meanwhile.
func (s *Scheduler) DeliverWaiting(tx *store.Tx, owner *directory.Principal, collectionID int64) error {
	waiting, err := tx.Values(waitingFor(collectionID))
	if err != nil {
		return err
	}
	if err := DropWaiting(tx, collectionID); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(waiting)) {
		var w waitingMessage
		if err := json.Unmarshal(waiting[key], &w); err != nil {
			return err
		}
		cal, err := ical.Parse(w.Data)
		if err != nil {
			return err
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

// DropWaiting forgets what waits for a calendar of whose end others have heard.
func DropWaiting(tx *store.Tx, collectionID int64) error {
	waiting, err := tx.Values(waitingFor(collectionID))
	if err != nil {
		return err
	}
	for key := range waiting {
		if err := tx.DeleteValue(waitingFor(collectionID), key); err != nil {
			return err
		}
	}
	return nil
}
