package web

import (
	"errors"
	"net/http"

	"calport/profiles"
)

// insideView lists all that the profiles hold.
type insideView struct {
	Platform  profiles.Platform
	Platforms []choice
	Profiles  []contents
	None      *problem // why there is no calendar profile; nil if there is one
}

// choice is a link among several, one of which is taken.
type choice struct {
	Name   string
	Words  english
	Chosen bool
}

// contents is one profile in words.
type contents struct {
	Name, File, Identifier, UUID string
	Groups                       []group
}

// group is the profile itself, or one of its payloads.
type group struct {
	Title string
	Lines []profiles.Line
}

// variants are the platforms in words.
var variants = []struct {
	platform profiles.Platform
	words    english
}{
	{profiles.IOS, "iPhone and iPad"},
	{profiles.MacOS, "Mac"},
	{profiles.Any, "Any device"},
}

func (s *site) inside(w http.ResponseWriter, r *http.Request) error {
	platform, renderer, err := s.renderFor(r)
	if err != nil {
		return err
	}
	view := insideView{Platform: platform}
	for _, v := range variants {
		view.Platforms = append(view.Platforms, choice{v.platform.String(), v.words, v.platform == platform})
	}
	v := visitorOf(r.Context())
	a, err := s.calendarOf(r.Context(), renderer, v.people, v.person, platform, false)
	switch {
	case err == nil:
		view.Profiles = append(view.Profiles, contentsOf(a.Profile, calendarProfilePath))
	case !errors.As(err, &view.None):
		return err
	}
	if renderer.Generator.HasTrust() {
		trust, err := renderer.Generator.Trust(platform)
		if err != nil {
			return err
		}
		view.Profiles = append(view.Profiles, contentsOf(trust, trustProfilePath))
	}
	return s.render(w, r, http.StatusOK, "inside", "What is inside", view)
}

func contentsOf(p *profiles.Profile, path string) contents {
	c := contents{Name: p.DisplayName, File: path, Identifier: p.Identifier, UUID: p.UUID}
	last := ""
	for _, l := range profiles.Describe(p.Values(), p.Platform) {
		at := l.Path[:len(l.Path)-len(leaf(l.Path))] // payloads of one kind may follow each other
		if len(c.Groups) == 0 || at != last {
			c.Groups = append(c.Groups, group{Title: l.Group})
			last = at
		}
		g := &c.Groups[len(c.Groups)-1]
		g.Lines = append(g.Lines, l)
	}
	return c
}

// leaf is the part of a path after its last dot.
func leaf(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			return path[i+1:]
		}
	}
	return path
}
