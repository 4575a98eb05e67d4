package web

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/server/imip"
	"calport/server/imip/imiptest"
	"calport/server/store"
)

// storeEnrolments joins the store as package cmd does.
type storeEnrolments struct{ *store.Store }

func (s storeEnrolments) Enrol(ctx context.Context, d Deed, e Enrolment, letters []Letter, secrets map[string]string) (Enrolment, error) {
	e.Maker = d.Actor
	var rows []store.Letter
	hashes := map[string]string{}
	for _, l := range letters {
		rows = append(rows, store.Letter(l))
	}
	for owner, secret := range secrets {
		hashes[owner] = store.HashSecret(secret)
	}
	var made store.Enrolment
	err := s.Write(ctx, func(tx *store.Tx) (err error) {
		made, err = tx.CreateEnrolment(store.Enrolment(e), rows, hashes)
		return err
	})
	return Enrolment(made), errors.Join(err, storeAudit(s).Note(ctx, d))
}

func (s storeEnrolments) Enrolments(ctx context.Context, id int64, limit int) (list []Enrolment, err error) {
	all, err := s.Store.Enrolments(ctx, id, limit)
	for _, e := range all {
		list = append(list, Enrolment(e))
	}
	return list, err
}

func (s storeEnrolments) Letters(ctx context.Context, enrolment int64, after string, limit int) (list []Letter, err error) {
	all, err := s.Store.Letters(ctx, enrolment, "", after, limit)
	for _, l := range all {
		list = append(list, Letter(l))
	}
	return list, err
}

func (s storeEnrolments) MoveLetters(ctx context.Context, d Deed, enrolment int64, from, to int64) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.MoveLetters(enrolment, from, to)
		return err
	})
}

func (s storeEnrolments) EndLinks(ctx context.Context, d Deed, enrolment int64) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.EndLinks(enrolment)
		return err
	})
}

func (s storeEnrolments) TakeLetter(ctx context.Context, lease time.Duration) (Letter, Enrolment, bool, error) {
	l, e, err := s.Store.TakeLetter(ctx, lease)
	if errors.Is(err, store.ErrNotFound) {
		return Letter{}, Enrolment{}, false, nil
	}
	return Letter(l), Enrolment(e), err == nil, err
}

func (s storeEnrolments) LinkLetter(ctx context.Context, l Letter, secret string, valid time.Duration) error {
	_, err := s.Store.LinkLetter(ctx, store.Letter(l), store.HashSecret(secret), valid)
	return err
}

func (s storeEnrolments) FinishLetter(ctx context.Context, l Letter, state int64, problem string, due time.Time) error {
	return s.Store.FinishLetter(ctx, store.Letter(l), state, problem, due)
}

// postOffice sends by a real mail server.
type postOffice struct {
	*imip.Submission
	*imiptest.SMTP
}

