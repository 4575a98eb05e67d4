package imip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // those that mail programs outside of UTF-8 write

	"calport/server/ical"
	"calport/server/itip"
)

// Bounds of what is read of a mail.
const (
	maxMail     = 4 << 20 // octets; bigger ones are not even fetched
	maxCalendar = 1 << 20 // octets of a calendar in it
	maxDepth    = 8       // of parts in parts
	maxParts    = 100
	maxTokens   = 10
)

// unreadable is why nothing is done with a mail: it is set aside.
type unreadable struct{ why string }

func (e *unreadable) Error() string { return e.why }

func setAside(format string, args ...any) error { return &unreadable{fmt.Sprintf(format, args...)} }

// incoming is what a mail turned out to be.
type incoming struct {
	header    message.Header
	calendar  *ical.Component // nil: none is in it
	method    string          // of the calendar's content type, in upper case
	bounce    *bounce         // nil: it is none
	automatic bool            // no person and no calendar program wrote it
	tokens    []string        // of addresses that it was sent to, most telling first
	unsigned  error           // why it is not known to come from whom it says
	reason    error           // why a calendar in it cannot be read
}

// bounce is a delivery status notification (RFC 3464), or what is as good as one.
type bounce struct {
	failed bool // for good
	why    string
}

// reader walks the parts of a mail.
type reader struct {
	own   *address // whose tokens are ours
	mail  *incoming
	parts int
}

// read finds out what a mail is. The error is an *unreadable.
func read(data []byte, own *address) (*incoming, error) {
	entity, err := message.Read(bytes.NewReader(data))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, setAside("it is no mail: %v", err)
	}
	r := &reader{own: own, mail: &incoming{header: entity.Header}}
	r.addressees(entity.Header, "To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Cc")
	if err := r.walk(entity, 0); err != nil {
		return nil, err
	}
	m := r.mail
	if m.calendar == nil {
		m.automatic = isAutomatic(entity.Header)
		if m.bounce == nil && isFromMailer(entity.Header) {
			m.bounce = &bounce{failed: true, why: "returned: " + oneLine(entity.Header.Get("Subject"))}
		}
	} else {
		r.organizers()
	}
	return m, nil
}

// addressees gathers the tokens of addresses in header fields.
func (r *reader) addressees(h message.Header, fields ...string) {
	for _, name := range fields {
		all := h.FieldsByKey(name)
		for all.Next() && len(r.mail.tokens) < maxTokens {
			list, err := netmail.ParseAddressList(all.Value())
			if err != nil {
				list = []*netmail.Address{{Address: strings.Trim(all.Value(), "<> \t")}}
			}
			for _, a := range list {
				r.token(a.Address)
			}
		}
	}
}

func (r *reader) token(of string) {
	if r.own == nil || len(r.mail.tokens) >= maxTokens {
		return
	}
	if token := r.own.token(of); token != "" {
		r.mail.tokens = append(r.mail.tokens, token)
	}
}

// organizers gathers the tokens of those who answer to the ORGANIZER.
func (r *reader) organizers() {
	for _, c := range r.mail.calendar.Components {
		if p := c.Prop("ORGANIZER"); p != nil {
			r.token(mailOf(p.Value()))
		}
	}
}

// walk looks at a part and those in it. The first calendar counts: in a mail as programs write it all are the same.
func (r *reader) walk(e *message.Entity, depth int) error {
	if r.parts++; depth > maxDepth || r.parts > maxParts {
		return setAside("it has too many parts")
	}
	kind, params, _ := e.Header.ContentType()
	switch kind = strings.ToLower(kind); {
	case kind == "message/delivery-status":
		return r.deliveryStatus(e)
	case kind == "text/rfc822-headers", kind == "message/rfc822":
		return r.returned(e)
	case isCalendar(kind, e.Header):
		return r.readCalendar(e, params["method"])
	}
	parts := e.MultipartReader()
	if parts == nil {
		return nil
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && part == nil:
			return nil // broken off in the middle: what was before it counts
		}
		if err := r.walk(part, depth+1); err != nil {
			return err
		}
	}
}

// isCalendar knows calendars by their type, and those that a program calls something else by the file's name.
func isCalendar(kind string, h message.Header) bool {
	switch kind {
	case "text/calendar", "application/ics", "text/x-vcalendar":
		return true
	case "application/octet-stream", "application/calendar":
		_, params, _ := h.ContentDisposition()
		_, named, _ := h.ContentType()
		return strings.HasSuffix(strings.ToLower(params["filename"]+named["name"]), ".ics")
	}
	return false
}

