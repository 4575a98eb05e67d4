package schedule

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// errUnknown is why nobody got a message.
var errUnknown = errors.New("nobody in the directory has this address")

// statusInvalidUser is the SCHEDULE-STATUS of whom nobody knows (RFC 6638 section 3.2.9).
const statusInvalidUser = "3.7"

// statusRejected is that of whose copy, or account, takes nothing from the sender (RFC 6638 section 3.2.9).
const statusRejected = "5.3"

// send carries a message to its recipient: his copy, his inbox, and if he is a room, his answer. It returns the
// SCHEDULE-STATUS for the sender's copy.
func (r *round) send(m *itip.Message) (status string, err error) {
	to := r.recipient(m)
	if to == nil {
		return r.sendOutside(m)
	}
	if to.Kind == directory.Group {
		r.delivered(m, &itip.Delivery{Status: statusInvalidUser}, errUnknown)
		return statusInvalidUser, nil
	}
	if r.copy != nil && isPrincipal(to, r.owner) {
		return r.sendToOwner(m)
	}
	if status, done, err := r.sendToAbsent(to, m); done || err != nil {
		return status, err
	}
	if err := r.takePlace(to); err != nil {
		return "", err
	}
	home, err := r.Home(r.tx, to)
	if err != nil {
		return "", err
	}
	mine, err := r.find(home, m.UID())
	if err != nil {
		return "", err
	}
	var object *ical.Component
	switch {
	case mine == nil:
		if kept, err := r.keepWaiting(home, m); kept || err != nil {
			return statusDelivered, err
		}
	case mine.object == nil:
		anew := r.mending(m, mine)
		if anew == nil {
			r.delivered(m, &itip.Delivery{Status: StatusFailed}, errDamaged)
			return StatusFailed, nil
		}
		m = anew
	default:
		object = mine.object
	}
	d, err := itip.Deliver(m, object, r.context(to))
	if status, ok := rejected(err); ok {
		r.Log.Info("scheduling message rejected", "uid", m.UID(), "to", m.To, "err", err)
		r.delivered(m, &itip.Delivery{Status: status}, err)
		return status, nil
	}
	if err != nil {
		return "", err
	}
	if d.Outcome == itip.Create && mine != nil {
		d.Outcome = itip.Update // of what was damaged
	}
	r.delivered(m, &d, nil)
	p := &parcel{round: r, message: m, to: to, home: home, mine: mine, Delivery: &d}
	return d.Status, p.deliver()
}

// errDamaged is why a message did nothing.
var errDamaged = errors.New("the recipient's copy is damaged, and the message does not tell all of it")

// mending is a message as it takes the place of the recipient's damaged copy, if it tells all that he sees of the event
// and the copy was of this organizer's event; else nil.
func (r *round) mending(m *itip.Message, damaged *found) *itip.Message {
	whole := m.Method == itip.MethodRequest && len(m.Instances) == 0
	if !whole || !isPrincipal(ByAddress(r.people, damaged.item.Organizer), ByAddress(r.people, m.From)) {
		return nil
	}
	anew := *m
	anew.Refresh = false
	return &anew
}

// errClosed is why a person who cannot sign in for good is not invited.
var errClosed = errors.New("the account is switched off")

