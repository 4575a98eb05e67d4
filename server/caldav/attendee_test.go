package caldav_test

import (
	"fmt"
	"strings"
	"testing"

	"calport/server/dav"
)

// What the clients of attendees send is half right, and is merged, not refused (RFC 6638 section 3.2.2). Grace and Zoë are
// invited by Ada in these tests.

const graceHome = "/calendars/users/grace/"

// invite stores an event of Ada's, with these lines more, to which Grace and Zoë are invited.
func (s *testServer) invite(t testing.TB, lines ...string) {
	t.Helper()
	s.want(t, "ada", "PUT", adaCal+"m.ics", invitation(lines...), 201)
}

func invitation(lines ...string) string {
	more := append([]string{"ORGANIZER:mailto:ada@example.com", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.com",
		"ATTENDEE:mailto:grace@example.com", "ATTENDEE:mailto:zoe@example.com"}, lines...)
	return strings.Replace(event("m", "20260907T090000Z"), "SUMMARY:", strings.Join(more, "\r\n")+"\r\nSUMMARY:", 1)
}

// only is the one object in a collection, "" if there is none.
func (s *testServer) only(t testing.TB, who, collection string) (path, data, scheduleTag string) {
	t.Helper()
	listing := readMultistatus(t, s.want(t, who, "PROPFIND", collection, propfindFor(dav.GetETag), 207, "Depth: 1"))
	switch len(listing.Responses) {
	case 1:
		return "", "", ""
	case 2:
		path = listing.Responses[1].Href
		w := s.want(t, who, "GET", path, "", 200)
		return path, unfolded(w.Body.String()), w.Header().Get("Schedule-Tag")
	}
	t.Fatalf("%s: want one object, got %+v", collection, listing)
	return "", "", ""
}

func unfolded(data string) string { return strings.ReplaceAll(data, "\r\n ", "") }

// graces is Grace's copy.
func (s *testServer) graces(t testing.TB) (path, data, scheduleTag string) {
	t.Helper()
	return s.only(t, "grace", graceHome+"calendar/")
}

// adas is the organizer's copy.
func (s *testServer) adas(t testing.TB) string {
	t.Helper()
	return unfolded(s.want(t, "ada", "GET", adaCal+"m.ics", "", 200).Body.String())
}

// hears is how many messages have come since the last time to somebody's inbox.
func (s *testServer) hears(t testing.TB, who string) (messages int) {
	t.Helper()
	inbox := "/calendars/users/" + who + "/inbox/"
	for i, r := range readMultistatus(t, s.want(t, who, "PROPFIND", inbox, propfindFor(dav.GetETag), 207, "Depth: 1")).Responses {
		if i > 0 {
			s.want(t, who, "DELETE", r.Href, "", 204)
			messages++
		}
	}
	return messages
}

const accepted = "PARTSTAT=ACCEPTED;"

// accepts is a copy in which Grace has accepted.
func accepts(data string) string {
	return strings.ReplaceAll(data, "CN=Grace Hopper;", "CN=Grace Hopper;"+accepted)
}

func graceHas(data, partstat string) bool {
	for line := range strings.Lines(data) {
		if strings.HasPrefix(line, "ATTENDEE") && strings.Contains(line, "grace@") {
			return strings.Contains(line, "PARTSTAT="+partstat)
		}
	}
	return false
}

func TestAnEmptyScheduleTagIsNoneAndAFullOneWinsOverIfMatch(t *testing.T) {
	s := newServer(t)
	s.invite(t)
	path, data, tag := s.graces(t)
	if tag == "" {
		t.Fatal("an invitation has no Schedule-Tag")
	}
	etag := s.want(t, "grace", "GET", path, "", 200).Header().Get("ETag")
	for _, c := range []struct {
		why    string
		status int
		head   []string
	}{
		{"an empty tag beside a wrong ETag", 412, []string{"If-Schedule-Tag-Match:", `If-Match: "other"`}},
		{"a wrong tag beside the right ETag", 412, []string{`If-Schedule-Tag-Match: "other"`, "If-Match: " + etag}},
		{"the right tag beside a wrong ETag", 204, []string{"If-Schedule-Tag-Match: " + tag, `If-Match: "other"`}},
		{"an empty tag alone", 204, []string{"If-Schedule-Tag-Match:"}},
	} {
		if w := s.do(t, "grace", "PUT", path, accepts(data), c.head...); w.Code != c.status {
			t.Errorf("%s: got %d, want %d", c.why, w.Code, c.status)
		}
	}
}

