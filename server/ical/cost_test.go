package ical

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// What is asked of one override, or of a time, costs nothing for all that is elsewhere: clients ask for everything from
// now on, of series with many overrides and dates.
func TestNothingIsWalkedThroughThatCannotMatter(t *testing.T) {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTART:20200101T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n")
	for i := range 12 {
		fmt.Fprintf(&b, "RDATE:2020%02d01T120000Z\r\n", i+1)
	}
	b.WriteString("END:VEVENT\r\n")
	for i := range 12 {
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:x\r\nRECURRENCE-ID:2020%02d02T090000Z\r\nDTSTART:2020%02d02T100000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n", i+1, i+1)
	}
	cal, err := Parse([]byte(b.String() + "END:VCALENDAR\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := NewObject(cal, nil)
	june := UTCOf(DateOf(2020, 6, 1).Clock()).wall
	for _, c := range o.Overrides() {
		budget, found := newBudget(), 0
		o.eachOf(c, june, math.MaxInt64, budget, func(i instance) bool { found++; return true })
		if found != 1 || budget.left != workLimit {
			t.Errorf("%s: %d instances for %d steps, want 1 for none", c.Value("RECURRENCE-ID"), found, workLimit-budget.left)
		}
	}
	sources := o.set.sources(june, newBudget())
	for x := range sources[len(sources)-1] {
		if x.unix < june {
			t.Errorf("an RDATE of %s is looked at", o.set.time(x))
		}
	}
}
