package ical

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// suiteDir returns the calendar data of the conformance scripts, which live
// outside the project.
func suiteDir(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("CALPORT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir := filepath.Join(shared, "conformance/suite/Resource/CalDAV")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no conformance suite (set CALPORT_SHARED)")
	}
	return dir
}

var variable = regexp.MustCompile(`\$[a-z0-9.-]+:`)

// filled replaces the variables of the suite much as its runner does:
// $now.year.1: is a year, $now.month.1: a month, $now.1: a day.
func filled(data []byte) []byte {
	return variable.ReplaceAllFunc(data, func(name []byte) []byte {
		parts := strings.Split(strings.Trim(string(name), "$:"), ".")
		if parts[0] != "now" {
			return []byte(parts[0])
		}
		n, _ := strconv.Atoi(parts[len(parts)-1])
		now := time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC)
		switch {
		case len(parts) > 1 && parts[1] == "year":
			return []byte(now.AddDate(n, 0, 0).Format("2006"))
		case len(parts) > 1 && parts[1] == "month":
			return []byte(now.AddDate(0, n, 0).Format("200601"))
		}
		return []byte(now.AddDate(0, 0, n).Format("20060102"))
	})
}

func TestConformanceDataSurvives(t *testing.T) {
	dir := suiteDir(t)
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("BEGIN:VCALENDAR")) || bytes.Count(data, []byte("BEGIN:VCALENDAR")) > 1 {
			return nil
		}
		n++
		data = filled(data)
		cal, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if got := cal.Bytes(); !bytes.Equal(got, data) {
			t.Errorf("%s: written differently:\n%s", path, got)
		}
		if got := cal.Clone().Bytes(); !bytes.Equal(got, data) {
			t.Errorf("%s: clone written differently:\n%s", path, got)
		}
		err = Check(cal)
		if os.Getenv("VERBOSE") != "" && err != nil {
			t.Logf("%s: %v", path, err)
		}
		o := NewObject(cal, time.UTC)
		o.Facts()
		o.StrayOverrides()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 100 {
		t.Errorf("found only %d calendars", n)
	}
}

func TestConformanceVerdicts(t *testing.T) {
	dir := suiteDir(t)
	for _, tt := range []struct {
		file string
		want error
	}{
		{"errors/2.ics", ErrData},      // XCALENDAR
		{"errors/3.ics", ErrObject},    // VEVENT and VFREEBUSY
		{"errors/4.ics", ErrObject},    // METHOD
		{"errors/5.ics", ErrObject},    // two UIDs
		{"errors/33.ics", ErrData},     // RRULE
		{"errors/34.ics", ErrObject},   // RECURRENCE-ID twice
		{"errors/36.ics", ErrData},     // escapes
		{"errors/42.ics", ErrData},     // control character
		{"errors/49.ics", ErrTimezone}, // nobody's TZID
		{"errors/28.ics", nil},         // known TZID without VTIMEZONE
		{"errors/37.ics", nil},
		{"errors/38.ics", nil},
		{"errors/40.ics", nil},
		{"errors/43.ics", nil},
		{"errors/44.ics", nil},
		{"errors/45.ics", nil},
		{"errors/47.ics", nil},
		{"put/1.ics", nil},
		{"put/3.ics", nil},
		{"put/4.ics", nil},
		{"put/6.ics", nil},
		{"put/8.ics", nil},
		{"put/10.ics", nil},
		{"recurrenceput/22.ics", nil},
		{"recurrenceput/23.ics", nil},
		{"recurrenceput/25.ics", nil},
		{"vtodos/1.ics", nil},
		{"vtodos/5.ics", nil},
	} {
		data, err := os.ReadFile(filepath.Join(dir, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		cal, err := Parse(filled(data))
		if err == nil {
			err = Check(cal)
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.file, err, tt.want)
		}
	}
}