func TestAnAttendeesCopyIsMergedAndNotRefused(t *testing.T) {
	s := newServer(t)
	s.invite(t)
	path, data, tag := s.graces(t)
	changed := strings.NewReplacer("SUMMARY:Event m", "SUMMARY:Mine", "DTSTART:20260907T090000Z", "DTSTART:20260908T090000Z",
		"ATTENDEE;CN=Zoë Ångström;RSVP=TRUE:mailto:zoe@example.com\r\n", "", "TRANSP:TRANSPARENT", "TRANSP:OPAQUE",
		"END:VEVENT", "CATEGORIES:Work\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT").Replace(accepts(data))
	s.want(t, "grace", "PUT", path, changed, 204, "If-Schedule-Tag-Match: "+tag)
	_, now, _ := s.graces(t)
	for _, want := range []string{"SUMMARY:Event m", "DTSTART:20260907T090000Z", "mailto:zoe@example.com"} {
		if !strings.Contains(now, want) {
			t.Errorf("the organizer's %s is not in the copy:\n%s", want, now)
		}
	}
	for _, want := range []string{"TRANSP:OPAQUE", "CATEGORIES:Work", "BEGIN:VALARM", "PARTSTAT=ACCEPTED"} {
		if !strings.Contains(now, want) {
			t.Errorf("the attendee's own %s is not in the copy:\n%s", want, now)
		}
	}
	if organizers := s.adas(t); !graceHas(organizers, "ACCEPTED") || strings.Contains(organizers, "CATEGORIES") || strings.Contains(organizers, "VALARM") {
		t.Errorf("the organizer has\n%s", organizers)
	}
}

// iCal writes DTEND for DURATION, another name of the zone, or no master: nothing of it is a change.
func TestWhatClientsRewriteIsNoChange(t *testing.T) {
	const at = "DTSTART;TZID=US/Eastern:20260907T090000\r\nRRULE:FREQ=DAILY;COUNT=5"
	for name, rewrite := range map[string]func(data string) string{
		"DTEND": func(data string) string {
			return strings.Replace(data, "DURATION:PT1H", "DTEND;TZID=US/Eastern:20260907T100000", 1)
		},
		"another name of the zone": func(data string) string {
			return strings.ReplaceAll(data, "US/Eastern", "America/New_York")
		},
		"an override that is no change": func(data string) string {
			begin, end := strings.Index(data, "BEGIN:VEVENT"), strings.Index(data, "END:VCALENDAR")
			override := strings.Replace(data[begin:end], "RRULE:FREQ=DAILY;COUNT=5", "RECURRENCE-ID;TZID=US/Eastern:20260909T090000", 1)
			override = strings.Replace(override, "DTSTART;TZID=US/Eastern:20260907", "DTSTART;TZID=US/Eastern:20260909", 1)
			return data[:end] + override + data[end:]
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.want(t, "ada", "PUT", adaCal+"m.ics", strings.Replace(invitation(), "DTSTART:20260907T090000Z", at, 1), 201)
			path, data, tag := s.graces(t)
			s.hears(t, "ada")
			s.want(t, "grace", "PUT", path, rewrite(data), 204, "If-Schedule-Tag-Match: "+tag)
			if n := s.hears(t, "ada"); n != 0 {
				t.Errorf("the organizer hears of it %d times", n)
			}
			if now := s.adas(t); strings.Contains(now, "RECURRENCE-ID") || graceHas(now, "ACCEPTED") || graceHas(now, "DECLINED") {
				t.Errorf("the organizer has\n%s", now)
			}
			s.want(t, "grace", "PUT", path, accepts(rewrite(data)), 204)
			if now := s.adas(t); !graceHas(now, "ACCEPTED") {
				t.Errorf("accepted in that form, the organizer has\n%s", now)
			}
		})
	}
}

