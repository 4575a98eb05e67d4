package imip

import (
	"context"
	"errors"
	"strings"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// TokenDays is for how many days after its last use the address of an invitation takes answers.
const TokenDays = 90

// verdict is what became of a mail.
type verdict struct {
	aside bool   // nobody acted upon it: it needs a look
	why   string // for the log
}

// Receive acts upon a mail, known by a name that is its own: once, however often it is called. It says whether the mail is
// to be set aside, and why.
func (g *Gateway) receive(ctx context.Context, calendars Calendars, name string, data []byte) (verdict, error) {
	m, err := read(data, g.replyTo)
	var v verdict
	var bad *unreadable
	if errors.As(err, &bad) {
		return verdict{true, bad.why}, nil
	}
	if g.AcceptFromOutside && m.calendar != nil && isFromOrganizer(m) {
		m.unsigned = g.signed(m, data) // here, since the DNS may be slow
	}
	err = g.Store.Write(ctx, func(tx *store.Tx) error {
		first, err := tx.ReceiveMail(name)
		if err != nil || !first {
			v = verdict{false, "it was acted upon before"}
			return err
		}
		v, err = g.act(tx, calendars, m, data)
		return err
	})
	if errors.As(err, &bad) {
		return verdict{true, bad.why}, nil
	}
	return v, err
}

// act does what a mail says, in a transaction. The error may be an *unreadable.
func (g *Gateway) act(tx *store.Tx, calendars Calendars, m *incoming, data []byte) (verdict, error) {
	token, err := g.tokenOf(tx, m)
	found := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return verdict{}, err
	}
	switch {
	case m.bounce != nil && found:
		return g.bounced(tx, calendars, token, m.bounce)
	case m.calendar == nil && m.reason != nil:
		return verdict{}, m.reason
	case m.calendar == nil && m.automatic:
		return verdict{why: "it was sent by a program"}, nil
	case m.calendar == nil && found:
		return g.forward(tx, token, data)
	case m.calendar == nil:
		return verdict{}, setAside("there is no calendar in it")
	case isFromOrganizer(m):
		return g.fromOutside(tx, calendars, m)
	case !found:
		return verdict{}, setAside("it answers no invitation of ours, or one of more than %d days ago", TokenDays)
	}
	return g.answered(tx, calendars, token, m)
}

// tokenOf finds the token that a mail is for.
func (g *Gateway) tokenOf(tx *store.Tx, m *incoming) (store.MailToken, error) {
	for _, text := range m.tokens {
		t, err := tx.UseMailToken(text, g.Now().AddDate(0, 0, -TokenDays))
		if !errors.Is(err, store.ErrNotFound) {
			return t, err
		}
	}
	return store.MailToken{}, store.ErrNotFound
}

// bounced notes that an invitation did not arrive.
func (g *Gateway) bounced(tx *store.Tx, calendars Calendars, token store.MailToken, b *bounce) (verdict, error) {
	owner := g.People().ByGUID(token.Owner)
	if !b.failed || owner == nil {
		return verdict{why: "a mail server tells of a delivery: " + b.why}, nil
	}
	err := calendars.NoteStatuses(tx, owner, token.UID, map[string]string{token.Recipient: statusFailed})
	return verdict{why: "an invitation came back: " + b.why}, err
}

// methodOf is the METHOD of a mail's calendar.
func methodOf(m *incoming) itip.Method {
	if method := m.calendar.Value("METHOD"); method != "" {
		return itip.Method(strings.ToUpper(method))
	}
	return itip.Method(m.method)
}

// isFromOrganizer says whether a mail invites, and does not answer.
func isFromOrganizer(m *incoming) bool {
	switch methodOf(m) {
	case itip.MethodReply, itip.MethodCounter, itip.MethodRefresh, itip.MethodDeclineCounter:
		return false
	}
	return true
}

