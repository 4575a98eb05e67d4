package ical

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// jcalLines are content lines and what RFC 7265 makes of them.
var jcalLines = []struct{ line, json string }{
	{`SUMMARY;LANGUAGE=de:Grüße\, "Ada"\nund \\`, `["summary",{"language":"de"},"text","Grüße, \"Ada\"\nund \\"]`},
	{`DTSTART;VALUE=DATE:20260901`, `["dtstart",{},"date","2026-09-01"]`},
	{`DTSTART;TZID=Europe/Berlin:20260901T090000`, `["dtstart",{"tzid":"Europe/Berlin"},"date-time","2026-09-01T09:00:00"]`},
	{`DTSTAMP:20260901T090000Z`, `["dtstamp",{},"date-time","2026-09-01T09:00:00Z"]`},
	{`EXDATE:20260901T090000Z,20260902T090000Z`, `["exdate",{},"date-time","2026-09-01T09:00:00Z","2026-09-02T09:00:00Z"]`},
	{`RDATE;VALUE=PERIOD:20260901T090000Z/PT1H`, `["rdate",{},"period",["2026-09-01T09:00:00Z","PT1H"]]`},
	{`FREEBUSY;FBTYPE=BUSY:20260901T090000Z/20260901T100000Z`, `["freebusy",{"fbtype":"BUSY"},"period",["2026-09-01T09:00:00Z","2026-09-01T10:00:00Z"]]`},
	{`CATEGORIES:work\, hard,play`, `["categories",{},"text","work, hard","play"]`},
	{`GEO:37.386013;-122.082932`, `["geo",{},"float",[37.386013,-122.082932]]`},
	{`REQUEST-STATUS:2.0;Success\; so far`, `["request-status",{},"text",["2.0","Success; so far"]]`},
	{`TZOFFSETTO:-0500`, `["tzoffsetto",{},"utc-offset","-05:00"]`},
	{`PRIORITY:5`, `["priority",{},"integer",5]`},
	{`RRULE:FREQ=MONTHLY;BYDAY=1SU,-1FR;BYMONTH=4;COUNT=3`, `["rrule",{},"recur",{"byday":["1SU","-1FR"],"bymonth":4,"count":3,"freq":"MONTHLY"}]`},
	{`RRULE:BYMONTH=1,5L;FREQ=YEARLY;RSCALE=HEBREW`, `["rrule",{},"recur",{"bymonth":[1,"5L"],"freq":"YEARLY","rscale":"HEBREW"}]`},
	{`RRULE:FREQ=YEARLY;UNTIL=20300101`, `["rrule",{},"recur",{"freq":"YEARLY","until":"2030-01-01"}]`},
	{`ATTENDEE;DELEGATED-TO="mailto:a@x","mailto:b@x";RSVP=TRUE:mailto:c@x`, `["attendee",{"delegated-to":["mailto:a@x","mailto:b@x"],"rsvp":"TRUE"},"cal-address","mailto:c@x"]`},
	{`ATTACH;ENCODING=BASE64;VALUE=BINARY:SGVsbG8=`, `["attach",{},"binary","SGVsbG8="]`},
	{`TRIGGER;VALUE=DATE-TIME:20260901T090000Z`, `["trigger",{},"date-time","2026-09-01T09:00:00Z"]`},
	{`X-APPLE-TRAVEL;VALUE=DURATION:PT15M`, `["x-apple-travel",{},"duration","PT15M"]`},
	{`X-OWN:a\,b;c`, `["x-own",{},"unknown","a\\,b;c"]`}, // section 5.1
	{`DTSTART:20260901`, `["dtstart",{},"unknown","20260901"]`},
	{`PRIORITY:007`, `["priority",{},"unknown","007"]`},
}

func TestJSONIsWhatRFC7265Says(t *testing.T) {
	for _, c := range jcalLines {
		calendar := mustParse(t, "BEGIN:VCALENDAR\r\n"+c.line+"\r\nEND:VCALENDAR\r\n")
		got := string(calendar.JSON())
		if want := `["vcalendar",[` + c.json + `],[]]`; got != want {
			t.Errorf("%s\ngot  %s\nwant %s", c.line, got, want)
		}
		back, err := ParseJSON([]byte(got))
		if err != nil {
			t.Errorf("%s: %v", got, err)
			continue
		}
		if p := back.Properties[0]; !sameLine(p, calendar.Properties[0]) {
			t.Errorf("%s comes back as %s", c.line, p.text)
		}
	}
}

// sameLine compares lines whose parameters, and parts of a rule, are in any order.
func sameLine(a, b *Property) bool {
	parts := func(s string) []string {
		all := strings.Split(s, ";")
		slices.Sort(all)
		return all
	}
	return a.Name() == b.Name() && slices.Equal(parts(a.params()), parts(b.params())) && slices.Equal(parts(a.Value()), parts(b.Value()))
}

func TestParseJSONRefusesWhatIsNoCalendar(t *testing.T) {
	deep := strings.Repeat(`["vcalendar",[],[`, 20) + strings.Repeat(`]]`, 20)
	for _, text := range []string{
		``, `{}`, `[]`, `["vcalendar",[]]`, `["vcalendar",{},[]]`, `["vcalendar",[],[]] x`, `[1,[],[]]`, `["v:c",[],[]]`, `["vevent",[],[]]`, deep,
		`["vcalendar",[["summary"]],[]]`, `["vcalendar",[["summary",{},"text"]],[]]`, `["vcalendar",[["sum\r\nmary",{},"text","x"]],[]]`,
		`["vcalendar",[["summary",[],"text","x"]],[]]`, `["vcalendar",[["summary",{"a:b":"c"},"text","x"]],[]]`, `["vcalendar",[["summary",{},7,"x"]],[]]`,
		`["vcalendar",[["summary",{},"te:xt","x"]],[]]`, `["vcalendar",[["summary",{},"text",{}]],[]]`, `["vcalendar",[["rrule",{},"recur",{"freq":{}}]],[]]`,
		`["vcalendar",[["freebusy",{},"period",["a"]]],[]]`,
	} {
		if _, err := ParseJSON([]byte(text)); !errors.Is(err, ErrData) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// What comes as JSON cannot bring a second line along.
func TestParseJSONKeepsToItsLine(t *testing.T) {
	c, err := ParseJSON([]byte(`["vcalendar",[["x-a",{"p":"a\r\nX-B:1"},"unknown","b\r\nX-C:2"],["summary",{},"text","c\r\nX-D:3"]],[]]`))
	if err != nil {
		t.Fatal(err)
	}
	again := mustParse(t, c.String())
	if len(again.Properties) != 2 {
		t.Errorf("got %s", c)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, c := range jcalLines {
		f.Add(`["vcalendar",[` + c.json + `],[["vevent",[],[]]]]`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseJSON([]byte(text))
		if err != nil {
			return
		}
		written, err := Parse(c.Bytes())
		if err != nil {
			t.Fatalf("%s is written as %s: %v", text, c, err)
		}
		if out := written.JSON(); !json.Valid(out) {
			t.Fatalf("%s comes back as %s", text, out)
		}
	})
}