func TestAnInstanceThatAnAttendeeLeavesOutIsDeclined(t *testing.T) {
	for name, leave := range map[string]func(data string) string{
		"by EXDATE": func(data string) string {
			return strings.Replace(data, "RRULE:", "EXDATE:20260908T090000Z\r\nRRULE:", 1)
		},
		"an override that is missing": func(data string) string {
			i := strings.LastIndex(data, "BEGIN:VEVENT")
			return data[:i] + "END:VCALENDAR\r\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			series := invitation("RRULE:FREQ=DAILY;COUNT=5")
			if name != "by EXDATE" {
				begin, end := strings.Index(series, "BEGIN:VEVENT"), strings.Index(series, "END:VCALENDAR")
				override := strings.NewReplacer("RRULE:FREQ=DAILY;COUNT=5", "RECURRENCE-ID:20260908T090000Z", "DTSTART:20260907T09", "DTSTART:20260908T11").Replace(series[begin:end])
				series = series[:end] + override + series[end:]
			}
			s.want(t, "ada", "PUT", adaCal+"m.ics", series, 201)
			path, data, _ := s.graces(t)
			s.want(t, "grace", "PUT", path, leave(data), 204)
			now := s.adas(t)
			series, instance, _ := strings.Cut(now, "END:VEVENT")
			if !strings.Contains(instance, "RECURRENCE-ID:20260908T090000Z") || !graceHas(instance, "DECLINED") || graceHas(series, "DECLINED") {
				t.Errorf("the organizer has\n%s", now)
			}
		})
	}
}

func TestDeletingAnInvitationDeclinesIt(t *testing.T) {
	for _, c := range []struct {
		why   string
		first func(s *testServer, t *testing.T)
		head  string
		heard int
		has   string
	}{
		{why: "deleted", heard: 1, has: "DECLINED"},
		{why: "deleted without a reply", head: "Schedule-Reply: F"},
		{why: "cancelled before", first: func(s *testServer, t *testing.T) {
			s.want(t, "ada", "PUT", adaCal+"m.ics", strings.Replace(invitation(), "ATTENDEE:mailto:grace@example.com\r\n", "", 1), 204)
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := newServer(t)
			s.invite(t)
			if c.first != nil {
				c.first(s, t)
			}
			path, _, _ := s.graces(t)
			s.hears(t, "ada")
			head := "X-No: head"
			if c.head != "" {
				head = c.head
			}
			s.want(t, "grace", "DELETE", path, "", 204, head)
			if n := s.hears(t, "ada"); n != c.heard {
				t.Errorf("the organizer hears of it %d times, want %d", n, c.heard)
			}
			if now := s.adas(t); c.has != "" && !graceHas(now, c.has) || c.has == "" && graceHas(now, "DECLINED") {
				t.Errorf("the organizer has\n%s", now)
			}
		})
	}
}

func TestAcknowledgedAlarmsAreNobodyElsesBusiness(t *testing.T) {
	s := newServer(t)
	s.invite(t)
	path, data, tag := s.graces(t)
	s.hears(t, "ada")
	const alarm = "BEGIN:VALARM\r\nX-WR-ALARMUID:A1\r\nUID:A1\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\n%sX-APPLE-DEFAULT-ALARM:TRUE\r\nEND:VALARM\r\nEND:VEVENT"
	for _, acknowledged := range []string{"", "ACKNOWLEDGED:20260907T085000Z\r\n", "ACKNOWLEDGED:20260907T085500Z\r\n"} {
		with := fmt.Sprintf(alarm, acknowledged)
		s.want(t, "grace", "PUT", path, strings.Replace(data, "END:VEVENT", with, 1), 204, "If-Schedule-Tag-Match: "+tag)
		var now string
		if _, now, tag = s.graces(t); !strings.Contains(now, with) {
			t.Errorf("the copy is\n%s", now)
		}
	}
	if n := s.hears(t, "ada"); n != 0 {
		t.Errorf("the organizer hears of it %d times", n)
	}
	if now := s.adas(t); strings.Contains(now, "VALARM") {
		t.Errorf("the organizer has\n%s", now)
	}
}