// readCalendar reads a calendar, if none was read before.
func (r *reader) readCalendar(e *message.Entity, method string) error {
	if r.mail.calendar != nil {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(e.Body, maxCalendar+1))
	switch {
	case len(data) > maxCalendar:
		r.mail.reason = setAside("its calendar has more than %d octets", maxCalendar)
	case err != nil:
		r.mail.reason = setAside("its calendar cannot be decoded: %v", err)
	default:
		calendar, err := ical.Parse(data)
		if err != nil {
			r.mail.reason = setAside("its calendar cannot be read: %v", err)
			return nil
		}
		r.mail.calendar, r.mail.method = calendar, strings.ToUpper(strings.TrimSpace(method))
	}
	return nil
}

// maxStatus bounds what is read of a delivery status.
const maxStatus = 64 << 10

// deliveryStatus reads the fields of RFC 3464 section 2: groups of them, those of recipients after that of the mail.
func (r *reader) deliveryStatus(e *message.Entity) error {
	data, err := io.ReadAll(io.LimitReader(e.Body, maxStatus))
	if err != nil {
		return nil
	}
	b := &bounce{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		value = oneLine(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "action": // section 2.3.3; the others are delayed, delivered, relayed, expanded
			b.failed = b.failed || strings.EqualFold(value, "failed")
		case "diagnostic-code":
			b.why = value
		case "status":
			if b.why == "" {
				b.why = value
			}
		}
	}
	r.mail.bounce = b
	return nil
}

// returned looks into a mail that comes back, for the address that it was to be answered to.
func (r *reader) returned(e *message.Entity) error {
	inner, err := message.Read(io.LimitReader(e.Body, maxMail))
	if inner == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil
	}
	r.addressees(inner.Header, "Reply-To", "Return-Path")
	return nil
}

// isAutomatic says whether a program answered by itself (RFC 3834 section 5), or sends to many.
func isAutomatic(h message.Header) bool {
	if v := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted"))); v != "" && !strings.HasPrefix(v, "no") {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	return h.Has("X-Autoreply") || h.Has("X-Autorespond") || h.Has("List-Id")
}

// isFromMailer knows the bounces of mail servers that do not write RFC 3464.
func isFromMailer(h message.Header) bool {
	from, err := netmail.ParseAddress(h.Get("From"))
	if err != nil || strings.Contains(strings.ToLower(h.Get("Auto-Submitted")), "auto-replied") && strings.TrimSpace(h.Get("Return-Path")) != "<>" {
		return false
	}
	local, _, _ := strings.Cut(strings.ToLower(from.Address), "@")
	return (local == "mailer-daemon" || local == "postmaster") && strings.TrimSpace(h.Get("Return-Path")) == "<>"
}

// asMessage makes an iTIP message of a calendar that came for a token: the one who holds the token is who answers,
// whatever address his program writes, and the event and its organizer are those of the token.
func (m *incoming) asMessage(holder, organizer string) (*itip.Message, error) {
	calendar := m.calendar.Clone()
	if calendar.Value("METHOD") == "" && m.method != "" {
		calendar.Add(ical.NewProperty("METHOD", m.method))
	}
	for _, c := range calendar.Components {
		if c.Name == "VTIMEZONE" {
			continue
		}
		c.Set(ical.NewProperty("ORGANIZER", organizer))
		claim(c, holder, organizer)
		if note := c.Text("COMMENT"); note != "" && c.Prop(propComment) == nil {
			c.Add(ical.NewText(propComment, note)) // which is where calendars show it
		}
	}
	message, err := itip.ReadMessage(calendar)
	if err != nil {
		return nil, setAside("its calendar is no answer: %v", err)
	}
	message.From = holder
	return message, nil
}

// propComment is Apple's name of what an attendee tells the organizer alone.
const propComment = "X-CALENDARSERVER-PRIVATE-COMMENT"

// claim gives the ATTENDEE who answers the holder's address, where a program writes an alias of it.
func claim(c *ical.Component, holder, organizer string) {
	var others []*ical.Property
	for p := range c.Props("ATTENDEE") {
		switch userKey(p.Value()) {
		case userKey(holder):
			return
		case userKey(organizer):
		default:
			others = append(others, p)
		}
	}
	if len(others) == 1 && others[0].Param("DELEGATED-FROM") == "" {
		others[0].SetValue(holder)
	}
}
