package caldav_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestAbsurdDatesAreRefused(t *testing.T) {
	s := newServer(t)
	var all []trouble
	for _, c := range []struct{ start, says string }{
		{"DTSTART:20260230T090000Z", "valid-calendar-data"},
		{"DTSTART:20261301T090000Z", "valid-calendar-data"},
		{"DTSTART:20260901T240000Z", "valid-calendar-data"},
		{"DTSTART:20260901T096000Z", "valid-calendar-data"},
		{"DTSTART:-20260901T090000Z", "valid-calendar-data"},
		{"DTSTART:99999999T999999Z", "valid-calendar-data"},
		{"DTSTART:120260901T090000Z", "valid-calendar-data"},
		{"DTSTART:soon", "valid-calendar-data"},
		{"DTSTART:", "valid-calendar-data"},
		{"DTSTART;VALUE=DATE:20260229", "valid-calendar-data"},
		{"DTSTART:00000101T090000Z", "<C:min-date-time/>"},
		{"DTSTART:00010101T000000Z", "<C:min-date-time/>"},
		{"DTSTART:15821231T235959Z", "<C:min-date-time/>"},
		{"DTSTART:99991231T235959Z", "<C:max-date-time/>"}, // it lasts an hour
	} {
		all = append(all, trouble{name: c.start, method: "PUT", path: adaCal + "1.ics", body: changed("DTSTART:20260901T090000Z", c.start), status: 403, says: c.says})
	}
	for _, line := range []string{
		"DURATION:P99999999999999999999W", "DURATION:PT1HOUR", "DURATION:P", "DURATION:1H",
		"DTEND:20260901T090000Z\r\nDTEND:20260901T100000Z", "DTEND:20260931T100000Z",
	} {
		all = append(all, trouble{name: line, method: "PUT", path: adaCal + "1.ics", body: changed("DURATION:PT1H", line), status: 403, says: "valid-calendar-data"})
	}
	for _, line := range []string{
		"RRULE:FREQ=NEVER", "RRULE:FREQ=DAILY;COUNT=0", "RRULE:FREQ=DAILY;COUNT=99999999999999999999", "RRULE:FREQ=DAILY;INTERVAL=0",
		"RRULE:FREQ=DAILY;UNTIL=20270230T000000Z", "RRULE:FREQ=MONTHLY;BYMONTHDAY=32",
		"RRULE:FREQ=YEARLY;BYWEEKNO=54", "RRULE:FREQ=YEARLY;BYDAY=54MO", "RRULE:", "RRULE:COUNT=2", "RDATE:20260931T100000Z",
		"EXDATE:tomorrow", "RECURRENCE-ID:20260230T090000Z",
	} {
		all = append(all, trouble{name: line, method: "PUT", path: adaCal + "1.ics", body: changed("", line), status: 403, says: "valid-calendar-data"})
	}
	for _, span := range []string{
		`start="20260230T000000Z"`, `start="20260901T000000"`, `start="20260901"`, `start="soon"`, `start=""`, ``,
		`start="20260902T000000Z" end="20260901T000000Z"`, `start="20260902T000000Z" end="20260902T000000Z"`, `start="120260902T000000Z"`,
		`end="00010101T000000Z"`,
	} {
		status, says := 403, "valid-filter"
		if span == "" {
			status, says = 400, "needs a start or an end"
		}
		inEvents := fmt.Sprintf(within, `<C:comp-filter name="VEVENT"><C:time-range `+span+`/></C:comp-filter>`)
		all = append(all,
			trouble{name: "query " + span, method: "REPORT", path: adaCal, body: query(inEvents), status: status, says: says},
			trouble{name: "free-busy " + span, method: "REPORT", path: adaCal, body: fmt.Sprintf(wholeC, "free-busy-query", "<C:time-range "+span+"/>"), status: 400})
		for _, element := range []string{"expand", "limit-recurrence-set", "limit-freebusy-set"} {
			all = append(all, trouble{name: element + " " + span, method: "REPORT", path: adaCal, status: 400,
				body: query(`<D:prop><C:calendar-data><C:` + element + ` ` + span + `/></C:calendar-data></D:prop>` + fmt.Sprintf(within, ""))})
		}
	}
	s.refuses(t, all)

	// What can be written can be asked for: to the ends of time.
	for _, span := range []string{`start="00010101T000000Z"`, `end="99991231T235959Z"`, `start="00010101T000000Z" end="99991231T235959Z"`} {
		body := query(fmt.Sprintf(within, `<C:comp-filter name="VEVENT"><C:time-range `+span+`/></C:comp-filter>`))
		if m := readMultistatus(t, s.want(t, "ada", "REPORT", adaCal, body, 207)); len(m.Responses) != 1 {
			t.Errorf("%s: got %+v", span, m)
		}
	}
}

