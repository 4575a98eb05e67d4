package web

import (
	"context"
	"errors"
	"net/http"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// calendarOf renders a person's profile if they may have it. What keeps them from it is a problem in words.
func (s *site) calendarOf(ctx context.Context, renderer *export.Renderer, people *directory.Snapshot, p *directory.Principal, platform profiles.Platform, signed bool) (*export.Artefact, error) {
	if !s.o.Access.Profile.Allows(people, p) {
		return nil, noProfile("not-allowed", "This account is not among those that get a calendar profile here. The administrator decides who does.")
	}
	a, err := renderer.Calendar(ctx, p, platform, signed)
	if err != nil {
		return nil, explain(err)
	}
	return a, nil
}

func noProfile(reason string, detail english, args ...any) *problem {
	return &problem{Status: http.StatusNotFound, Title: "There is no profile for this account", Detail: detail, Args: args, Reason: reason}
}

// explain makes a problem of an error that concerns one person's profile, and leaves every other error alone.
func explain(err error) error {
	var missing *profiles.MissingError
	var value *profiles.ValueError
	switch {
	case errors.Is(err, profiles.ErrDenied):
		return noProfile("denied", "The administrator has switched the calendar profile off for this account.")
	case errors.As(err, &missing):
		return noProfile("missing-value", "The profile needs %s, which the directory does not have for this account. Ask the administrator to add it.", variableWords(missing.Variable))
	case errors.As(err, &value):
		return noProfile("unusable-value", "A value of this account cannot be used in a profile (%s: %s). Ask the administrator to correct it in the directory or in the settings.", value.Setting, value.Problem)
	}
	return err
}

// whyNone says to an administrator what keeps a person from having a profile.
func whyNone(err error) phrase {
	var said interface {
		error
		Said() phrase
	}
	switch {
	case err == nil:
		return phrase{}
	case errors.As(err, &said):
		return said.Said()
	case errors.Is(err, profiles.ErrDenied):
		return say("the settings deny this person a profile")
	}
	return verbatim(err.Error())
}

// variables are the words for what templates take from the directory.
var variables = map[string]english{
	"short_name": "the short name", "full_name": "the full name", "first_name": "the first name", "last_name": "the last name",
	"email": "a mail address", "job_title": "the job title", "mobile_phone": "the mobile phone number", "guid": "the stable id",
}

func variableWords(name string) phrase {
	if words := variables[name]; words != "" {
		return say(words)
	}
	return say("the value of %s", name)
}

// platformOf reads the platform parameter of a request; missing, it is the default.
func platformOf(r *http.Request, missing profiles.Platform) (profiles.Platform, error) {
	name := r.URL.Query().Get("platform")
	if name == "" {
		return missing, nil
	}
	p, err := profiles.ParsePlatform(name)
	if err != nil {
		return 0, badParameter("platform", name, "any, ios or macos")
	}
	return p, nil
}

// renderFor answers what renders profiles, and the platform that a request wants them for: the one it names, else the
// one it comes from.
func (s *site) renderFor(r *http.Request) (profiles.Platform, *export.Renderer, error) {
	platform, err := platformOf(r, deviceOf(r.UserAgent()).Platform)
	if err != nil {
		return 0, nil, err
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return 0, nil, err
	}
	renderer.Language = s.tongueOf(r).Tag.String()
	return platform, renderer, nil
}

func badParameter(name, value, allowed string) *problem {
	return &problem{
		Status: http.StatusBadRequest, Title: "The address has a mistake", Reason: "parameter",
		Detail: "The parameter %s is %s; it may be %s.", Args: []any{name, quote(value), allowed},
	}
}

// quote shows what somebody else wrote, cut short.
func quote(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return "“" + s + "”"
}
