package web

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// nanoProfile is what NanoCMD lists of a profile, under its name.
type nanoProfile = export.NanoProfile

// listNano streams the list as NanoCMD answers it: {NAME: {"identifier": …, "uuid": …}}, in the order of the people. The
// names are those of readNano. A name that leads to nobody is left out.
func (s *site) listNano(w http.ResponseWriter, r *http.Request, t Token) error {
	people := s.o.People()
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	names := r.URL.Query()["name"]
	wanted := func(yield func(*directory.Principal) bool) {
		for _, p := range s.roster.of(people) {
			named := len(names) == 0 || slices.Contains(names, export.NanoName(p)) || slices.Contains(names, p.ShortName)
			if named && t.reaches(people, p) && s.o.Access.Profile.Allows(people, p) && !yield(p) {
				return
			}
		}
	}
	h := w.Header()
	h.Set("Content-Type", string(jsonType))
	h.Set("Cache-Control", "private, no-cache")
	if r.Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriterSize(w, 32<<10)
	between := "{"
	err = renderer.Each(r.Context(), wanted, profiles.Any, false, func(one export.Rendered) error {
		if one.Err != nil {
			return nil // the other list says why
		}
		name, err := json.Marshal(export.NanoName(one.Person))
		if err != nil {
			return err
		}
		row, err := json.Marshal(nanoProfile{Identifier: one.Profile.Identifier, UUID: one.Profile.UUID})
		if err != nil {
			return err
		}
		out.WriteString(between + "\n")
		out.Write(name)
		out.WriteByte(':')
		_, err = out.Write(row)
		between = ","
		return err
	})
	if between == "{" {
		out.WriteString(between)
	}
	out.WriteString("\n}\n")
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		s.o.Log.DebugContext(r.Context(), "the list was not read to its end", slog.Any("err", err))
		panic(http.ErrAbortHandler) // as listProfiles
	}
	return nil
}

// readNano gives the profile of a name of that list; the forms guid:… and mail:… are understood too.
func (s *site) readNano(w http.ResponseWriter, r *http.Request, t Token) error {
	name, err := segment(r.URL, 3)
	if err != nil {
		return err
	}
	people := s.o.People()
	p, err := t.person(people, name)
	if err != nil {
		if byGUID := people.ByGUID(name); byGUID != nil && byGUID.Kind == directory.Individual && t.reaches(people, byGUID) {
			p, err = byGUID, nil
		}
	}
	if err != nil {
		return err
	}
	want, err := s.want(r, people, p)
	if err != nil {
		return err
	}
	return s.giveProfile(w, r, t, want)
}
