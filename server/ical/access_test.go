package ical

import (
	"fmt"
	"testing"
)

// Whatever is kept from others, they see the instances that the owner has.
func TestWhatOthersSeeHasTheSameInstances(t *testing.T) {
	const object = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-CALENDARSERVER-ACCESS:%s\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260901T000000Z\r\n" +
		"DTSTART:20260907T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=14\r\nRDATE:20261002T090000Z\r\nEXRULE:FREQ=DAILY;INTERVAL=3\r\n" +
		"EXDATE:20260909T090000Z\r\nSUMMARY:Secret\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	for _, access := range []Access{Restricted, Confidential} {
		calendar, err := Parse(fmt.Appendf(nil, object, access))
		if err != nil {
			t.Fatal(err)
		}
		starts := func(c *Component) (all []string) {
			for i := range NewObject(c, nil).Instances(Range{}) {
				all = append(all, UTCOf(i.Start).String())
			}
			return all
		}
		got, want := starts(Seen(calendar, access)), starts(calendar)
		if len(want) != 9 || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: others see %v, the owner %v", access, got, want)
		}
	}
}
