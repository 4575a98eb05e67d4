package profiles

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Logging is how much the Diagnostics profile makes Calendar log.
type Logging string

// The values of CalLogSimpleConfiguration, by Apple's calendar-client document.
const (
	LogHTTP       Logging = "com.apple.calendar.store.log.caldav.http" // the protocol
	LogEverything Logging = "com.apple.calendar"                       // also how accounts are discovered
)

// Diagnostics renders the profile that makes Calendar on a Mac write a log, until removal, when the profile removes
// itself. It is the managed form of "defaults write -g CalLogSimpleConfiguration -array …".
func (g *Generator) Diagnostics(logging Logging, removal time.Time) (*Profile, error) {
	if !slices.Contains([]Logging{LogHTTP, LogEverything}, logging) {
		return nil, fmt.Errorf("%q is nothing that Calendar logs; choose %q or %q", logging, LogHTTP, LogEverything)
	}
	if removal.IsZero() {
		return nil, errors.New("the Diagnostics profile needs a date of removal")
	}
	top := g.shared(Diagnostics, MacOS, "Calendar diagnostics", "Makes Calendar write a detailed log, and removes itself.")
	top["RemovalDate"] = removal.UTC().Truncate(time.Second)
	payload := Dict{
		"PayloadType":        typePreferences,
		"PayloadDisplayName": "Calendar logging",
		"PayloadContent": Dict{
			".GlobalPreferences": Dict{
				"Forced": []any{Dict{
					"mcx_preference_settings": Dict{"CalLogSimpleConfiguration": []any{string(logging)}},
				}},
			},
		},
	}
	g.identify(payload, top, string(Diagnostics), "logging")
	return g.profile(Diagnostics, MacOS, top, []any{payload})
}
