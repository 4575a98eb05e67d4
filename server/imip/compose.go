package imip

import (
	"bytes"
	"embed"
	html "html/template"
	netmail "net/mail"
	"strconv"
	"strings"
	text "text/template"
	"time"

	"github.com/wneessen/go-mail"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

//go:embed templates
var templates embed.FS

var (
	textForm = text.Must(text.ParseFS(templates, "templates/mail.txt"))
	htmlForm = html.Must(html.ParseFS(templates, "templates/mail.html"))
)

// page is what the templates show.
type page struct {
	Language, Subject, Lead string
	Facts                   facts
	Rows                    []row
	OneDate, HowTo          string
}

type row struct{ Label, Text string }

// parcel is a message with all that its mail is made of.
type parcel struct {
	out      store.OutgoingMail
	token    store.MailToken
	owner    *directory.Principal
	zone     *time.Location
	calendar *ical.Component
}

// messageID is the mail's own, the same in every attempt.
func (g *Gateway) messageID(p *parcel) string {
	return g.Submission.messageID(strconv.FormatInt(p.out.ID, 36) + ".invitation")
}

// compose makes the mail of a message (RFC 6047 section 4): mixed{alternative{text, HTML, calendar}, invite.ics}.
func (g *Gateway) compose(p *parcel) (*mail.Msg, error) {
	calendar := g.mailed(p)
	t := tongueOf(g.Language(p.owner))
	shown := g.page(p, calendar, t)
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := g.addressed(m, p, calendar); err != nil {
		return nil, err
	}
	m.Subject(shown.Subject)
	m.SetDateWithValue(g.Now())
	g.threaded(m, p)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5
	m.SetGenHeader("Content-Language", t.tag.String())
	if err := m.SetBodyTextTemplate(textForm, shown); err != nil {
		return nil, err
	}
	if err := m.AddAlternativeHTMLTemplate(htmlForm, shown); err != nil {
		return nil, err
	}
	data := calendar.Bytes()
	m.AddAlternativeString(mail.ContentType("text/calendar; method="+p.out.Method), string(data), mail.WithPartEncoding(mail.EncodingB64))
	return m, m.AttachReader("invite.ics", bytes.NewReader(data), mail.WithFileContentType("application/ics"))
}

// addressed writes from whom the mail is, to whom, and where answers and bounces go.
func (g *Gateway) addressed(m *mail.Msg, p *parcel, calendar *ical.Component) error {
	server := g.Submission.o.From
	from := netmail.Address{Name: p.owner.FullName, Address: server.Address}
	answers := netmail.Address{Name: p.owner.FullName, Address: p.owner.Mail()}
	bounces := server.Address
	if g.replyTo != nil {
		answers.Address = g.replyTo.with(p.token.Token)
		bounces = answers.Address
	}
	if g.OwnFrom && p.owner.Mail() != "" {
		from.Address = p.owner.Mail()
		m.SetGenHeader("Sender", "<"+server.Address+">") // RFC 5322 section 3.6.2
	}
	m.FromMailAddress(&from)
	if answers.Address != "" {
		m.ReplyToMailAddress(&answers)
	}
	if err := m.EnvelopeFrom(bounces); err != nil {
		return err
	}
	m.ToMailAddress(&netmail.Address{Name: calledIn(calendar, p.out.Recipient), Address: mailOf(p.out.Recipient)})
	return nil
}

// threaded joins the mails about one event to one conversation (RFC 5322 section 3.6.4).
func (g *Gateway) threaded(m *mail.Msg, p *parcel) {
	m.SetMessageIDWithValue(g.messageID(p))
	if first := p.token.Thread; first != "" && first != g.messageID(p) {
		m.SetGenHeader("In-Reply-To", "<"+first+">")
		m.SetGenHeader("References", "<"+first+">")
	}
}

// calledIn is the name of a user in a message; "" if it has none.
func calledIn(calendar *ical.Component, user string) string {
	for _, c := range calendar.Components {
		for _, p := range c.Properties {
			if n := p.Name(); (n == "ATTENDEE" || n == "ORGANIZER") && userKey(p.Value()) == user {
				return oneLine(p.Param("CN"))
			}
		}
	}
	return ""
}

// page words the mail.
func (g *Gateway) page(p *parcel, calendar *ical.Component, t *tongue) page {
	subject, lead := g.form(p, calendar)
	f := factsOf(calendar, p.zone, t)
	shown := page{Language: t.tag.String(), Subject: t.say(subject, f.Summary), Lead: t.say(lead, p.owner.FullName), Facts: f}
	for _, r := range []row{{"When", f.When}, {"Where", f.Where}, {"Who", f.Who}, {"Link", f.Link}} {
		if r.Text != "" {
			shown.Rows = append(shown.Rows, row{t.say(r.Label), r.Text})
		}
	}
	if f.OneDate {
		shown.OneDate = t.say("This is about one date of several")
	}
	if p.out.Method == string(itip.MethodRequest) {
		shown.HowTo = t.say(howToAnswer)
	}
	return shown
}

// form chooses the words for what the message says.
func (g *Gateway) form(p *parcel, calendar *ical.Component) (subject, lead string) {
	switch itip.Method(p.out.Method) {
	case itip.MethodRequest:
		if p.token.Thread == "" {
			return subjectInvitation, leadInvitation
		}
		return subjectUpdate, leadUpdate
	case itip.MethodCancel:
		return subjectCancel, leadCancel
	}
	switch answer(calendar) {
	case itip.Accepted:
		return subjectAccepted, leadAccepted
	case itip.Declined:
		return subjectDeclined, leadDeclined
	case itip.Tentative:
		return subjectTentative, leadTentative
	}
	return subjectAnswer, leadAnswer
}

// answer is the PARTSTAT of a reply.
func answer(calendar *ical.Component) itip.PartStat {
	if c := subject(calendar); c != nil {
		return itip.PartStat(strings.ToUpper(c.Prop("ATTENDEE").Param("PARTSTAT")))
	}
	return ""
}

// mailed is the calendar as it is mailed: every user of it by a mail address (RFC 6047 section 2.3), and without those
// who have none, such as rooms.
func (g *Gateway) mailed(p *parcel) *ical.Component {
	calendar := p.calendar.Clone()
	for _, c := range calendar.Components {
		c.DelFunc(func(q *ical.Property) bool {
			switch q.Name() {
			case "ORGANIZER":
				g.mailedOrganizer(q, p)
			case "ATTENDEE":
				mailedAttendee(q)
			default:
				return false
			}
			return mailOf(q.Value()) == ""
		})
	}
	return calendar
}

func (g *Gateway) mailedOrganizer(q *ical.Property, p *parcel) {
	if p.out.Method == string(itip.MethodReply) {
		return // the organizer is the one outside
	}
	if g.replyTo != nil && (g.TokenOrganizer || mailOf(q.Value()) == "") {
		q.SetValue("mailto:" + g.replyTo.with(p.token.Token))
		return
	}
	mailedAttendee(q)
}

func mailedAttendee(q *ical.Property) {
	if email := q.Param("EMAIL"); mailOf(q.Value()) == "" && mailOf("mailto:"+email) != "" {
		q.SetValue("mailto:" + email)
	}
	q.DelParam("EMAIL")
}
