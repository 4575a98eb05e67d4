package ical_test

import (
	"fmt"
	"time"

	"calport/server/ical"
)

func ExampleObject_Instances() {
	cal, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n" +
		"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=America/New_York:20240308T090000\r\nDURATION:PT1H\r\n" +
		"RRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	if err != nil {
		fmt.Println(err) // names the line
		return
	}
	if err := ical.Check(cal); err != nil {
		fmt.Println(err) // names component and property
		return
	}
	week := ical.Range{
		Start: time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC),
		End:   time.Date(2024, 3, 12, 0, 0, 0, 0, time.UTC),
	}
	for i := range ical.NewObject(cal, time.UTC).Instances(week) {
		fmt.Println(i.Start, i.End.Sub(i.Start))
	}
	// Output:
	// 2024-03-09 09:00:00 -0500 EST 1h0m0s
	// 2024-03-10 09:00:00 -0400 EDT 1h0m0s
	// 2024-03-11 09:00:00 -0400 EDT 1h0m0s
}
