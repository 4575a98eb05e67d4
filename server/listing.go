package server

import (
	"net/http"

	"calport/server/dav"
)

const (
	listedCollection dav.Kind = 1 << iota
	listedRedirect
)

// listed is the /.well-known/ collection or a member of it: resources without any state.
type listed dav.Kind

func (l listed) Kind() dav.Kind               { return dav.Kind(l) }
func (listed) Dead(dav.Name) (string, bool)   { return "", false }
func (listed) DeadNames(func(dav.Name) bool)  {}
func (listed) SetDead(dav.Name, string) error { return dav.Status(http.StatusForbidden) }

// listedProperties is all that is known of them.
var listedProperties = dav.Table[listed]{
	{Name: dav.ResourceType, On: listedCollection | listedRedirect, All: true, Get: func(w *dav.Writer, _ *dav.Element, l listed) error {
		if l.Kind() == listedRedirect {
			w.Empty(dav.ResourceType)
			return nil
		}
		w.Start(dav.ResourceType)
		w.Empty(dav.Collection)
		w.End(dav.ResourceType)
		return nil
	}},
}

// listWellKnown answers PROPFIND of /.well-known/ and, for Depth 1, its members.
func listWellKnown(w http.ResponseWriter, r *http.Request) error {
	depth, err := dav.ReadDepth(r.Header, dav.DepthInfinity)
	if err != nil {
		return err
	}
	if depth == dav.DepthInfinity {
		return dav.Forbidden(dav.PropFindFiniteDepth)
	}
	root, err := dav.ReadElement(r.Body, dav.Limits{})
	if err != nil {
		return err
	}
	asked, err := dav.ReadPropFind(root)
	if err != nil {
		return err
	}
	selected := listedProperties.Select(asked, dav.ReadPreferences(r.Header).Minimal)
	return dav.WriteMultiStatus(w, func(w *dav.Writer) error {
		if err := selected.Respond(w, wellKnownRoot, listed(listedCollection)); err != nil || depth == dav.DepthZero {
			return err
		}
		for _, target := range wellKnownTargets {
			if err := selected.Respond(w, target.path, listed(listedRedirect)); err != nil {
				return err
			}
		}
		return nil
	})
}
