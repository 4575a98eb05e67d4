package imip

import (
	"math"
	"slices"
	"strings"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// The statuses that Post answers (RFC 6638 section 3.2.9).
const (
	statusPending     = "1.0"
	statusSent        = "1.1"
	statusInvalidUser = "3.7"
	statusFailed      = "5.1"
)

// pastDays is after how many days nobody is told any more of an event that has ended.
const pastDays = 7

// Post puts a message to somebody outside the directory into the queue, in the transaction of the change that it comes
// of. It takes the place of what waits and says less: of several changes in a row the recipient gets the last, and of an
// event that is gone before he was told of it nothing. The status is 1.0, "" if nothing is to be sent, or 3.7 if the
// recipient has no mail address.
func (g *Gateway) Post(tx *store.Tx, from *directory.Principal, m *itip.Message) (status string, err error) {
	if mailOf(m.To) == "" {
		return statusInvalidUser, nil
	}
	now := g.Now()
	data, lastEnd := g.octetsOf(m.Calendar)
	if m.Refresh || lastEnd < now.AddDate(0, 0, -pastDays).Unix() {
		return "", nil
	}
	out := store.OutgoingMail{
		Owner: strings.ToLower(from.GUID), UID: m.UID(), Recipient: userKey(m.To), Method: string(m.Method), Whole: isWhole(m),
		Data: data, Due: now.Add(g.Delay),
	}
	untold, err := g.untold(tx, out)
	if err != nil {
		return "", err
	}
	if untold && m.Method == itip.MethodCancel && out.Whole {
		return "", nil
	}
	if err := tx.QueueMail(out, func(old store.OutgoingMail) bool { return overtakes(out, old) }); err != nil {
		return "", err
	}
	g.wakeUp()
	return statusPending, nil
}

// wakeUp tells Run that there is something to send.
func (g *Gateway) wakeUp() {
	select {
	case g.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// untold says whether the recipient never heard of the event and nobody is about to tell him. A cancellation of all of it
// takes back what waits.
func (g *Gateway) untold(tx *store.Tx, out store.OutgoingMail) (bool, error) {
	token, err := tx.MailTokenFor(out.Owner, out.UID, out.Recipient)
	if err != nil || token.Thread != "" {
		return false, err
	}
	waiting, err := tx.UnsentMail(out.Owner, out.UID, out.Recipient)
	if err != nil {
		return false, err
	}
	begun := slices.ContainsFunc(waiting, func(m store.OutgoingMail) bool { return m.Attempts > 0 })
	if begun || len(waiting) == 0 || out.Method != string(itip.MethodCancel) || !out.Whole {
		return false, nil
	}
	for _, m := range waiting {
		if err := tx.DeleteMail(m.ID); err != nil {
			return false, err
		}
	}
	return true, nil
}

// overtakes says whether a message makes an earlier one that waits needless: one about all of the event says everything
// that a request said. What was cancelled or answered for single dates is told all the same.
func overtakes(m, old store.OutgoingMail) bool {
	switch {
	case !m.Whole:
		return false
	case m.Method == string(itip.MethodRequest), m.Method == string(itip.MethodCancel):
		return old.Method == string(itip.MethodRequest)
	}
	return old.Method == m.Method && old.Whole
}

// isWhole says whether a message is about all of the event.
func isWhole(m *itip.Message) bool {
	return len(m.Instances) == 0 || slices.ContainsFunc(m.Instances, ical.Time.IsZero)
}

// octetsOf writes a calendar, and says when the last of its instances ends, in Unix seconds. The messages of one change
// share calendars, one after the other.
func (g *Gateway) octetsOf(calendar *ical.Component) (data []byte, lastEnd int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.view != calendar {
		g.view, g.octets = calendar, calendar.Bytes()
		g.lastEnd = ical.NewObject(calendar, time.UTC).Facts().LastEnd
		if g.lastEnd == math.MinInt64 {
			g.lastEnd = math.MaxInt64 // without times: of a to-do
		}
	}
	return g.octets, g.lastEnd
}
