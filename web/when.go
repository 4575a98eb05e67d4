package web

import (
	"fmt"
	"time"
)

// dayForm is how a date is written.
const dayForm = "2 January 2006"

// ago says when something was, as seen from now.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "never"
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute") + " ago"
	case d < 24*time.Hour:
		return count(int(d/time.Hour), "hour") + " ago"
	case d < 14*24*time.Hour:
		return count(int(d/(24*time.Hour)), "day") + " ago"
	}
	return "on " + t.UTC().Format(dayForm)
}

// date says a day.
func date(t time.Time) string { return t.UTC().Format(dayForm) }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
