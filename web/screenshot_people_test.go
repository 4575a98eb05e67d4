package web

import (
	"testing"

	"calport/directory"
	"calport/directory/signin"
	"calport/profiles"
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
	troubled := build(t, plan{settings: profiles.Document{Everyone: profiles.Settings{
		Description: new("Call %mobile_phone%"), Accounts: map[string]profiles.Account{"choir": {Host: "choir.example.net", Description: "Choir"}},
	}}})
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
		{name: "20-people-problem", path: adminPath + "people?only=problem", house: troubled, as: "admin"},
		{name: "21-person-none", path: principalPath(troubled.person(t, "dmitri")), house: troubled, as: "admin"},
		{name: "21-person-inside-ios", path: adminPath + "people/" + ada + "/inside?platform=ios", house: h, as: "admin"},
		{name: "22-settings-everyone-set", path: everyone, house: troubled, as: "admin"},
		{name: "22-settings-preview", path: adminPath + "settings/person/" + ada, house: troubled, as: "admin", press: `button[value="preview"]`},
		{name: "27-signing", path: signingPath, house: h, as: "admin"},
		{name: "20-refused", path: adminPath + "people", house: h},
	})
}
