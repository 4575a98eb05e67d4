package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"calport/server/imip"
	"calport/server/store"
	"calport/web"
)

// enrolments joins what is known of links that are handed out, and the sending of them, to the store.
type enrolments struct{ store *store.Store }

func (e enrolments) Enrol(ctx context.Context, d web.Deed, new web.Enrolment, letters []web.Letter, secrets map[string]string) (web.Enrolment, error) {
	new.Maker = d.Actor
	rows, hashes := make([]store.Letter, len(letters)), make(map[string]string, len(secrets))
	for i := range letters {
		rows[i] = store.Letter(letters[i])
	}
	for owner, secret := range secrets {
		hashes[owner] = store.HashSecret(secret)
	}
	var made store.Enrolment
	err := e.store.Write(ctx, func(tx *store.Tx) (err error) {
		if made, err = tx.CreateEnrolment(store.Enrolment(new), rows, hashes); err != nil {
			return err
		}
		return tx.AppendAudit(auditEntry(d))
	})
	return web.Enrolment(made), err
}

func (e enrolments) Enrolments(ctx context.Context, id int64, limit int) ([]web.Enrolment, error) {
	all, err := e.store.Enrolments(ctx, id, limit)
	list := make([]web.Enrolment, len(all))
	for i := range all {
		list[i] = web.Enrolment(all[i])
	}
	return list, err
}

func (e enrolments) Letters(ctx context.Context, enrolment int64, after string, limit int) ([]web.Letter, error) {
	all, err := e.store.Letters(ctx, enrolment, "", after, limit)
	list := make([]web.Letter, len(all))
	for i := range all {
		list[i] = web.Letter(all[i])
	}
	return list, err
}

func (e enrolments) MoveLetters(ctx context.Context, d web.Deed, enrolment int64, from, to int64) error {
	return e.change(ctx, d, func(tx *store.Tx) (int64, error) { return tx.MoveLetters(enrolment, from, to) })
}

func (e enrolments) EndLinks(ctx context.Context, d web.Deed, enrolment int64) error {
	return e.change(ctx, d, func(tx *store.Tx) (int64, error) { return tx.EndLinks(enrolment) })
}

// change does something together with its entry in the record, which says to how many.
func (e enrolments) change(ctx context.Context, d web.Deed, do func(*store.Tx) (int64, error)) error {
	return e.store.Write(ctx, func(tx *store.Tx) error {
		n, err := do(tx)
		if err != nil {
			return err
		}
		d.Detail = fmt.Sprint(n)
		return tx.AppendAudit(auditEntry(d))
	})
}

func (e enrolments) TakeLetter(ctx context.Context, lease time.Duration) (web.Letter, web.Enrolment, bool, error) {
	l, of, err := e.store.TakeLetter(ctx, lease)
	if errors.Is(err, store.ErrNotFound) {
		return web.Letter{}, web.Enrolment{}, false, nil
	}
	return web.Letter(l), web.Enrolment(of), err == nil, err
}

func (e enrolments) LinkLetter(ctx context.Context, l web.Letter, secret string, valid time.Duration) error {
	_, err := e.store.LinkLetter(ctx, store.Letter(l), store.HashSecret(secret), valid)
	return err
}

func (e enrolments) FinishLetter(ctx context.Context, l web.Letter, state int64, problem string, due time.Time) error {
	return e.store.FinishLetter(ctx, store.Letter(l), state, problem, due)
}

// SendMail sends a letter of the portal.
func (h *house) SendMail(ctx context.Context, to, subject, text, html string) (final bool, err error) {
	err = h.sendMail(ctx, imip.Letter{To: to, Subject: subject, Text: text, HTML: html})
	var refused *imip.RefusedError
	return errors.As(err, &refused), err
}

// openMailer makes what sends one-time links; nil where no mail is configured.
func (h *house) openMailer() *web.Mailer {
	if h.mail == nil {
		return nil
	}
	return web.NewMailer(web.MailerOptions{
		Letters: enrolments{h.store}, Mail: h, People: h.people.Snapshot, Access: h.access,
		Origin: (&originOf{h.config}).String(), Organization: h.config.Profiles.Organization, Now: h.now, Log: h.log,
	})
}
