package signing

import (
	"crypto/x509"
	"fmt"
	"time"
)

// Level grades how urgent a [Warning] is.
type Level int

const (
	Fine    Level = iota // more than 60 days left
	Notice               // at most 60 days left
	Soon                 // at most 30 days left
	Urgent               // at most 14 days left
	Expired              // none left
)

const day = 24 * time.Hour

// levels lists the thresholds, the most urgent first.
var levels = []struct {
	within time.Duration
	level  Level
	name   string
}{
	{0, Expired, "expired"},
	{14 * day, Urgent, "urgent"},
	{30 * day, Soon, "soon"},
	{60 * day, Notice, "notice"},
}

// String returns the level as a word for logs and metrics.
func (l Level) String() string {
	for _, row := range levels {
		if row.level == l {
			return row.name
		}
	}
	return "fine"
}

// Warning says how near a certificate is to its expiry. The zero value means that there is nothing to warn of.
type Warning struct {
	Level    Level
	Days     int // whole days left; negative when it has expired
	NotAfter time.Time
}

// WarnExpiry grades the time from now until notAfter.
func WarnExpiry(notAfter, now time.Time) Warning {
	left := notAfter.Sub(now)
	warning := Warning{Days: wholeDays(left), NotAfter: notAfter}
	for _, row := range levels {
		if left <= row.within {
			warning.Level = row.level
			break
		}
	}
	return warning
}

// wholeDays rounds down, also below zero: expired an hour ago is -1.
func wholeDays(d time.Duration) int {
	days := int(d / day)
	if d < 0 && d%day != 0 {
		days--
	}
	return days
}

// String says it in words for a person.
func (w Warning) String() string {
	on := w.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case w.Level == Expired:
		return "expired on " + on
	case w.Days == 1:
		return "expires in 1 day, on " + on
	default:
		return fmt.Sprintf("expires in %d days, on %s", w.Days, on)
	}
}

// NeedsRenewal reports whether two thirds of the certificate's lifetime have passed.
func NeedsRenewal(cert *x509.Certificate, now time.Time) bool {
	lifetime := cert.NotAfter.Sub(cert.NotBefore)
	return now.After(cert.NotBefore.Add(lifetime / 3 * 2))
}