func openPostOffice(t *testing.T, server *imiptest.SMTP) postOffice {
	t.Helper()
	server.Start(t, "127.0.0.1:0")
	s, err := imip.NewSubmission(imip.SubmissionOptions{Host: "127.0.0.1", Port: server.Port(), Security: imip.Plain,
		From: netmail.Address{Name: "Calendar", Address: "calendar@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	return postOffice{s, server}
}

func (p postOffice) SendMail(ctx context.Context, to, subject, text, html string) (bool, error) {
	err := p.Send(ctx, imip.Letter{To: to, Subject: subject, Text: text, HTML: html})
	var refused *imip.RefusedError
	return errors.As(err, &refused), err
}

// withMail has a house send letters by a mail server. The letters go out when the test says so.
func withMail(t *testing.T, mail Mail) (*house, *Mailer) {
	t.Helper()
	var h *house
	var m *Mailer
	h = build(t, plan{change: func(o *Options) {
		m = NewMailer(MailerOptions{Letters: o.Enrolments.(storeEnrolments), Mail: mail, People: o.People, Access: o.Access,
			Origin: o.Origin, Organization: o.Organization, Now: o.Now, Log: o.Log})
		m.pace.SetLimit(1000)
		o.Mailer = m
	}})
	return h, m
}

// deliver sends what is due.
func (m *Mailer) deliver(t *testing.T) {
	t.Helper()
	for {
		if found, err := m.next(t.Context()); err != nil {
			t.Fatal(err)
		} else if !found {
			return
		}
	}
}

var linkForm = regexp.MustCompile(`https://[^/]+(/portal/link\?key=[a-z2-7]{26})`)

// partsOf are the text and the page of a letter.
func partsOf(t *testing.T, m imiptest.Mail) (header netmail.Header, text, page string) {
	t.Helper()
	message, err := netmail.ReadMessage(strings.NewReader(string(m.Data)))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for i := range 2 {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			text = string(body)
		} else {
			page = string(body)
		}
	}
	return message.Header, text, page
}

func TestLinksAreHandedOutAsAList(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	b.get(linksPath+"?whom=ada").wants(t, http.StatusOK).says(t, ">ada</textarea>", "configure an account in [mail]").silent(t, "Send by mail")
	b.post(linksPath, url.Values{"whom": {"ada\nnobody"}}).wants(t, http.StatusUnprocessableEntity).says(t, "Not in the directory:", "nobody")
	b.post(linksPath, url.Values{"whom": {" "}}).wants(t, http.StatusUnprocessableEntity).says(t, "Nobody who gets a profile")
	list := b.post(linksPath, url.Values{"whom": {"ada, " + demo.AdminGroup + "\nada"}, "days": {"1"}, "way": {"mail"}}).wants(t, http.StatusOK).header(t, "Content-Type", "text/csv; charset=utf-8")
	rows, err := csv.NewReader(strings.NewReader(list.body)).ReadAll()
	if err != nil || len(rows) < 3 {
		t.Fatalf("got %q, %v", rows, err)
	}
	links := map[string]string{}
	for _, row := range rows[1:] {
		if links[row[0]] != "" {
			t.Errorf("%s is twice in the list", row[0])
		}
		links[row[0]] = strings.TrimPrefix(row[3], h.options.Origin)
	}
	if e := h.audited(t, "link.hand-out"); !strings.HasPrefix(e.Detail, "list, ") || e.Object != "ada, "+demo.AdminGroup+", ada" {
		t.Errorf("got %+v", e)
	}
	phone := h.browser(t)
	phone.get(links["ada"]).wants(t, http.StatusOK).says(t, "Has nobody sent you this link")
	_, key, _ := strings.Cut(links["ada"], "key=")
	phone.post(linkPath, url.Values{"key": {key}}).wants(t, http.StatusSeeOther)
	phone.get(homePath).wants(t, http.StatusOK)
	h.browser(t).get(links["ada"]).wants(t, http.StatusGone)
	all, err := h.options.Enrolments.Enrolments(t.Context(), 0, 9)
	if err != nil || len(all) != 1 || all[0].Used != 1 {
		t.Fatalf("got %+v, %v", all, err)
	}
	b.get(enrolmentAddress(all[0].ID)).wants(t, http.StatusOK).says(t, nameOf(h.person(t, "ada")), "just now")
	b.post(linksChangePath, url.Values{"id": {fmt.Sprint(all[0].ID)}, "do": {"end"}}).wants(t, http.StatusSeeOther)
	h.browser(t).get(links[demo.Admin]).wants(t, http.StatusGone)
	b.post(linksChangePath, url.Values{"id": {fmt.Sprint(all[0].ID)}, "do": {"eat"}}).wants(t, http.StatusNotFound)
	b.get(linksPath+"/1").wants(t, http.StatusNotFound)
}

func TestAHandedOutLinkEndsAfterItsDays(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	list := b.post(linksPath, url.Values{"whom": {"ada"}, "days": {"999"}, "way": {"list"}}).wants(t, http.StatusOK)
	link := linkForm.FindStringSubmatch(list.body)[1]
	h.clock.advance(7*24*time.Hour - time.Minute)
	h.browser(t).get(link).wants(t, http.StatusOK)
	h.clock.advance(2 * time.Minute)
	h.browser(t).get(link).wants(t, http.StatusGone)
}

func TestLinksAreHandedOutByMail(t *testing.T) {
	office := openPostOffice(t, &imiptest.SMTP{RefuseTo: func(to string) error {
		if strings.HasPrefix(to, "grace") {
			return imiptest.Refusal(550, "no such mailbox")
		}
		return nil
	}})
	h, mailer := withMail(t, office)
	b := h.browser(t).signIn(demo.Admin)
	sent := b.post(linksPath, url.Values{"whom": {"ada\ngrace"}, "way": {"mail"}}, "Accept-Language", "de").wants(t, http.StatusSeeOther)
	path := sent.Header.Get("Location")
	b.get(path).wants(t, http.StatusOK).says(t, "0 of 2", "waiting")
	mailer.deliver(t)
	mails := office.Mails()
	if len(mails) != 1 || mails[0].To[0] != h.person(t, "ada").Mail() {
		t.Fatalf("got %d mails", len(mails))
	}
	header, text, page := partsOf(t, mails[0])
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || subject != "Ihre Kalender von Sample Organisation" {
		t.Errorf("subject %q, %v", subject, err)
	}
	for _, part := range []string{text, page} {
		if !strings.Contains(part, "hat Kalender für Sie.") || !strings.Contains(part, german.date(h.clock.now().Add(7*24*time.Hour))) || !strings.Contains(part, nameOf(h.person(t, "ada"))) {
			t.Errorf("the letter says %s", part)
		}
	}
	link := linkForm.FindStringSubmatch(text)
	if link == nil || !strings.Contains(page, link[1]) {
		t.Fatalf("no link in %s and %s", text, page)
	}
	b.get(path).wants(t, http.StatusOK).says(t, "no such mailbox", "failed", "handed out", "Try the failed ones again")

	// A new one ends the one before.
	b.post(linksPath, url.Values{"whom": {"ada"}, "way": {"mail"}}).wants(t, http.StatusSeeOther)
	mailer.deliver(t)
	_, text, _ = partsOf(t, office.Mails()[1])
	h.browser(t).get(link[1]).wants(t, http.StatusGone)
	newer := linkForm.FindStringSubmatch(text)[1]
	h.browser(t).get(newer).wants(t, http.StatusOK)
	for _, l := range []string{link[1], newer} {
		_, key, _ := strings.Cut(l, "key=")
		if strings.Contains(h.log.String(), key) {
			t.Error("the log tells a link")
		}
	}
}

func TestLettersAreStoppedResumedAndTriedAgain(t *testing.T) {
	code := 451
	office := openPostOffice(t, &imiptest.SMTP{RefuseTo: func(string) error {
		if code == 0 {
			return nil
		}
		return imiptest.Refusal(code, "not now")
	}})
	h, mailer := withMail(t, office)
	b := h.browser(t).signIn(demo.Admin)
	path := b.post(linksPath, url.Values{"whom": {"ada"}, "way": {"mail"}}).wants(t, http.StatusSeeOther).Header.Get("Location")
	change := func(do string) {
		t.Helper()
		b.post(linksChangePath, url.Values{"id": {strings.TrimPrefix(path, linksPath+"/")}, "do": {do}}).wants(t, http.StatusSeeOther).header(t, "Location", path)
	}
	for _, wait := range letterWaits { // each in vain, and never before its time
		mailer.deliver(t)
		h.clock.advance(wait - time.Second)
		mailer.deliver(t)
		b = h.browser(t).signIn(demo.Admin)
		b.get(path).wants(t, http.StatusOK).says(t, "0 of 1", "not now")
		h.clock.advance(2 * time.Second)
	}
	mailer.deliver(t)
	b = h.browser(t).signIn(demo.Admin)
	b.get(path).wants(t, http.StatusOK).says(t, "Try the failed ones again")
	code = 0
	change("retry")
	change("stop")
	mailer.deliver(t)
	if got := office.Mails(); len(got) != 0 {
		t.Fatalf("%d letters went out although they were stopped", len(got))
	}
	change("resume")
	mailer.deliver(t)
	if got := office.Mails(); len(got) != 1 {
		t.Errorf("%d letters went out, want 1", len(got))
	}
}

func TestALetterIsInThePersonsLanguage(t *testing.T) {
	p := &directory.Principal{Attributes: map[string][]string{LanguageAttribute: {"de-AT, en;q=0.5"}}}
	if got := languageOf(p, "en"); got != german {
		t.Errorf("got %s", got.Tag)
	}
	if got := languageOf(&directory.Principal{}, "de"); got != german {
		t.Errorf("got %s", got.Tag)
	}
	if got := languageOf(&directory.Principal{}, "xx"); got != inEnglish {
		t.Errorf("got %s", got.Tag)
	}
}
