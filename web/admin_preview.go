package web

import (
	"net/http"

	"calport/directory"
	"calport/profiles"
)

// previewView says what saving settings would do.
type previewView struct {
	Concerned int               // people who get a profile and whom the scope holds
	Changed   int               // for so many of them something changes
	Changes   []profiles.Change // of the scope
	Sample    []effect          // the first ones for whom something changes
}

// effect is what changes for one person.
type effect struct {
	Person        *directory.Principal
	Changes       []profiles.Change
	Before, After *problem // why there is no profile; nil: there is one
}

// maxSample is how many people a preview shows.
const maxSample = 5

// preview compares the settings in force with what they would be.
func (s *site) preview(r *http.Request, of Scope, subject *directory.Principal, wanted ScopeSettings) (*previewView, error) {
	d, err := s.o.Settings.Document(r.Context())
	if err != nil {
		return nil, err
	}
	old, err := s.o.Settings.Generator(d)
	if err != nil {
		return nil, err
	}
	changed, err := s.o.Settings.Generator(wanted.Within(d, of))
	if err != nil {
		return nil, err
	}
	now, err := s.o.Settings.FindSettings(r.Context(), of)
	if err != nil {
		return nil, err
	}
	view := &previewView{Changes: profiles.Changes(&now.Settings, &wanted.Settings)}
	people, compared := visitorOf(r.Context()).people, profiles.Compare(old, changed)
	for p := range concerned(people, subject) {
		if !s.o.Access.Profile.Allows(people, p) {
			continue
		}
		if view.Concerned++; view.Concerned%1024 == 0 && r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		e := effect{Person: p, Changes: compared.Effects(people, p)}
		if len(e.Changes) == 0 {
			continue
		}
		if view.Changed++; len(view.Sample) < maxSample {
			e.Before, e.After = whyNot(old, people, p), whyNot(changed, people, p)
			view.Sample = append(view.Sample, e)
		}
	}
	return view, nil
}

// concerned yields the people whom settings of a group, of a person or, for nil, of everyone are for.
func concerned(people *directory.Snapshot, of *directory.Principal) func(yield func(*directory.Principal) bool) {
	return func(yield func(*directory.Principal) bool) {
		switch {
		case of == nil:
			people.All(directory.Individual)(yield)
		case of.Kind == directory.Individual:
			yield(of)
		default:
			for _, p := range people.Members(of.GUID) {
				if p.Kind == directory.Individual && !yield(p) {
					return
				}
			}
		}
	}
}

// whyNot says what keeps a person from having a profile by some settings; nil: nothing.
func whyNot(g *profiles.Generator, people *directory.Snapshot, p *directory.Principal) *problem {
	err := g.Judge(people, p, profiles.Any)
	if err == nil {
		return nil
	}
	if why, ok := explain(err).(*problem); ok {
		return why
	}
	return noProfile("unusable", "The profile cannot be made.")
}
