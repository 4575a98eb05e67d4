package imip

import (
	"bytes"
	"io"
	netmail "net/mail"
	"strings"

	"github.com/emersion/go-message"
	"github.com/wneessen/go-mail"

	"calport/server/store"
)

// methodForward marks what a person wrote to the address of an answer, on its way to the one who invited: it is in the
// queue beside iTIP's messages.
const methodForward = "FORWARD"

// forward queues a mail that a person wrote instead of an answer, for the one to whom it is meant.
func (g *Gateway) forward(tx *store.Tx, token store.MailToken, data []byte) (verdict, error) {
	owner := g.People().ByGUID(token.Owner)
	if owner == nil || owner.Mail() == "" {
		return verdict{}, setAside("there is no calendar in it, and no address to forward it to")
	}
	err := tx.QueueMail(store.OutgoingMail{
		Owner: token.Owner, UID: token.UID, Recipient: userKey("mailto:" + owner.Mail()), Method: methodForward, Whole: true, Data: data, Due: g.Now(),
	}, func(store.OutgoingMail) bool { return false })
	g.wakeUp()
	return verdict{why: "a person's words, forwarded to " + owner.Mail()}, err
}

// maxQuoted is how much of a forwarded mail's text stands in the mail around it, in octets.
const maxQuoted = 20000

// composeForward makes a mail of another that it has attached, answered to its writer.
func (g *Gateway) composeForward(p *parcel) (*mail.Msg, error) {
	inner, err := message.Read(bytes.NewReader(p.out.Data))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, err
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	from := netmail.Address{Address: g.Submission.o.From.Address}
	if writer, err := netmail.ParseAddress(inner.Header.Get("From")); err == nil {
		from.Name = writer.Name
		if from.Name == "" {
			from.Name = writer.Address
		}
		m.ReplyToMailAddress(writer)
	}
	m.FromMailAddress(&from)
	m.ToMailAddress(&netmail.Address{Name: p.owner.FullName, Address: mailOf(p.out.Recipient)})
	subject, _ := inner.Header.Text("Subject")
	m.Subject(oneLine(subject))
	m.SetMessageIDWithValue(g.messageID(p))
	m.SetDateWithValue(g.Now())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's vacation answers it
	m.SetBodyString(mail.TypeTextPlain, quoted(inner))
	return m, m.AttachReader("message.eml", bytes.NewReader(p.out.Data), mail.WithFileContentType("application/octet-stream"))
}

// quoted is the first plain text of a mail, or nothing.
func quoted(e *message.Entity) (text string) {
	parts := 0
	e.Walk(func(path []int, part *message.Entity, err error) error {
		if parts++; part == nil || parts > maxParts || len(path) > maxDepth || text != "" {
			return io.EOF
		}
		if kind, _, _ := part.Header.ContentType(); strings.EqualFold(kind, "text/plain") {
			data, _ := io.ReadAll(io.LimitReader(part.Body, maxQuoted))
			text = strings.ToValidUTF8(string(data), "\uFFFD")
		}
		return nil
	})
	return text
}