func TestBrokenEncodingsAreRefused(t *testing.T) {
	s := newServer(t)
	put := func(name, body, says string, status int, head ...string) trouble {
		return trouble{name: name, method: "PUT", path: adaCal + "1.ics", body: body, head: head, status: status, says: says}
	}
	data := event("1", "20260901T090000Z")
	s.refuses(t, []trouble{
		put("Latin-1", changed("", "DESCRIPTION:caf\xe9"), "valid-calendar-data", 403),
		put("overlong UTF-8", changed("", "DESCRIPTION:\xc0\xaf"), "valid-calendar-data", 403),
		put("a surrogate", changed("", "DESCRIPTION:\xed\xa0\x80"), "valid-calendar-data", 403),
		put("UTF-8 cut off", changed("", "DESCRIPTION:\xe2\x82"), "valid-calendar-data", 403),
		put("NUL", changed("", "DESCRIPTION:a\x00b"), "valid-calendar-data", 403),
		put("a control character in a name", changed("", "X-\x07:1"), "valid-calendar-data", 403),
		put("DEL", changed("", "DESCRIPTION:a\x7fb"), "valid-calendar-data", 403),
		put("UTF-16", "\xff\xfeB\x00E\x00G\x00I\x00N\x00", "valid-calendar-data", 403, "Content-Type: text/calendar"),
		put("another charset", data, "valid-calendar-data", 403, "Content-Type: text/calendar; charset=iso-8859-1"),
		put("another type", data, "supported-calendar-data", 403, "Content-Type: text/plain"),
		put("no type that can be read", data, "supported-calendar-data", 403, "Content-Type: text/"),
		put("gzip", "\x1f\x8b\x08\x00", "", 415, "Content-Type: text/calendar", "Content-Encoding: gzip"),
		put("a part", data, "", 400, "Content-Range: bytes 0-99/200"),
		put("nothing", "", "valid-calendar-data", 403, "Content-Type: text/calendar"),
		put("not a calendar", "hello", "valid-calendar-data", 403, "Content-Type: text/calendar"),
		put("no END", strings.Replace(data, "END:VEVENT\r\n", "", 1), "valid-calendar-data", 403),
		put("cut off", data[:len(data)/2], "valid-calendar-data", 403),
		put("twice", data+data, "valid-calendar-data", 403),
		put("a line without a colon", changed("", "SUMMARY"), "valid-calendar-data", 403),
		put("an open quotation", changed("", `X-A;B="1:1`), "valid-calendar-data", 403),
		put("components in components", strings.Repeat("BEGIN:VCALENDAR\r\n", 50_000), "valid-calendar-data", 403),
		put("jCal that is no JSON", `["vcalendar"`, "valid-calendar-data", 403, "Content-Type: application/calendar+json"),
		put("jCal deep", strings.Repeat("[", 500_000), "valid-calendar-data", 403, "Content-Type: application/calendar+json"),
	})
	for name, status := range map[string]int{"%ff.ics": 403, "%c0%af.ics": 403, "%00.ics": 403, "a%0Ab.ics": 403, "%2e%2e": 403, "..%2f..%2fgrace": 403} {
		s.want(t, "ada", "PUT", adaCal+name, event("other", "20260901T090000Z"), status)
	}
}
