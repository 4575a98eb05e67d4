package schedule

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"calport/directory"
	"calport/server/itip"
	"calport/server/store"
)

// The record says what became of invitations: one line for each change, written in its transaction, and read by
// calport schedule explain.

// The deeds of the record.
const (
	DeedPut     = "put"     // a client wrote its copy
	DeedDelete  = "delete"  // a client deleted its copy
	DeedRefresh = "refresh" // the server told attendees of others' answers
	DeedGroups  = "groups"  // the server invited the members of groups as they are now
	DeedSplit   = "split"   // a client divided a series
	DeedMail    = "mail"    // a mail came from outside the directory
	DeedMailed  = "mailed"  // mails to the outside were sent, or given up
	DeedRestore = "restore" // a deleted calendar came back, for which something waited
)

// The roles of the record.
const (
	roleOrganizer = "organizer"
	roleAttendee  = "attendee"
)

// Entry is a line of the record: a change of somebody's copy and the messages that came of it. It is stored as JSON.
type Entry struct {
	Time     time.Time   `json:"time"`
	Deed     string      `json:"deed"`
	Actor    string      `json:"actor,omitempty"` // GUID of who did it; "" if that is the owner, or the server
	Owner    string      `json:"owner"`           // GUID of whose copy it is
	Role     string      `json:"role,omitempty"`  // "organizer" or "attendee"
	Messages []Delivered `json:"messages,omitempty"`
}

// Delivered is a message, and what it did. Recipients for whom it was the same stand together.
type Delivered struct {
	Method  itip.Method `json:"method"`
	Refresh bool        `json:"refresh,omitempty"` // only others' answers were new
	From    string      `json:"from"`              // calendar user addresses
	To      []string    `json:"to"`
	Answer  string      `json:"answer,omitempty"` // PARTSTATs in a REPLY
	About   []string    `json:"about,omitempty"`  // RECURRENCE-IDs; none is all of it
	Outcome string      `json:"outcome"`          // "created", "updated", …
	Status  string      `json:"status"`           // SCHEDULE-STATUS (RFC 6638 section 3.2.9)
	Why     string      `json:"why,omitempty"`    // it was rejected
	Changed []string    `json:"changed,omitempty"`
}

var outcomes = map[itip.Outcome]string{
	itip.Ignore: "unchanged", itip.Create: "created", itip.Update: "updated", itip.Replace: "created", itip.Remove: "removed",
}

// delivered takes down what became of a message; why is set if it was rejected.
func (r *round) delivered(m *itip.Message, d *itip.Delivery, why error) {
	line := Delivered{Method: m.Method, Refresh: m.Refresh, From: m.From, To: []string{m.To}, Status: d.Status, Outcome: outcomes[d.Outcome]}
	switch {
	case why != nil:
		line.Outcome, line.Why = "rejected", why.Error()
	case d.Status == StatusPending:
		line.Outcome = "queued"
	case d.Status == "":
		line.Outcome = "not sent"
	}
	for _, at := range m.Instances {
		if !at.IsZero() {
			line.About = append(line.About, at.String())
		}
	}
	if m.Method == itip.MethodReply {
		line.Answer = answerOf(m)
	}
	if d.Item != nil {
		line.Changed = changedIn(d.Item)
	}
	if n := len(r.entry.Messages); n > 0 && r.entry.Messages[n-1].sameBut(&line) {
		r.entry.Messages[n-1].To = append(r.entry.Messages[n-1].To, m.To)
		return
	}
	r.entry.Messages = append(r.entry.Messages, line)
}

// sameBut says whether two messages differ in their recipients only.
func (d *Delivered) sameBut(e *Delivered) bool {
	return d.Method == e.Method && d.Refresh == e.Refresh && d.From == e.From && d.Answer == e.Answer && d.Outcome == e.Outcome &&
		d.Status == e.Status && d.Why == e.Why && slices.Equal(d.About, e.About) && slices.Equal(d.Changed, e.Changed)
}

// answerOf is what a REPLY says, each answer once.
func answerOf(m *itip.Message) string {
	var all []string
	for _, c := range m.Calendar.Components {
		for a := range c.Props("ATTENDEE") {
			if answer := strings.ToUpper(a.Param("PARTSTAT")); !slices.Contains(all, answer) {
				all = append(all, answer)
			}
		}
	}
	return strings.Join(all, ", ")
}

// changedIn names the properties that changed in any instance.
func changedIn(c *itip.Changes) []string {
	var all []string
	for _, r := range c.Recurrences {
		for _, p := range r.Changed {
			if !slices.Contains(all, p.Name) {
				all = append(all, p.Name)
			}
		}
	}
	return all
}

// record writes the line of the round.
func (r *round) record(uid string) error {
	r.entry.Time, r.entry.Owner = r.now.UTC(), ownerKey(r.owner)
	text, err := json.Marshal(&r.entry)
	if err != nil {
		return err
	}
	return r.tx.AppendSchedule(uid, text)
}

// actedBy says who acts, where that is not the owner.
func (r *round) actedBy(who *directory.Principal) {
	if who != nil && !isPrincipal(who, r.owner) {
		r.entry.Actor = ownerKey(who)
	}
}

// ReadEntry reads a line of the record.
func ReadEntry(line store.ScheduleEntry) (Entry, error) {
	var e Entry
	err := json.Unmarshal(line.Content, &e)
	return e, err
}
