package main

import (
	"context"
	"math"
	"sync"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/server/imip"
	"calport/server/schedule"
)

// openGateway makes what carries invitations to people outside the directory; nil where no mail is configured.
func (h *house) openGateway() (*imip.Gateway, error) {
	if h.mail == nil {
		return nil, nil
	}
	m := &h.config.Mail
	return imip.New(imip.Options{
		Store: h.store, People: h.people.Snapshot, Submission: h.mail, Departed: h.leavers.departed,
		ReplyTo: m.replyTo(), AcceptFromOutside: m.Incoming.FromOutside,
		OwnFrom: m.OwnFrom, TokenOrganizer: m.Organizer == "reply", Language: h.languageOf,
		Delay: time.Duration(m.Delay), Alone: h.config.Database == "", Log: h.log, Now: h.now,
	})
}

// outside is where messages to people outside the directory go; nil where there is no mail.
func (h *house) outside() schedule.Outside {
	if h.gateway == nil {
		return nil
	}
	return h.gateway.Post
}

// languageOf is what a person reads, as far as the directory knows.
func (h *house) languageOf(p *directory.Principal) string {
	for _, tag := range p.Attributes[profiles.LanguageAttribute] {
		return tag
	}
	return h.config.Mail.Language
}

// replyTo is the address of answers; empty where nobody reads them.
func (m *MailConfig) replyTo() string {
	switch {
	case m.Incoming.Host == "":
		return ""
	case m.Incoming.Address == "":
		return m.From
	}
	return m.Incoming.Address
}

// openMailbox makes the mailbox of answers; nil where none is configured.
func (h *house) openMailbox() (*imip.Mailbox, error) {
	in := &h.config.Mail.Incoming
	if in.Host == "" {
		return nil, nil
	}
	o := in.options()
	var err error
	if o.Roots, err = readRoots("mail.ca_file", h.config.Mail.CAFile); err != nil {
		return nil, err
	}
	if o.Password, err = h.secret("mail.incoming.password", in.PasswordFile, in.PasswordEnv); err != nil {
		return nil, err
	}
	return imip.NewMailbox(o)
}

// startMail sends invitations and reads the answers in the background, until ctx ends.
func (h *house) startMail(ctx context.Context, background *sync.WaitGroup) error {
	if h.gateway == nil {
		return nil
	}
	mailbox, err := h.openMailbox()
	if err != nil {
		return err
	}
	calendars := h.calendars.Scheduler()
	background.Go(func() { h.gateway.Run(ctx, calendars) })
	if mailbox != nil {
		background.Go(func() { h.gateway.Read(ctx, mailbox, calendars) })
	}
	return nil
}

// mailHealth is how invitations by mail stand; all zero where there is no mail. The error is the store's.
func (h *house) mailHealth(ctx context.Context) (imip.Health, error) {
	if h.gateway == nil {
		return imip.Health{}, nil
	}
	return h.gateway.Health(ctx)
}

// mailGauge reads a figure of mail, NaN if the store does not tell.
func mailGauge(figure func(imip.Health) float64) func(*house) float64 {
	return func(h *house) float64 {
		health, err := h.mailHealth(context.Background())
		if err != nil {
			return math.NaN()
		}
		return figure(health)
	}
}
