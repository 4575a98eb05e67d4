package web

import (
	"net/http"

	"calport/directory"
)

// groupView is all about one group.
type groupView struct {
	Group    *directory.Principal
	Settings string // address of its settings
	People   string // address of the list of its members
	Export   string // address of the export of their profiles
	Count    int    // of people in it, through groups in it too
	Within   []*directory.Principal
	Groups   []*directory.Principal // directly in it
}

func (s *site) adminGroup(w http.ResponseWriter, r *http.Request) error {
	g, err := s.named(r, directory.Group)
	if err != nil {
		return err
	}
	people := visitorOf(r.Context()).people
	view := groupView{Group: g, Settings: settingsPath(Scope{g.Kind, g.GUID, g.ShortName}), Within: people.MemberOf(g.GUID)}
	view.People = asked{path: adminPath + "people"}.with("group", g.GUID)
	view.Export = asked{path: profilesExportPath}.with("group", g.GUID)
	for range concerned(people, g) {
		view.Count++
	}
	for _, guid := range g.Members {
		if p := people.ByGUID(guid); p != nil && p.Kind == directory.Group {
			view.Groups = append(view.Groups, p)
		}
	}
	return s.render(w, r, http.StatusOK, "admin-group", "Group", view)
}

// placeView is all about one room or resource.
type placeView struct {
	Place       *directory.Principal
	Read, Write []*directory.Principal // delegates by the directory
}

// Answers says how the directory has the place answer invitations.
func (v placeView) Answers() english { return modeWords[v.Place.Place.AutoSchedule] }

func (s *site) adminPlace(w http.ResponseWriter, r *http.Request) error {
	p, err := s.named(r, directory.Room, directory.Resource)
	if err != nil {
		return err
	}
	people := visitorOf(r.Context()).people
	found := func(guids []string) (list []*directory.Principal) {
		for _, guid := range guids {
			if d := people.ByGUID(guid); d != nil {
				list = append(list, d)
			}
		}
		return list
	}
	return s.render(w, r, http.StatusOK, "admin-place", "Place", placeView{p, found(p.Delegates.Read), found(p.Delegates.Write)})
}