// All the forms in which an address may come; what others are told has one (RFC 6638 section 3.2.1.1).
func TestAddressesOfEveryFormAreTakenAndMailAddressesAreTold(t *testing.T) {
	for _, address := range []string{
		"mailto:grace@example.com", "MAILTO:Grace@Example.com", "urn:uuid:" + graceGUID, "urn:x-uid:" + graceGUID,
		"/principals/__uids__/" + graceGUID + "/", "/principals/users/grace/", "https://cal.example.com/principals/users/grace",
		"http://cal.example.com:8008/principals/__uids__/" + graceGUID + "/",
	} {
		s := newServer(t)
		s.want(t, "ada", "PUT", adaCal+"m.ics", strings.Replace(invitation(), "ATTENDEE:mailto:grace@example.com", "ATTENDEE:"+address, 1), 201)
		_, copy, _ := s.graces(t)
		for whose, data := range map[string]string{"Ada": s.adas(t), "Grace": copy} {
			if !strings.Contains(data, ":mailto:grace@example.com\r\n") || !strings.Contains(data, "CN=Grace Hopper") {
				t.Errorf("invited as %s, %s has\n%s", address, whose, data)
			}
		}
	}
}

// What RFC 7986, RFC 9073 and RFC 9074 have added is kept octet by octet, and reaches those who are invited, save
// what is everybody's own: the colour and the alarms.
func TestNewerPropertiesAreKeptAndToldToTheInvited(t *testing.T) {
	s := newServer(t)
	told := []string{
		"IMAGE;VALUE=URI;DISPLAY=BADGE;FMTTYPE=image/png:https://example.com/i.png",
		"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=Call:https://example.com/call",
		"REFRESH-INTERVAL;VALUE=DURATION:PT1H",
		"STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>Engines</b>",
		"STRUCTURED-DATA;FMTTYPE=application/json;SCHEMA=\"https://schema.org/Event\":{}",
		"X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=London:geo:51.5,-0.1",
		"BEGIN:PARTICIPANT\r\nUID:p1\r\nPARTICIPANT-TYPE:SPEAKER\r\nCALENDAR-ADDRESS:mailto:speaker@example.com\r\nEND:PARTICIPANT",
		"BEGIN:VLOCATION\r\nUID:l1\r\nNAME:Hall\r\nLOCATION-TYPE:stadium\r\nEND:VLOCATION",
		"BEGIN:VRESOURCE\r\nUID:r1\r\nRESOURCE-TYPE:projector\r\nEND:VRESOURCE",
	}
	const alarm = "BEGIN:VALARM\r\nUID:a1\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nACKNOWLEDGED:20260901T080000Z\r\nRELATED-TO;RELTYPE=SNOOZE:a0\r\n" +
		"PROXIMITY:DEPART\r\nX-APPLE-PROXIMITY:DEPART\r\nEND:VALARM"
	with := func(data string) string {
		return strings.Replace(data, "END:VEVENT", strings.Join(told, "\r\n")+"\r\nCOLOR:turquoise\r\n"+alarm+"\r\nEND:VEVENT", 1)
	}
	alone := with(event("alone", "20260907T090000Z"))
	s.want(t, "ada", "PUT", adaCal+"alone.ics", alone, 201)
	if got := s.want(t, "ada", "GET", adaCal+"alone.ics", "", 200).Body.String(); got != alone {
		t.Errorf("got\n%s\nwant\n%s", got, alone)
	}
	s.want(t, "ada", "PUT", adaCal+"m.ics", with(invitation()), 201)
	_, graces, _ := s.graces(t)
	for _, part := range told {
		if !strings.Contains(graces, part+"\r\n") {
			t.Errorf("Grace is not told %q:\n%s", part, graces)
		}
	}
	if mine := s.adas(t); !strings.Contains(mine, "COLOR:turquoise\r\n"+alarm) || strings.Contains(graces, "VALARM") || strings.Contains(graces, "COLOR") {
		t.Errorf("colour and alarm are Ada's own; she has\n%s\nand Grace\n%s", mine, graces)
	}
}
