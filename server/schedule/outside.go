package schedule

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"calport/directory"
	"calport/server/itip"
	"calport/server/store"
)

// Outside takes a message to somebody who is not in the directory, in the transaction that it comes of, and returns the
// SCHEDULE-STATUS for the sender's copy: StatusPending if it waits to be sent, "" if nobody is to be told.
type Outside func(tx *store.Tx, from *directory.Principal, m *itip.Message) (status string, err error)

// What a message to the outside has as its SCHEDULE-STATUS (RFC 6638 section 3.2.9).
const (
	StatusPending   = "1.0"
	StatusSent      = "1.1"
	StatusFailed    = "5.1"
	statusNoService = "5.2"
)

// statusDelivered is what package itip notes for every message that goes out.
const statusDelivered = "1.2"

// sendOutside carries a message to somebody who is not in the directory.
func (r *round) sendOutside(m *itip.Message) (status string, err error) {
	from := ByAddress(r.people, m.From)
	switch {
	case !strings.HasPrefix(strings.ToLower(m.To), "mailto:"):
		r.delivered(m, &itip.Delivery{Status: statusInvalidUser}, errUnknown)
		return statusInvalidUser, nil
	case r.Outside == nil, from == nil:
		r.delivered(m, &itip.Delivery{Status: statusNoService}, errNoMail)
		return statusNoService, nil
	}
	if status, err = r.Outside(r.tx, from, m); err == nil {
		r.delivered(m, &itip.Delivery{Status: status}, nil)
	}
	return status, err
}

// errNoMail is why nobody outside got a message.
var errNoMail = errors.New("nobody in the directory has this address, and there is no mail")

// Receive lets a message from somebody who is not in the directory act on the copy of its recipient, as messages inside
// the directory do. It returns the SCHEDULE-STATUS of the delivery: one of 3.x or 5.x says that nothing came of it. To an
// organizer who has no such event nothing is delivered, "3.8".
func (s *Scheduler) Receive(tx *store.Tx, to *directory.Principal, m *itip.Message) (status string, err error) {
	r := s.begin(tx, to)
	m.To = Address(to)
	if answers := m.Method == itip.MethodReply || m.Method == itip.MethodCounter || m.Method == itip.MethodRefresh; answers {
		home, err := r.Home(tx, to)
		if err != nil {
			return "", err
		}
		mine, err := r.find(home, m.UID())
		if err != nil {
			return "", err
		}
		deleted, err := r.tx.DiscardedWithUID(home.ID, m.UID())
		if err != nil || mine == nil && deleted == 0 {
			return statusNoAuthority, err
		}
	}
	if status, err = r.send(m); err != nil {
		return "", err
	}
	r.entry.Deed = DeedMail
	return status, r.record(m.UID())
}

// statusNoAuthority answers who may not send such a message.
const statusNoAuthority = "3.8"

// NoteStatuses writes what became of messages of owner's about an event into his copy: the codes by the addresses of the
// recipients. An answer that came meanwhile stays; nobody needs a new version of the copy for the rest (RFC 6638 section
// 3.2.10).
func (s *Scheduler) NoteStatuses(tx *store.Tx, owner *directory.Principal, uid string, codes map[string]string) error {
	home, err := tx.Home(ownerKey(owner))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r := s.begin(tx, owner)
	mine, err := r.find(home, uid)
	if err != nil || mine == nil || mine.object == nil { // what is left of a damaged copy has no place for them
		return err
	}
	object, codes := mine.object.Clone(), maps.Clone(codes)
	for address, code := range codes {
		if code == StatusSent && itip.Status(object, address) != StatusPending {
			delete(codes, address)
		}
	}
	itip.SetStatuses(object, codes)
	if object.String() == mine.object.String() {
		return nil
	}
	if mine.item.ScheduleTag != "" {
		if err := rememberETag(tx, &mine.item); err != nil {
			return err
		}
	}
	if _, _, err := tx.PutObject(mine.item.CollectionID, stored(mine.item.Name, object, mine.item.ScheduleTag)); err != nil {
		return fmt.Errorf("schedule: status of %s: %w", uid, err)
	}
	r.entry.Deed = DeedMailed
	for _, address := range slices.Sorted(maps.Keys(codes)) {
		outcome := "sent"
		if codes[address] == StatusFailed {
			outcome = "given up"
		}
		r.entry.Messages = append(r.entry.Messages, Delivered{From: Address(owner), To: []string{address}, Outcome: outcome, Status: codes[address]})
	}
	return r.record(uid)
}

// Zone is where a person's times are, UTC if no calendar of his says so.
func (s *Scheduler) Zone(tx *store.Tx, owner *directory.Principal) (*time.Location, error) {
	home, err := tx.Home(ownerKey(owner))
	if errors.Is(err, store.ErrNotFound) {
		return time.UTC, nil
	}
	if err != nil {
		return nil, err
	}
	return zoneOf(home, nil), nil
}
