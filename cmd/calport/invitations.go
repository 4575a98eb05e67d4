package main

import (
	"time"

	"calport/directory"
	"calport/server/imip"
	"calport/server/schedule"
)

// languageAttribute is where RFC 2798 section 2.7 has a person's language.
const languageAttribute = "preferredlanguage"

// openGateway makes what carries invitations to people outside the directory; nil where no mail is configured.
func (h *house) openGateway() (*imip.Gateway, error) {
	if h.mail == nil {
		return nil, nil
	}
	m := &h.config.Mail
	return imip.New(imip.Options{
		Store: h.store, People: h.people.Snapshot, Submission: h.mail,
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
	for _, tag := range p.Attributes[languageAttribute] {
		return tag
	}
	return h.config.Mail.Language
}

// mailAttributes are those of people by which mails are worded.
func (h *house) mailAttributes() []string {
	if h.config.Mail.Host == "" {
		return nil
	}
	return []string{languageAttribute}
}
