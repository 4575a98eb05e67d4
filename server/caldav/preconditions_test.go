package caldav_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"calport/server/caldav"
)

// Every precondition of RFC 4791 sections 5.3.1.1, 5.3.2.1, 7.8, 7.9 and 9.6 by its name, by each method that can fail it.
func TestEveryPreconditionHasItsName(t *testing.T) {
	s := newServerWith(t, caldav.Limits{ResourceSize: 2000, Instances: 10, Attendees: 2, MaxDate: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)})
	s.want(t, "ada", "MKCALENDAR", adaHome+"other/", "", 201)
	s.want(t, "ada", "PUT", adaCal+"series.ics", strings.Replace(event("series", "20260901T090000Z"), "SUMMARY:", "RRULE:FREQ=DAILY\r\nSUMMARY:", 1), 201)
	s.want(t, "ada", "PUT", "/calendars/users/ada/tasks/t.ics", task("t"), 201)
	put := func(condition, body string, head ...string) trouble {
		return trouble{name: "PUT " + condition, method: "PUT", path: adaCal + "1.ics", body: body, head: head, status: 403, says: "<C:" + condition + "/>"}
	}
	post := func(condition, body string) trouble {
		return trouble{name: "POST " + condition, method: "POST", path: adaCal + ";add-member", body: body, status: 403, says: "<C:" + condition + "/>"}
	}
	report := func(name, condition, body string) trouble {
		return trouble{name: name + " " + condition, method: "REPORT", path: adaCal, body: body, status: 403, says: "<C:" + condition}
	}
	transfer := func(method, condition, from, to string) trouble {
		return trouble{name: method + " " + condition, method: method, path: from, head: []string{"Destination: " + to}, status: 403, says: "<C:" + condition}
	}
	make := func(name, condition, property string) trouble {
		return trouble{name: name + " " + condition, method: "MKCALENDAR", path: adaHome + "new/", body: fmt.Sprintf(makeCal, property), status: 207, says: "<C:" + condition + "/>"}
	}
	data := event("1", "20260901T090000Z")
	twoKinds := strings.Replace(data, "END:VCALENDAR", strings.TrimPrefix(task("1"), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"), 1)
	asked := func(prop string) string {
		return "<D:prop>" + prop + "</D:prop>" + fmt.Sprintf(within, "")
	}
	const unsupported = `<C:calendar-data content-type="application/x-calendar"/>`
	s.refuses(t, []trouble{
		// RFC 4791 section 5.3.2.1
		put("supported-calendar-data", data, "Content-Type: application/octet-stream"),
		put("supported-calendar-data", "<xCal/>", "Content-Type: application/calendar+xml"),
		put("valid-calendar-data", changed("DTSTART:20260901T090000Z", "DTSTART:never")),
		put("valid-calendar-data", strings.Replace(data, "VERSION:2.0", "VERSION:1.0", 1)),
		put("valid-calendar-object-resource", strings.Replace(data, "BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT", 1)),
		put("valid-calendar-object-resource", strings.Replace(data, "UID:1\r\n", "", 1)),
		put("valid-calendar-object-resource", twoKinds),
		put("valid-calendar-object-resource", strings.Replace(data, "END:VCALENDAR", data[strings.Index(data, "BEGIN:VEVENT"):], 1)),
		put("valid-calendar-object-resource", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"),
		put("supported-calendar-component", task("1")),
		put("supported-calendar-component", strings.ReplaceAll(data, "VEVENT", "VPOLL")),
		put("max-resource-size", changed("", "DESCRIPTION:"+strings.Repeat("x", 2000))),
		put("min-date-time", changed("DTSTART:2026", "DTSTART:1066")),
		put("max-date-time", changed("DTSTART:2026", "DTSTART:2199")),
		put("max-instances", changed("", "RRULE:FREQ=DAILY;COUNT=11")),
		put("max-attendees-per-instance", changed("", "ATTENDEE:mailto:a@x\r\nATTENDEE:mailto:b@x\r\nATTENDEE:mailto:c@x")),
		put("valid-timezone", changed("DTSTART:20260901T090000Z", "DTSTART;TZID=Narnia:20260901T090000")),
		post("valid-calendar-data", changed("DTSTART:20260901T090000Z", "DTSTART:never")),
		post("supported-calendar-component", task("n")),
		post("max-instances", strings.Replace(changed("", "RRULE:FREQ=DAILY;COUNT=11"), "UID:1", "UID:n", 1)),
		{name: "PUT no-uid-conflict", method: "PUT", path: adaCal + "new.ics", body: data, status: 403, says: "<C:no-uid-conflict><D:href>" + adaCal + "1.ics</D:href>"},
		{name: "POST no-uid-conflict", method: "POST", path: adaCal + ";add-member", body: data, status: 403, says: "<C:no-uid-conflict><D:href>" + adaCal + "1.ics</D:href>"},
		{name: "PUT of another UID", method: "PUT", path: adaCal + "1.ics", body: event("2", "20260901T090000Z"), status: 403, says: "<C:no-uid-conflict>"},
		transfer("COPY", "no-uid-conflict", adaCal+"1.ics", adaCal+"copy.ics"),
		transfer("COPY", "unique-scheduling-object-resource", adaCal+"1.ics", adaHome+"other/copy.ics"),
		transfer("MOVE", "supported-calendar-component", adaCal+"1.ics", adaHome+"tasks/1.ics"),
		transfer("MOVE", "supported-calendar-component", adaHome+"tasks/t.ics", adaCal+"t.ics"),
		transfer("MOVE", "calendar-collection-location-ok", adaHome+"other/", adaCal+"below/"),
		transfer("MOVE", "calendar-collection-location-ok", adaCal+"1.ics", adaHome+"1.ics"),

		// Section 5.3.1.1
		{name: "MKCALENDAR resource-must-be-null", method: "MKCALENDAR", path: adaCal, status: 403, says: "<D:resource-must-be-null/>"},
		{name: "MKCALENDAR calendar-collection-location-ok", method: "MKCALENDAR", path: adaCal + "below/", status: 403, says: "<C:calendar-collection-location-ok/>"},
		make("MKCALENDAR", "supported-calendar-component", `<C:supported-calendar-component-set><C:comp name="VPOLL"/></C:supported-calendar-component-set>`),

		// Sections 7.8 and 7.9
		report("calendar-query", "supported-calendar-data", query(asked(unsupported))),
		report("calendar-multiget", "supported-calendar-data", fmt.Sprintf(wholeC, "calendar-multiget", "<D:prop>"+unsupported+"</D:prop><D:href>"+adaCal+"1.ics</D:href>")),
		report("calendar-query", "valid-filter", query(`<C:filter><C:comp-filter name="VEVENT"/></C:filter>`)),
		report("calendar-query", "supported-filter", query(fmt.Sprintf(within, `<C:sounds-like/>`))),
		report("calendar-query", "supported-collation", query(fmt.Sprintf(within, `<C:prop-filter name="PRODID"><C:text-match collation="i;klingon">x</C:text-match></C:prop-filter>`))),
		report("calendar-query", "valid-calendar-data", query(fmt.Sprintf(within, "")+`<C:timezone>BEGIN:VCALENDAR</C:timezone>`)),
		report("calendar-query", "valid-timezone", query(fmt.Sprintf(within, "")+`<C:timezone-id>Narnia</C:timezone-id>`)),
	})
	// What is too much of one row fails that row alone.
	expanded := query(asked(`<C:calendar-data><C:expand start="20260901T000000Z" end="20270901T000000Z"/></C:calendar-data>`))
	for _, r := range readMultistatus(t, s.want(t, "ada", "REPORT", adaCal, expanded, 207)).Responses {
		tooMany := r.Href == adaCal+"series.ics"
		if got := strings.Contains(r.Propstats[0].Status, " 403 "); got != tooMany {
			t.Errorf("%s: got %s", r.Href, r.Propstats[0].Status)
		}
	}
}

// task is a VCALENDAR with one task.
func task(uid string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:" + uid + "\r\nDTSTAMP:20260801T000000Z\r\nSUMMARY:Task\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
}
