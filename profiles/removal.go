package profiles

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Removal is when a profile removes itself: on a date, after a while or, zero, never. Not both, because a device would
// take the earlier.
type Removal struct {
	On    time.Time     // UTC, whole seconds
	After time.Duration // whole seconds, a minute at least
}

func noRemoval(s string) Phrase {
	return Say("%q is no removal; write \"never\", a date such as \"2027-06-30\", days such as \"30d\" or a duration such as \"12h\"", s)
}

// ParseRemoval reads "never", "2027-06-30", "2027-06-30T18:00:00Z", "30d", or a duration of Go such as "12h".
func ParseRemoval(s string) (Removal, error) {
	if s == "never" {
		return Removal{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if on, err := time.Parse(layout, s); err == nil {
			return Removal{On: on.UTC().Truncate(time.Second)}, nil
		}
	}
	after, err := parseSpan(s)
	if err != nil || after < time.Minute || after != after.Truncate(time.Second) {
		return Removal{}, errors.New(noRemoval(s).String())
	}
	return Removal{After: after}, nil
}

// parseSpan reads days, or a duration of Go.
func parseSpan(s string) (time.Duration, error) {
	days, ok := strings.CutSuffix(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseUint(days, 10, 16)
	return time.Duration(n) * 24 * time.Hour, err
}

func checkRemoval(s string) Phrase {
	if _, err := ParseRemoval(s); err != nil {
		return noRemoval(s)
	}
	return Phrase{}
}
