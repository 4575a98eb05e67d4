package web

import (
	"net/http"
	"time"
)

// helpView is what to do when something does not work.
type helpView struct {
	HasTrust bool
	Until    time.Time // when a Diagnostics profile of today removes itself
	Commands map[string]string
}

// commands make Calendar on a Mac log, and show what it has logged (Apple's calendar-client document).
var commands = map[string]string{
	"http":      "defaults write -g CalLogSimpleConfiguration -array com.apple.calendar.store.log.caldav.http",
	"all":       "defaults write -g CalLogSimpleConfiguration -array com.apple.calendar",
	"tell":      "notifyutil -p com.apple.calendar.foundation.notification.logConfigUpdated",
	"stop":      "defaults delete -g CalLogSimpleConfiguration",
	"syslog":    "syslog -k Sender CalendarAgent -o -k Sender Calendar",
	"discovery": "syslog -k Sender CalendarAgent -o -k Sender Calendar | grep -i discovery",
	"show":      `log show --predicate 'eventMessage contains "com.apple.calendar.store.log.caldav.http"' --info --debug --last 1h`,
	"find":      `log show --predicate 'process IN {"CalendarAgent", "Calendar", "accountsd", "dataaccessd", "remindd"} AND eventMessage CONTAINS[c] "discovery"' --info --debug --last 1h`,
}

func (s *site) help(w http.ResponseWriter, r *http.Request) error {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "help", "Help", helpView{
		HasTrust: renderer.Generator.HasTrust(), Until: s.diagnosticsEnd(), Commands: commands,
	})
}
