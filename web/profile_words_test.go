package web

import (
	"net/http"
	"net/url"
	"testing"
)

// TestProfilesSpeakTheReadersLanguage: and a device does not need another one for that.
func TestProfilesSpeakTheReadersLanguage(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	const path = "/portal/profile/calendar.mobileconfig?platform=ios"
	b.get(path).wants(t, http.StatusOK).says(t, "Calendars of Ada Byron").silent(t, "Kalender von")
	b.post(languagePath, url.Values{"language": {"de"}}).wants(t, http.StatusSeeOther)
	b.get(path).wants(t, http.StatusOK).says(t, "Kalender von Ada Byron", "Fügt diesem Gerät die Kalender von Ada Byron hinzu.")
	b.get("/portal/profile/diagnostics.mobileconfig").wants(t, http.StatusOK).says(t, "Diagnose für Kalender")
	b.get(devicesPath).says(t, "Es ist die neueste Version.").silent(t, "neuere Version")
}
