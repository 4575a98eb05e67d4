package ical

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// timesOf is all that ReadTimes promises of an object, as lines.
func timesOf(o *Object) []string {
	access, _ := AccessOf(o.Calendar())
	all := []string{o.Kind(), o.UID(), o.Organizer(), access.String()}
	for p := range o.Busy(aYear) {
		all = append(all, string(p.Type)+p.Start.String()+p.End.String())
	}
	for i := range o.Instances(aYear) {
		all = append(all, i.Start.String(), i.End.String(), i.RecurrenceID.String())
		for _, name := range []string{"SUMMARY", "LOCATION", "CLASS", "DTSTART", "ATTENDEE", "STATUS", "TRANSP"} {
			for p := range i.Component.Props(name) {
				all = append(all, p.params()+":"+p.Value())
			}
		}
	}
	return all
}

// wantTimes fails if the data, abridged, says anything else than all of it.
func wantTimes(t *testing.T, data string) {
	t.Helper()
	cal, err := Parse([]byte(data))
	if err != nil || Check(cal) != nil {
		return
	}
	o, _ := readEvent([]byte(data), time.UTC)
	if o == nil {
		return
	}
	if got, want := timesOf(o), timesOf(NewObject(cal, nil)); !slices.Equal(got, want) {
		t.Errorf("%s\ngot  %q\nwant %q", data, got, want)
	}
}

func TestAnEventReadForItsTimesSaysTheSameAsAllOfIt(t *testing.T) {
	const tokyo = "BEGIN:VTIMEZONE\r\nTZID:%s\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	for _, test := range []struct {
		name, head, event string
		abridged          bool
	}{
		{"plain", "", "DTSTART:20240105T100000Z\r\nDTEND:20240105T110000Z\r\nDESCRIPTION:long\r\n and longer\r\n", true},
		{"a zone that is known", strings.ReplaceAll(tokyo, "%s", "Asia/Tokyo"), "DTSTART;TZID=Asia/Tokyo:20240105T100000\r\nDURATION:PT1H\r\n", true},
		{"a zone of its own", strings.ReplaceAll(tokyo, "%s", "Ours"), "DTSTART;TZID=Ours:20240105T100000\r\nDURATION:PT1H\r\n", false},
		{"an exception in a zone of its own", strings.ReplaceAll(tokyo, "%s", "Ours"),
			"DTSTART:20240105T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE;TZID=Ours:20240106T190000\r\n", false},
		{"an alarm", "", "DTSTART;VALUE=DATE:20240105\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n", true},
		{"an alarm that ends in lower case", "", "DTSTART:20240105T100000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:valarm\r\n" +
			"DURATION:PT1H\r\nSUMMARY:between\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n", true},
		{"names in lower case", "", "dtstart:20240105T100000Z\r\nduration:PT1H\r\nsummary:small\r\ntransp:TRANSPARENT\r\n", true},
		{"a folded name", "", "DTST\r\n ART:20240105T100000Z\r\nDURATION\r\n :PT1H\r\nSUM\r\n MARY:folded\r\n", true},
		{"LF alone", "", strings.ReplaceAll("DTSTART:20240105T100000Z\r\nDURATION:PT1H\r\nCOMMENT:x\r\n", "\r\n", "\n"), true},
		{"lines that only look like an end", "", "DTSTART:20240105T100000Z\r\nDESCRIPTION:\r\n BEGIN:VALARM\r\n END:VALARM\r\nDURATION:PT1H\r\n", true},
		{"access", "X-CALENDARSERVER-ACCESS:CONFIDENTIAL\r\n", "DTSTART:20240105T100000Z\r\nCLASS:PRIVATE\r\nDURATION:PT1H\r\n", true},
		{"a place within", "", "DTSTART:20240105T100000Z\r\nDURATION:PT1H\r\nBEGIN:VLOCATION\r\nUID:9\r\nNAME:Hall\r\nEND:VLOCATION\r\n", true},
	} {
		data := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" + test.head +
			"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20240101T000000Z\r\n" + test.event + "END:VEVENT\r\nEND:VCALENDAR\r\n"
		cal := mustParse(t, data)
		if err := Check(cal); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		o, size := readEvent([]byte(data), time.UTC)
		if got := o != nil; got != test.abridged {
			t.Errorf("%s: read abridged: %v, want %v", test.name, got, test.abridged)
		}
		if o != nil && size >= len(data) {
			t.Errorf("%s: %d octets of %d are left", test.name, size, len(data))
		}
		wantTimes(t, data)
		kept, err := (*Cache)(nil).ReadTimes("", nil, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		kept.Use(func(o *Object) {
			if got, want := timesOf(o), timesOf(NewObject(cal, nil)); !slices.Equal(got, want) {
				t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, want)
			}
		})
	}
	wantTimes(t, sampleEvent)
}

func TestWhatIsNoEventIsReadWhole(t *testing.T) {
	for _, kind := range []string{"VTODO", "VFREEBUSY", "VAVAILABILITY"} {
		data := calendar(kind, []string{"COMMENT:kept"})
		kept, err := (*Cache)(nil).ReadTimes("", nil, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		kept.Use(func(o *Object) {
			if got := o.Calendar().String(); got != data {
				t.Errorf("got %q, want %q", got, data)
			}
		})
	}
}

func TestTheCacheTellsAbridgedObjectsFromWholeOnes(t *testing.T) {
	c := NewCache(1 << 20)
	data := counted(1)
	times, err := c.ReadTimes("a", nil, data)
	if err != nil {
		t.Fatal(err)
	}
	if c.FindTimes("a", nil) != times || c.Find("a", nil) != nil {
		t.Error("what was abridged is found as if it were whole, or not at all")
	}
	whole, err := c.Read("a", nil, data)
	if err != nil {
		t.Fatal(err)
	}
	if whole == times || c.Find("a", nil) != whole || c.FindTimes("a", nil) != whole {
		t.Error("the whole object is not found for both")
	}
}
