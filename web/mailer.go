package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"html/template"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"calport/directory"
	"calport/profiles"
)

// Mail sends a letter of the site itself to one address.
type Mail interface {
	// SendMail hands it to a mail server; html is the same as text. final says of an error that to try again is useless.
	SendMail(ctx context.Context, to, subject, text, html string) (final bool, err error)
}

// MailerOptions says what a Mailer is made of; all are required.
type MailerOptions struct {
	Letters      Letterbox
	Mail         Mail
	People       func() *directory.Snapshot
	Access       directory.Access
	Origin       string // as Options.Origin
	Organization string
	Now          func() time.Time
	Log          *slog.Logger
}

// Mailer sends the letters of enrolments, one after another and no faster than mail servers like. A letter's link is
// made when it is sent: no secret waits anywhere. Several may run, on several nodes.
type Mailer struct {
	o     MailerOptions
	pace  *rate.Limiter
	awake chan struct{} // holds one when there may be something to do
}

// How letters are sent.
const (
	lettersPerSecond = 2
	letterPoll       = 20 * time.Second // within what time a letter of another node, or one that is due again, goes out
	letterLease      = 5 * time.Minute
)

// letterWaits are the times after which a letter is tried again; after the last one it has failed.
var letterWaits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}

// NewMailer makes a Mailer; Run has it work.
func NewMailer(o MailerOptions) *Mailer {
	return &Mailer{o: o, pace: rate.NewLimiter(lettersPerSecond, 1), awake: make(chan struct{}, 1)}
}

// Wake says that there are new letters.
func (m *Mailer) Wake() {
	select {
	case m.awake <- struct{}{}:
	default:
	}
}

// Run sends letters until ctx ends. A letter that is being sent then is finished.
func (m *Mailer) Run(ctx context.Context) {
	poll := time.NewTicker(letterPoll)
	defer poll.Stop()
	for ctx.Err() == nil {
		for {
			sent, err := m.next(ctx)
			if err != nil && ctx.Err() == nil {
				m.o.Log.Error("letters with one-time links cannot be sent", "err", err)
			}
			if !sent || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
		case <-poll.C:
		case <-m.awake:
		}
	}
}

// next sends the letter that is due first, if there is one.
func (m *Mailer) next(ctx context.Context) (found bool, err error) {
	if err := m.pace.Wait(ctx); err != nil {
		return false, err
	}
	l, e, found, err := m.o.Letters.TakeLetter(ctx, letterLease)
	if err != nil || !found {
		return false, err
	}
	ctx = context.WithoutCancel(ctx) // what has begun is noted
	final, err := m.send(ctx, l, e)
	switch {
	case err == nil:
		return true, m.o.Letters.FinishLetter(ctx, l, LetterDone, "", time.Time{})
	case final || int(l.Tries) > len(letterWaits):
		m.o.Log.Warn("a letter with a one-time link has failed", "err", err)
		return true, m.o.Letters.FinishLetter(ctx, l, LetterFailed, err.Error(), time.Time{})
	}
	return true, m.o.Letters.FinishLetter(ctx, l, LetterWaiting, err.Error(), m.o.Now().Add(letterWaits[l.Tries-1]))
}

const (
	nobodyToWriteTo english = "The person is no longer in the directory, or may not sign in here."
	noMailAddress   english = "The person has no mail address."
)

// letterError is why a letter is not even tried.
type letterError english

func (e letterError) Error() string { return string(e) }

const (
	errNobody    = letterError(nobodyToWriteTo)
	errNoAddress = letterError(noMailAddress)
)

func (m *Mailer) send(ctx context.Context, l Letter, e Enrolment) (final bool, err error) {
	p := m.o.People().ByGUID(l.Owner)
	if p == nil || p.State != directory.Active || !m.o.Access.Profile.Allows(m.o.People(), p) {
		return true, errNobody
	}
	if p.Mail() == "" {
		return true, errNoAddress
	}
	secret := strings.ToLower(rand.Text())
	if err := m.o.Letters.LinkLetter(ctx, l, secret, e.Valid); err != nil {
		return false, err
	}
	subject, text, html, err := m.write(p, e, linkURL(m.o.Origin, secret))
	if err != nil {
		return true, err
	}
	return m.o.Mail.SendMail(ctx, p.Mail(), subject, text, html)
}

// letterView is what the letter says.
type letterView struct {
	Name, Organization, Link string
	Until                    time.Time
}

// write words a letter in the person's language.
func (m *Mailer) write(p *directory.Principal, e Enrolment, link string) (subject, text, html string, err error) {
	l := languageOf(p, e.Language)
	v := letterView{nameOf(p), m.o.Organization, link, m.o.Now().Add(e.Valid)}
	var out bytes.Buffer
	page, err := template.New("letter.html").Funcs(l.functions()).ParseFS(templateFiles, "templates/letter.html")
	if err != nil {
		return "", "", "", err
	}
	if err := page.Execute(&out, v); err != nil {
		return "", "", "", err
	}
	text = strings.Join([]string{
		l.word(say("Hello %s,", v.Name)), l.word(letterWhat, v.Organization), l.word(letterHow), v.Link,
		l.word(letterOnce, v.Until), l.word(letterStrange),
	}, "\n\n") + "\n"
	return l.word(english("Your calendars of %s"), v.Organization), text, out.String(), nil
}

// What a letter says, in its text and in templates/letter.html alike.
const (
	letterWhat    english = "%s has calendars for you."
	letterHow     english = "Open this link on the iPhone, iPad or Mac that shall show them:"
	letterOnce    english = "It signs you in, once, and works until %s. Give it to nobody: whoever opens it is signed in as you."
	letterStrange english = "Have you not expected this letter? Then delete it, or ask your administrator."
)

// languageAttribute is where a directory keeps a person's language (RFC 2798 section 2.7).
const LanguageAttribute = profiles.LanguageAttribute

// languageOf is the person's language, if the directory knows it and we have it; else the one of that tag.
func languageOf(p *directory.Principal, otherwise string) *tongue {
	for _, value := range p.Attributes[LanguageAttribute] {
		if l := languages.best(value); l != nil {
			return l
		}
	}
	if l := languages.named(otherwise); l != nil {
		return l
	}
	return inEnglish
}

// linkURL is a one-time link. The secret is in the query, since paths are logged.
func linkURL(origin, secret string) string {
	return origin + linkPath + "?" + url.Values{"key": {secret}}.Encode()
}
