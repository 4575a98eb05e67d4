package demo_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/directorytest"
	"calport/server/ical"
)

func snapshot(t *testing.T) *directory.Snapshot {
	t.Helper()
	return directorytest.ReadAll(t, open(t))
}

// monday is the first day of the sample week in a place whose clocks change within it or not.
func monday(t *testing.T, zone string) time.Time {
	t.Helper()
	place, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 10, 19, 8, 30, 0, 0, place)
}

func TestWeekIsValidForEveryOwner(t *testing.T) {
	known := make(map[directory.Kind][]string)
	for p := range snapshot(t).All() {
		known[p.Kind] = append(known[p.Kind], p.ShortName)
	}
	people := make(map[string]bool)
	for _, zone := range []string{"Europe/Berlin", "America/St_Johns", "Asia/Tokyo", "UTC"} {
		events := demo.Week(monday(t, zone))
		for _, e := range events {
			people[e.Owner] = true
			if !slices.Contains(known[e.Kind], e.Owner) || e.Calendar != "calendar" || !strings.HasSuffix(e.Name, ".ics") {
				t.Errorf("%v %s/%s/%s is nobody's", e.Kind, e.Owner, e.Calendar, e.Name)
			}
			cal, err := ical.Parse(e.Data)
			if err == nil {
				err = ical.Check(cal)
			}
			if err != nil {
				t.Fatalf("%s of %s: %v\n%s", e.Name, e.Owner, err, e.Data)
			}
			for line := range bytes.SplitSeq(e.Data, []byte("\r\n")) {
				if len(line) > 75 || bytes.ContainsAny(line, "\r\n") {
					t.Errorf("%s: a line of %d octets: %q", e.Name, len(line), line)
				}
			}
		}
	}
	if len(people) != 30+4+2 {
		t.Errorf("%d people, rooms and resources have events, want 36", len(people))
	}
}

func TestEverybodyInvitedHasTheSameCopy(t *testing.T) {
	s := snapshot(t)
	copies := make(map[string]map[string][]byte) // by name of the object, then by owner
	for _, e := range demo.Week(monday(t, "Europe/Berlin")) {
		if copies[e.Name] == nil {
			copies[e.Name] = make(map[string][]byte)
		}
		copies[e.Name][e.Owner] = e.Data
	}
	for name, owners := range copies {
		var data []byte
		for _, data = range owners {
		}
		cal, err := ical.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		invited := 0
		for p := range ical.NewObject(cal, nil).Master().Props("ATTENDEE") {
			invited++
			who := s.ByAddress(p.Value())
			if who == nil {
				t.Errorf("%s: %s is nobody", name, p.Value())
				continue
			}
			if !bytes.Equal(owners[who.ShortName], data) {
				t.Errorf("%s: %s has no copy, or another", name, who.ShortName)
			}
		}
		if want := len(owners); invited != want && (invited != 0 || want != 1) {
			t.Errorf("%s: %d are invited, %d have it", name, invited, want)
		}
	}
}

func TestNobodyIsInTwoPlacesAtATime(t *testing.T) {
	from := monday(t, "Europe/Berlin")
	type span struct {
		start, end int64
		name       string
	}
	busy := make(map[string][]span)
	for _, e := range demo.Week(from) {
		cal, err := ical.Parse(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		text := string(e.Data)
		if strings.Contains(text, "VALUE=DATE") || strings.Contains(text, "TRANSPARENT") {
			continue
		}
		for i := range ical.NewObject(cal, from.Location()).Instances(ical.Range{Start: from, End: from.AddDate(0, 0, 14)}) {
			busy[e.Owner] = append(busy[e.Owner], span{i.Start.Unix(), i.End.Unix(), text})
		}
	}
	for owner, spans := range busy {
		slices.SortFunc(spans, func(a, b span) int { return int(a.start - b.start) })
		for i := 1; i < len(spans); i++ {
			if spans[i].start < spans[i-1].end {
				t.Errorf("%s is busy twice:\n%s%s", owner, spans[i-1].name, spans[i].name)
			}
		}
	}
	if len(busy) != 36 {
		t.Errorf("%d are busy, want 36", len(busy))
	}
}

func TestTheWeekKeepsItsHoursWhenClocksChange(t *testing.T) {
	from := monday(t, "Europe/Berlin") // summer time ends on the Sunday after
	lessons := 0
	for _, e := range demo.Week(from) {
		if e.Owner != "ayse" || !strings.Contains(string(e.Data), "Lesson") {
			continue
		}
		// Renamed, the zone is known by its VTIMEZONE only.
		cal, err := ical.Parse(bytes.ReplaceAll(e.Data, []byte("Europe/Berlin"), []byte("Elsewhere/Berlin")))
		if err != nil {
			t.Fatal(err)
		}
		for i := range ical.NewObject(cal, nil).Instances(ical.Range{Start: from, End: from.AddDate(1, 0, 0)}) {
			lessons++
			if at := i.Start.In(from.Location()); at.Hour() != 16 || at.Weekday() != time.Tuesday {
				t.Errorf("a lesson at %v", at)
			}
		}
	}
	if lessons != 11 {
		t.Errorf("%d lessons, want 12 but one", lessons)
	}
}

func TestTheSameMondayGivesTheSameWeek(t *testing.T) {
	a, b := demo.Week(monday(t, "Europe/Berlin")), demo.Week(monday(t, "Europe/Berlin").Add(3*time.Hour))
	if !slices.EqualFunc(a, b, func(x, y demo.Event) bool {
		return x.Owner == y.Owner && x.Name == y.Name && bytes.Equal(x.Data, y.Data)
	}) {
		t.Error("two weeks of the same Monday differ")
	}
	if next := demo.Week(monday(t, "Europe/Berlin").AddDate(0, 0, 7)); next[0].Name == a[0].Name {
		t.Error("two weeks of different Mondays have objects of the same name")
	}
}
