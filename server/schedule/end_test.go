package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
)

// What is left of a series of which nothing takes place from now on has its instances of before, and no other.
func TestPastOfASeriesHasNothingAhead(t *testing.T) {
	now := time.Date(2026, 5, 7, 12, 0, 0, 0, time.UTC)
	s := &Scheduler{Options: Options{Now: func() time.Time { return now }}}
	const begin, end = "BEGIN:VEVENT\r\nUID:1\r\nDURATION:PT1H\r\n", "END:VEVENT\r\n"
	for name, test := range map[string]struct {
		data string
		want []string
	}{
		"a rule":          {begin + "DTSTART:20260505T100000Z\r\nRRULE:FREQ=DAILY\r\n" + end, []string{"5 10", "6 10", "7 10"}},
		"two rules":       {begin + "DTSTART:20260505T100000Z\r\nRRULE:FREQ=DAILY\r\nRRULE:FREQ=WEEKLY\r\n" + end, []string{"5 10", "6 10", "7 10"}},
		"dates":           {begin + "DTSTART:20260505T100000Z\r\nRDATE:20260506T090000Z,20260508T100000Z\r\n" + end, []string{"5 10", "6 09"}},
		"a rule and date": {begin + "DTSTART:20260505T100000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\nRDATE:20260509T100000Z\r\n" + end, []string{"5 10", "6 10"}},
		"days":            {"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260505\r\nRRULE:FREQ=DAILY\r\n" + end, []string{"5 00", "6 00", "7 00"}},
		"days from today": {"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260507\r\nRRULE:FREQ=DAILY\r\n" + end, []string{"7 00"}},
		"one put off": {begin + "DTSTART:20260505T100000Z\r\nRRULE:FREQ=DAILY\r\n" + end +
			begin + "RECURRENCE-ID:20260506T100000Z\r\nDTSTART:20260509T100000Z\r\n" + end, []string{"5 10", "7 10"}},
		"one put off of dates": {begin + "DTSTART:20260505T100000Z\r\nRDATE:20260506T100000Z,20260510T100000Z\r\n" + end +
			begin + "RECURRENCE-ID:20260506T100000Z\r\nDTSTART:20260509T100000Z\r\n" + end, []string{"5 10"}},
	} {
		object, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\n" + test.data + "END:VCALENDAR\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		past, begun, err := s.pastOf(object)
		if err != nil || past == nil || !begun {
			t.Errorf("%s: got %v, %v, %v", name, past, begun, err)
			continue
		}
		var got []string
		for i := range ical.NewObject(past, nil).Instances(ical.Range{End: now.AddDate(1, 0, 0)}) {
			got = append(got, i.Start.Format("2 15"))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %s, want %s, of\n%s", name, strings.Join(got, ", "), strings.Join(test.want, ", "), past)
		}
	}
}

func TestPastOfWhatHasNoneOrHasNotBegun(t *testing.T) {
	now := time.Date(2026, 5, 7, 12, 0, 0, 0, time.UTC)
	s := &Scheduler{Options: Options{Now: func() time.Time { return now }}}
	for name, test := range map[string]struct {
		data  string
		begun bool
	}{
		"under way": {"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260507T113000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n", true},
		"today":     {"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260507\r\nEND:VEVENT\r\n", true},
		"over":      {"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260505T113000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\nEND:VEVENT\r\n", true},
		"its first was brought forward": {"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260508T100000Z\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\n" +
			"BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260508T100000Z\r\nDTSTART:20260506T100000Z\r\nEND:VEVENT\r\n", false},
	} {
		object, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\n" + test.data + "END:VCALENDAR\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if past, begun, err := s.pastOf(object); past != nil || begun != test.begun || err != nil {
			t.Errorf("%s: got %v, %v, %v", name, past, begun, err)
		}
	}
}
