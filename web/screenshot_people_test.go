package web

import (
	"testing"

	"calport/directory"
	"calport/directory/signin"
)

// TestScreenshotsOfPeopleAndSettings walks the pages about whom the directory has and what their profiles say.
func TestScreenshotsOfPeopleAndSettings(t *testing.T) {
	c := chrome(t)
	h := furnished(t, signin.AppPasswordsOffered)
	ada, everyone := h.person(t, "ada").GUID, adminPath+"settings/everyone"
	first := func(kind directory.Kind) string {
		for p := range h.live.Snapshot().All(kind) {
			return p.GUID
		}
		return ""
	}
	c.walk(t, []shot{
		{name: "20-people", path: adminPath + "people", house: h, as: "admin"},
		{name: "20-people-none", path: adminPath + "people?q=nobody", house: h, as: "admin"},
		{name: "20-groups", path: adminPath + "groups", house: h, as: "admin"},
		{name: "20-places", path: adminPath + "places", house: h, as: "admin"},
		{name: "21-person", path: adminPath + "people/" + ada, house: h, as: "admin"},
		{name: "21-person-inside", path: adminPath + "people/" + ada + "/inside", house: h, as: "admin"},
		{name: "21-group", path: adminPath + "groups/" + first(directory.Group), house: h, as: "admin"},
		{name: "21-place", path: adminPath + "places/" + first(directory.Room), house: h, as: "admin"},
		{name: "22-settings", path: adminPath + "settings", house: h, as: "admin"},
		{name: "22-settings-everyone", path: everyone, house: h, as: "admin"},
		{name: "22-settings-person", path: adminPath + "settings/person/" + ada, house: h, as: "admin"},
		{name: "22-export", path: profilesExportPath, house: h, as: "admin"},
		{name: "20-refused", path: adminPath + "people", house: h},
	})
}
