package itip

import (
	"slices"
	"strings"
	"testing"

	"calport/server/ical"
)

// seriesOf reads an object of one component, and lets the given instance be
// asked about.
func seriesOf(t *testing.T, at string, lines ...string) (*series, id) {
	t.Helper()
	s := &scenario{world: newWorld(t, span.Start), file: "test"}
	x := newCall(Context{})
	object := x.read(s.calendar(lines))
	when := s.instance(object, at)
	object.asked[when] = true
	return object, when
}

func TestDerivedInstanceHasItsOwnTime(t *testing.T) {
	tests := []struct {
		name, at string
		master   []string
		want     []string
	}{
		{"UTC and DURATION", "20260506T100000Z",
			[]string{"DTSTART:20260504T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"},
			[]string{"DTSTART:20260506T100000Z", "DURATION:PT1H", "RECURRENCE-ID:20260506T100000Z"}},
		{"across a change of clocks", "20261030T233000",
			[]string{"DTSTART;TZID=Europe/Berlin:20261023T233000", "DTEND;TZID=Europe/Berlin:20261024T013000", "RRULE:FREQ=WEEKLY"},
			[]string{"DTSTART;TZID=Europe/Berlin:20261030T233000", "DTEND;TZID=Europe/Berlin:20261031T013000", "RECURRENCE-ID;TZID=Europe/Berlin:20261030T233000"}},
		{"all day", "20260511",
			[]string{"DTSTART;VALUE=DATE:20260504", "DTEND;VALUE=DATE:20260506", "RRULE:FREQ=WEEKLY"},
			[]string{"DTSTART;VALUE=DATE:20260511", "DTEND;VALUE=DATE:20260513", "RECURRENCE-ID;VALUE=DATE:20260511"}},
		{"floating", "20260511T080000",
			[]string{"DTSTART:20260504T080000", "DTEND:20260504T083000", "RRULE:FREQ=WEEKLY"},
			[]string{"DTSTART:20260511T080000", "DTEND:20260511T083000", "RECURRENCE-ID:20260511T080000"}},
		{"a period of RDATE", "20260520T100000Z",
			[]string{"DTSTART:20260504T100000Z", "DTEND:20260504T110000Z", "RDATE;VALUE=PERIOD:20260520T100000Z/PT3H"},
			[]string{"DTSTART:20260520T100000Z", "DTEND:20260520T130000Z", "RECURRENCE-ID:20260520T100000Z"}},
		{"a to-do with DUE alone", "20260505T100000Z",
			[]string{"VTODO", "DUE:20260504T100000Z", "RRULE:FREQ=DAILY"},
			[]string{"DUE:20260505T100000Z", "RECURRENCE-ID:20260505T100000Z"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, at := seriesOf(t, test.at, test.master...)
			if !s.valid(at) {
				t.Fatalf("%s is not valid", test.at)
			}
			got := s.derive(at)
			for _, line := range test.want {
				if !slices.Contains(lines(got), line) {
					t.Errorf("no %s in\n%s", line, got)
				}
			}
			for _, name := range recurrenceProps {
				if got.Prop(name) != nil {
					t.Errorf("%s in\n%s", name, got)
				}
			}
		})
	}
}

// lines returns the properties of a component as they are written.
func lines(c *ical.Component) []string {
	var all []string
	for _, p := range c.Properties {
		text := ical.NewComponent("X", p).String()
		all = append(all, text[len("BEGIN:X\r\n"):len(text)-len("\r\nEND:X\r\n")])
	}
	return all
}

func TestExcludedInstancesOfAnyForm(t *testing.T) {
	tests := []struct {
		name, at, exdate string
		start            string
	}{
		{"in UTC", "20260505T120000", "EXDATE:20260505T100000Z", "DTSTART;TZID=Europe/Berlin:20260504T120000"},
		{"a day among times", "20260505T120000", "EXDATE;VALUE=DATE:20260505", "DTSTART;TZID=Europe/Berlin:20260504T120000"},
		{"a day among times in UTC", "20260505T120000Z", "EXDATE;VALUE=DATE:20260505", "DTSTART:20260504T120000Z"},
		{"a day among floating times", "20260505T120000", "EXDATE;VALUE=DATE:20260505", "DTSTART:20260504T120000"},
		{"a time among days", "20260505", "EXDATE:20260505T120000", "DTSTART;VALUE=DATE:20260504"},
		{"one of a list", "20260505T120000Z", "EXDATE:20260506T120000Z,20260505T120000Z", "DTSTART:20260504T120000Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, at := seriesOf(t, test.at, test.start, "RRULE:FREQ=DAILY", test.exdate)
			if s.valid(at) || !s.occurs(at) {
				t.Errorf("valid %v, occurs %v; want it excluded", s.valid(at), s.occurs(at))
			}
			s.include(at)
			if !s.valid(at) {
				t.Error("still excluded")
			}
			again := newCall(Context{}).read(reparsed(s.cal))
			if again.exdate[at] {
				t.Errorf("still written as excluded:\n%s", s.cal)
			}
		})
	}
}

func TestRefreshSparesCrowds(t *testing.T) {
	s := &scenario{world: newWorld(t, span.Start), file: "test"}
	s.add(User{Address: addressOf("ada")})
	s.add(User{Address: addressOf("bob")})
	event := []string{"DTSTART:20260504T100000Z", "ORGANIZER:ada", "ATTENDEE:bob"}
	few := s.calendar(event)
	if got := len(Refresh(few, "", s.context(s.person("ada")))); got != 1 {
		t.Errorf("%d messages to one attendee", got)
	}
	for i := range refreshLimit {
		event = append(event, "ATTENDEE:mailto:p"+string(rune('a'+i/26))+string(rune('a'+i%26))+"@x")
	}
	if got := Refresh(s.calendar(event), "", s.context(s.person("ada"))); got != nil {
		t.Errorf("%d messages to one of many attendees", len(got))
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	s := &scenario{world: newWorld(t, span.Start), file: "test"}
	tests := []struct{ name, data, want string }{
		{"method", "METHOD:NOTHING\nORGANIZER:ada", `invalid scheduling message: unknown METHOD "NOTHING"`},
		{"no organizer", "METHOD:REQUEST\nATTENDEE:bob", "invalid scheduling message: no ORGANIZER"},
		{"two UIDs", "METHOD:REQUEST\nORGANIZER:ada\n-\nUID:2\nORGANIZER:ada", `invalid scheduling message: not one UID: "1" and "2"`},
		{"two kinds", "METHOD:REQUEST\nORGANIZER:ada\n-\nVTODO\nORGANIZER:ada", "invalid scheduling message: both VEVENT and VTODO"},
		{"two organizers", "METHOD:REQUEST\nORGANIZER:mailto:a\n-\nORGANIZER:mailto:b", `invalid scheduling message: not one ORGANIZER: "mailto:a" and "mailto:b"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadMessage(s.calendar(strings.Split(test.data, "\n")))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := ReadMessage(ical.NewCalendar("x")); err == nil {
		t.Error("an empty calendar is a message")
	}
}
