package web

import (
	"net/http"

	"calport/directory"
	"calport/profiles"
)

// scopesView lists who has settings of their own.
type scopesView struct {
	Everyone []profiles.Change // what everyone's settings set
	Groups   []scopeLine
	People   []scopeLine
	More     int // people who have settings too
}

// scopeLine is a group or a person with settings.
type scopeLine struct {
	Name     string
	Path     string // empty: no longer in the directory
	Priority int
	Sets     []profiles.Change
}

func (s *site) scopes(w http.ResponseWriter, r *http.Request) error {
	d, err := s.o.Settings.Document(r.Context())
	if err != nil {
		return err
	}
	people, nothing := visitorOf(r.Context()).people, &profiles.Settings{}
	line := func(kind directory.Kind, name, guid string, set *profiles.Settings) scopeLine {
		l := scopeLine{Name: name, Sets: profiles.Changes(nothing, set)}
		p := people.ByGUID(guid)
		if guid == "" {
			p = people.ByName(kind, name)
		}
		if p != nil && p.Kind == kind {
			l.Name, l.Path = p.FullName, settingsPath(Scope{kind, p.GUID, p.ShortName})
			if l.Name == "" {
				l.Name = p.ShortName
			}
		}
		return l
	}
	view := scopesView{Everyone: profiles.Changes(nothing, &d.Everyone)}
	for i := range d.Groups {
		l := line(directory.Group, d.Groups[i].Name, d.Groups[i].GUID, &d.Groups[i].Settings)
		l.Priority = d.Groups[i].Priority
		view.Groups = append(view.Groups, l)
	}
	for i := range d.People {
		if len(view.People) == rowsPerPage {
			view.More = len(d.People) - rowsPerPage
			break
		}
		view.People = append(view.People, line(directory.Individual, d.People[i].Name, d.People[i].GUID, &d.People[i].Settings))
	}
	return s.render(w, r, http.StatusOK, "admin-scopes", "Settings", view)
}
