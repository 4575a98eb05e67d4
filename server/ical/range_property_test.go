package ical

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawObject draws a recurring event in a zone with difficult clocks, with
// overrides, some of them for the future.
func drawObject(t *rapid.T) string {
	zone := rapid.SampledFrom([]string{"America/New_York", "Europe/Dublin", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia"}).Draw(t, "zone")
	start := drawStart(t)
	r := drawRule(t, false)
	local := func(at time.Time) string { return ";TZID=" + zone + ":" + FloatingOf(at).String() }
	duration := Duration{rapid.IntRange(0, 3).Draw(t, "days"), rapid.IntRange(0, 90000).Draw(t, "seconds")}.String()
	if rapid.Bool().Draw(t, "floating") {
		local = func(at time.Time) string { return ":" + FloatingOf(at).String() }
	}
	master := []string{"DTSTART" + local(start), "DURATION:" + duration, "RRULE:" + r.String()}
	components := [][]string{master}
	members := walked(r, start, start, start.AddDate(2, 0, 0))
	for i := range rapid.IntRange(0, 4).Draw(t, "overrides") {
		id := time.Unix(rapid.SampledFrom(members).Draw(t, "id"), 0).UTC()
		param := rapid.SampledFrom([]string{"", ";RANGE=THISANDFUTURE"}).Draw(t, "range")
		moved := id.Add(time.Duration(rapid.IntRange(-200, 200).Draw(t, "moved")) * time.Hour)
		components = append(components, []string{
			"RECURRENCE-ID" + param + local(id), "DTSTART" + local(moved),
			fmt.Sprintf("DURATION:PT%dM", 30*i), fmt.Sprintf("SUMMARY:%d", i),
		})
	}
	if rapid.Bool().Draw(t, "exdate") {
		master[2] += "\r\nEXDATE" + local(time.Unix(rapid.SampledFrom(members).Draw(t, "ex"), 0).UTC())
	}
	return calendar("VEVENT", components...)
}

// What is asked for a range must be what is in it of all there is: nothing
// that a jump ahead, a shift or a clock change hides. And the facts must not
// hide it from the index, whatever location is asked in.
func TestInstancesInARangeAreThoseOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawObject(t)
		cal, err := Parse([]byte(source))
		if err != nil {
			t.Fatal(err)
		}
		floating, _ := LookupZone(rapid.SampledFrom([]string{"UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"}).Draw(t, "floating zone"))
		o := NewObject(cal, floating)
		from := drawStart(t).AddDate(rapid.IntRange(0, 2).Draw(t, "years"), 0, 0)
		r := Range{from, from.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "hours")) * time.Hour)}
		show := func(i Instance) string {
			return fmt.Sprint(i.Start.UTC().Format(time.RFC3339), i.End.Sub(i.Start), i.RecurrenceID, i.Component.Text("SUMMARY"))
		}
		var got, want []string
		for i := range o.Instances(r) {
			got = append(got, show(i))
		}
		for i := range o.Instances(Range{End: r.End}) {
			zero := i.Start.Equal(i.End)
			if i.Start.Before(r.End) && (i.End.After(r.Start) || zero && !i.Start.Before(r.Start)) {
				want = append(want, show(i))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%s\nin %v to %v\n got %v\nwant %v", source, r.Start, r.End, got, want)
		}
		f := o.Facts()
		if len(got) > 0 && (f.FirstStart > r.End.Unix() || f.LastEnd < r.Start.Unix()) {
			t.Fatalf("%s\nin %v to %v: the facts %d to %d hide it", source, r.Start, r.End, f.FirstStart, f.LastEnd)
		}
		overlaps := false
		for _, c := range cal.Components {
			overlaps = overlaps || o.Overlaps(c, r)
		}
		if overlaps != (len(got) > 0) {
			t.Fatalf("%s\nin %v to %v: overlaps is %v of %v", source, r.Start, r.End, overlaps, got)
		}
	})
}
