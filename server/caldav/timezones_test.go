package caldav_test

import (
	"strings"
	"testing"
)

func TestTrap55TimeZonesAreKeptAndLeftOutOnlyForWhoSaysSo(t *testing.T) {
	s := newServer(t)
	data := strings.Replace(event("zoned", "20260901T090000Z"), "BEGIN:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n"+
		"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT", 1)
	data = strings.Replace(data, "DTSTART:20260901T090000Z", "DTSTART;TZID=Europe/Berlin:20260901T110000", 1)
	s.want(t, "ada", "PUT", adaCal+"zoned.ics", data, 201, "CalDAV-Timezones: F")
	if got := s.want(t, "ada", "GET", adaCal+"zoned.ics", "", 200).Body.String(); got != data {
		t.Errorf("got %q, want the data as it was stored", got)
	}
	if got := s.want(t, "ada", "GET", adaCal+"zoned.ics", "", 200, "CalDAV-Timezones: T").Body.String(); got != data {
		t.Errorf("CalDAV-Timezones: T: got %q, want the data as it was stored", got)
	}
	if got := s.want(t, "ada", "GET", adaCal+"zoned.ics", "", 200, "CalDAV-Timezones: F").Body.String(); strings.Contains(got, "VTIMEZONE") {
		t.Errorf("CalDAV-Timezones: F: got %q, want no VTIMEZONE", got)
	}
}