// sendToAbsent deals with a message to a person who would not see it in a calendar here: who has left gets nothing new,
// 5.3, and who may not use the server gets mail, as everybody outside. Who has a copy of the event already is kept up to
// date all the same, for the day that he comes back. done says whether the message is dealt with. Rooms are not asked:
// Active Directory has them as accounts that are switched off.
func (r *round) sendToAbsent(to *directory.Principal, m *itip.Message) (status string, done bool, err error) {
	closed := to.State == directory.Disabled || to.State == directory.Gone
	if to.Kind != directory.Individual || !closed && (r.Serves == nil || r.Serves(to)) {
		return "", false, nil
	}
	home, err := r.tx.Home(ownerKey(to))
	if err == nil {
		mine, err := r.find(home, m.UID())
		if err != nil || mine != nil {
			return "", false, err
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return "", false, err
	}
	if closed && !r.hidden(r.owner)(m.To) { // else the sender learns that there was somebody
		r.delivered(m, &itip.Delivery{Status: statusRejected}, errClosed)
		return statusRejected, true, nil
	}
	status, err = r.sendOutside(m)
	return status, true, err
}

// sendToOwner delivers to the copy that is being written, as when a room answers while its organizer still waits.
func (r *round) sendToOwner(m *itip.Message) (status string, err error) {
	d, err := itip.Deliver(m, r.copy, r.context(r.owner))
	if status, ok := rejected(err); ok {
		r.delivered(m, &itip.Delivery{Status: status}, err)
		return status, nil
	}
	if err != nil {
		return "", err
	}
	r.delivered(m, &d, nil)
	if d.Object != nil {
		r.copy = d.Object
	}
	home, err := r.Home(r.tx, r.owner)
	if err != nil {
		return "", err
	}
	p := &parcel{round: r, message: m, to: r.owner, home: home, Delivery: &d}
	return d.Status, p.tell()
}

// parcel is a message on its way into a home.
type parcel struct {
	*round
	*itip.Delivery
	message *itip.Message
	to      *directory.Principal
	home    *store.Home
	mine    *found // the recipient's copy before; nil if there was none
}

func (p *parcel) deliver() error {
	reply, err := p.decide()
	if err != nil {
		return err
	}
	if err := p.store(); err != nil {
		return err
	}
	if err := p.tell(); err != nil {
		return err
	}
	if reply != nil {
		if _, err := p.send(reply); err != nil {
			return err
		}
	}
	for i := range p.Resend {
		if _, err := p.send(&p.Resend[i]); err != nil {
			return err
		}
	}
	return nil
}

// store writes what becomes of the recipient's copy.
func (p *parcel) store() error {
	switch p.Outcome {
	case itip.Create:
		return p.create()
	case itip.Update:
		return p.update()
	case itip.Replace:
		_, _, err := p.tx.PutObject(p.mine.item.CollectionID, stored(p.mine.item.Name, p.Renamed, ""))
		if err != nil {
			return err
		}
		return p.create()
	case itip.Remove:
		return p.tx.DeleteObject(p.mine.item.CollectionID, p.mine.item.Name)
	}
	return nil
}

// update writes the recipient's copy anew, under its Schedule-Tag if nothing of consequence changed.
func (p *parcel) update() error {
	tag := p.mine.item.ScheduleTag
	if !p.KeepTag || tag == "" {
		tag = newTag()
	} else if err := rememberETag(p.tx, &p.mine.item); err != nil {
		return err
	}
	_, _, err := p.tx.PutObject(p.mine.item.CollectionID, p.asStored(p.mine.item.Name, tag))
	return err
}

// create puts a new object into the recipient's default calendar (RFC 6638 section 4.3).
func (p *parcel) create() error {
	component := ical.NewObject(p.Object, nil).Kind()
	calendar, err := p.Default(p.tx, p.home, component)
	if err != nil {
		return err
	}
	_, err = p.tx.AddObject(calendar.ID, p.asStored(ObjectName(p.message.UID()), newTag())) // nothing has its UID, see find
	return err
}

// ObjectName makes the name of an object that scheduling creates: the UID's hash and something random, so that names are
// short, and never met twice.
func ObjectName(uid string) string {
	var extra [4]byte
	rand.Read(extra[:]) // never fails
	return deliveredPrefix(uid) + hex.EncodeToString(extra[:]) + ".ics"
}

// IsDelivered says whether an object has a name that ObjectName made for its UID.
func IsDelivered(name, uid string) bool { return strings.HasPrefix(name, deliveredPrefix(uid)) }

func deliveredPrefix(uid string) string {
	sum := md5.Sum([]byte(uid))
	return hex.EncodeToString(sum[:]) + "-"
}

// tell puts the message into the recipient's inbox, and has the other attendees told if they must be.
func (p *parcel) tell() error {
	if p.Refresh {
		if err := p.refreshLater(p.to, p.message.UID(), p.message.From); err != nil {
			return err
		}
	}
	if p.Item == nil {
		return nil
	}
	in := ofKind(p.home, store.Inbox)
	if in == nil {
		return nil
	}
	item, err := p.tx.AddObject(in.ID, p.letter())
	if err != nil {
		return err
	}
	return p.tx.SaveProperties(store.OnObject(item), []store.PropertyChange{changesProperty(p.Item)})
}