// answered lets the answer of a token's holder act on the owner's copy.
func (g *Gateway) answered(tx *store.Tx, calendars Calendars, token store.MailToken, m *incoming) (verdict, error) {
	owner := g.People().ByGUID(token.Owner)
	if owner == nil {
		return verdict{}, setAside("whoever invited is no longer in the directory")
	}
	if methodOf(m) == itip.MethodDeclineCounter {
		return verdict{why: "a counter-proposal was declined"}, nil
	}
	organizer := "mailto:" + owner.Mail()
	if owner.Mail() == "" {
		organizer = "urn:x-uid:" + owner.GUID
	}
	message, err := m.asMessage(token.Recipient, organizer)
	if err != nil {
		return verdict{}, err
	}
	if message.UID() != token.UID {
		return verdict{}, setAside("it answers another event than it was asked about")
	}
	if message.Method == itip.MethodCounter {
		zone, err := calendars.Zone(tx, owner)
		if err != nil {
			return verdict{}, err
		}
		asReply(message, tongueOf(g.Language(owner)), zone)
	}
	status, err := calendars.Receive(tx, owner, message)
	if err != nil {
		return verdict{}, err
	}
	if strings.HasPrefix(status, "3.") || strings.HasPrefix(status, "5.") {
		return verdict{}, setAside("it answers what is no more, or came too late (%s)", status)
	}
	return verdict{why: "an answer: " + string(message.Method)}, nil
}

// asReply makes a reply of a counter-proposal, which says in a comment to the organizer what is proposed: calendars show
// that, and COUNTER they do not.
func asReply(m *itip.Message, t *tongue, zone *time.Location) {
	m.Method = itip.MethodReply
	m.Calendar.Set(ical.NewProperty("METHOD", string(itip.MethodReply)))
	for _, c := range m.Calendar.Components {
		if c.Name == "VTIMEZONE" {
			continue
		}
		said := t.say(proposal, when(c, ical.NewZones(m.Calendar, zone), zone, t))
		if note := c.Text(propComment); note != "" {
			said += "\n" + note
		}
		c.Set(ical.NewText(propComment, said))
	}
}

// fromOutside lets an invitation from outside reach whom it invites, if the configuration lets it and its domain has
// signed it.
func (g *Gateway) fromOutside(tx *store.Tx, calendars Calendars, m *incoming) (verdict, error) {
	if !g.AcceptFromOutside {
		return verdict{}, setAside("invitations from outside are not accepted here (mail.incoming.accept_from_outside)")
	}
	message, err := itip.ReadMessage(withMethod(m))
	if err != nil {
		return verdict{}, setAside("its calendar is no invitation: %v", err)
	}
	if message.Method == itip.MethodPublish {
		return verdict{why: "it publishes an event, and invites nobody"}, nil
	}
	if g.People().ByAddress(message.From) != nil {
		return verdict{}, setAside("it pretends to come from somebody in the directory")
	}
	switch {
	case !addressesOf(m.header, "From")[strings.ToLower(mailOf(message.From))]:
		return verdict{}, setAside("it is not from the organizer whom it names")
	case m.unsigned != nil:
		return verdict{}, m.unsigned
	}
	delivered := 0
	for _, to := range g.invited(m, message) {
		one := *message
		status, err := calendars.Receive(tx, to, &one)
		if err != nil {
			return verdict{}, err
		}
		if !strings.HasPrefix(status, "3.") && !strings.HasPrefix(status, "5.") {
			delivered++
		}
	}
	if delivered == 0 {
		return verdict{}, setAside("it is for nobody in the directory whom it invites")
	}
	return verdict{why: "from outside: " + string(message.Method)}, nil
}

func withMethod(m *incoming) *ical.Component {
	calendar := m.calendar.Clone()
	if calendar.Value("METHOD") == "" && m.method != "" {
		calendar.Add(ical.NewProperty("METHOD", m.method))
	}
	return calendar
}

// invited are those in the directory whom a message invites and to whom its mail was sent.
func (g *Gateway) invited(m *incoming, message *itip.Message) (all []*directory.Principal) {
	people := g.People()
	sentTo := addressesOf(m.header, "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
	for _, who := range itip.Attendees(message.Calendar) {
		if mail := mailOf(who); mail == "" || !sentTo[strings.ToLower(mail)] {
			continue
		}
		if p := people.ByAddress(who); p != nil && p.Kind != directory.Group {
			all = append(all, p)
		}
	}
	return all
}
