package web

import (
	"fmt"
	"time"
)

// ago says when something was, as seen from now.
func (l *tongue) ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return l.word(english("never"))
	case d < time.Minute:
		return l.word(english("just now"))
	case d < time.Hour:
		return l.word(english("%d minutes ago"), int(d/time.Minute))
	case d < 24*time.Hour:
		return l.word(english("%d hours ago"), int(d/time.Hour))
	case d < 14*24*time.Hour:
		return l.word(english("%d days ago"), int(d/(24*time.Hour)))
	}
	return l.word(english("on %s"), t)
}

// date says a day.
func (l *tongue) date(t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf(l.wording.Day, t.Day(), l.wording.Months[t.Month()-1], t.Year())
}

// waitWords says a time to wait, rounded up.
func waitWords(d time.Duration) phrase {
	switch minutes := int((d + time.Minute - 1) / time.Minute); {
	case d <= time.Minute:
		return say("a minute")
	case minutes < 120:
		return say("%d minutes", minutes)
	default:
		return say("%d hours", (minutes+59)/60)
	}
}
