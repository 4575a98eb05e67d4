package ical

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// newYork returns an object with an event in New York, as all the examples of
// RFC 5545 section 3.8.5.3 are.
func newYork(t *testing.T, start string, props ...string) *Object {
	t.Helper()
	lines := append([]string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1",
		"DTSTART;TZID=America/New_York:" + start,
	}, props...)
	lines = append(lines, "END:VEVENT", "END:VCALENDAR", "")
	return parsed(t, strings.Join(lines, "\r\n"), nil)
}

func parsed(t testing.TB, source string, floating *time.Location) *Object {
	t.Helper()
	cal, err := Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return NewObject(cal, floating)
}

// starts lists at most n starts of instances in the form of the example, and
// "…" if there are more.
func starts(o *Object, n int, layout string) string {
	var list []string
	for i := range o.Instances(Range{}) {
		if len(list) == n {
			list = append(list, "…")
			break
		}
		list = append(list, i.Start.Format(layout))
	}
	return strings.Join(list, " ")
}

// TestRFC5545Examples goes through the examples of RFC 5545 section 3.8.5.3 in
// their order.
func TestRFC5545Examples(t *testing.T) {
	const day, minute = "20060102", "0102T1504"
	days := func(year, month int, list ...int) string {
		var s []string
		for _, d := range list {
			s = append(s, fmt.Sprintf("%04d%02d%02d", year, month, d))
		}
		return strings.Join(s, " ")
	}
	seq := func(from, to, step int) (list []int) {
		for i := from; i <= to; i += step {
			list = append(list, i)
		}
		return list
	}
	join := func(s ...string) string { return strings.Join(s, " ") }
	for _, tt := range []struct {
		name, start, rule, layout, want string
	}{
		{"daily for 10 occurrences", "19970902T090000", "FREQ=DAILY;COUNT=10", day, days(1997, 9, seq(2, 11, 1)...)},
		{"daily until December 24", "19970902T090000", "FREQ=DAILY;UNTIL=19971224T000000Z", day, join(
			days(1997, 9, seq(2, 30, 1)...), days(1997, 10, seq(1, 31, 1)...), days(1997, 11, seq(1, 30, 1)...), days(1997, 12, seq(1, 23, 1)...))},
		{"every other day", "19970902T090000", "FREQ=DAILY;INTERVAL=2", day, join(
			days(1997, 9, seq(2, 30, 2)...), days(1997, 10, seq(2, 30, 2)...), "…")},
		{"every 10 days, 5 occurrences", "19970902T090000", "FREQ=DAILY;INTERVAL=10;COUNT=5", day, "19970902 19970912 19970922 19971002 19971012"},
		{"every day in January, yearly", "19980101T090000", "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", day, join(
			days(1998, 1, seq(1, 31, 1)...), days(1999, 1, seq(1, 31, 1)...), days(2000, 1, seq(1, 31, 1)...))},
		{"every day in January, daily", "19980101T090000", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", day, join(
			days(1998, 1, seq(1, 31, 1)...), days(1999, 1, seq(1, 31, 1)...), days(2000, 1, seq(1, 31, 1)...))},
		{"weekly for 10 occurrences", "19970902T090000", "FREQ=WEEKLY;COUNT=10", day, join(
			days(1997, 9, 2, 9, 16, 23, 30), days(1997, 10, 7, 14, 21, 28), days(1997, 11, 4))},
		{"weekly until December 24", "19970902T090000", "FREQ=WEEKLY;UNTIL=19971224T000000Z", day, join(
			days(1997, 9, 2, 9, 16, 23, 30), days(1997, 10, 7, 14, 21, 28), days(1997, 11, 4, 11, 18, 25), days(1997, 12, 2, 9, 16, 23))},
		{"every other week", "19970902T090000", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", day, join(
			days(1997, 9, 2, 16, 30), days(1997, 10, 14, 28), days(1997, 11, 11, 25), days(1997, 12, 9, 23), days(1998, 1, 6, 20), days(1998, 2, 3, 17), "…")},
		{"weekly on Tuesday and Thursday for five weeks", "19970902T090000", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", day, join(
			days(1997, 9, 2, 4, 9, 11, 16, 18, 23, 25, 30), days(1997, 10, 2))},
		{"the same by count", "19970902T090000", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", day, join(
			days(1997, 9, 2, 4, 9, 11, 16, 18, 23, 25, 30), days(1997, 10, 2))},
		{"every other week on Monday, Wednesday and Friday", "19970901T090000", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", day, join(
			days(1997, 9, 1, 3, 5, 15, 17, 19, 29), days(1997, 10, 1, 3, 13, 15, 17, 27, 29, 31), days(1997, 11, 10, 12, 14, 24, 26, 28), days(1997, 12, 8, 10, 12, 22))},
		{"every other week on Tuesday and Thursday, 8 occurrences", "19970902T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", day, join(
			days(1997, 9, 2, 4, 16, 18, 30), days(1997, 10, 2, 14, 16))},
		{"monthly on the first Friday, 10 occurrences", "19970905T090000", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", day,
			"19970905 19971003 19971107 19971205 19980102 19980206 19980306 19980403 19980501 19980605"},
		{"monthly on the first Friday until December 24", "19970905T090000", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", day, "19970905 19971003 19971107 19971205"},
		{"every other month on the first and last Sunday", "19970907T090000", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", day,
			"19970907 19970928 19971102 19971130 19980104 19980125 19980301 19980329 19980503 19980531"},
		{"monthly on the second-to-last Monday", "19970922T090000", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", day, "19970922 19971020 19971117 19971222 19980119 19980216"},
		{"monthly on the third-to-the-last day", "19970928T090000", "FREQ=MONTHLY;BYMONTHDAY=-3", day, "19970928 19971029 19971128 19971229 19980129 19980226 …"},
		{"monthly on the 2nd and 15th", "19970902T090000", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", day,
			"19970902 19970915 19971002 19971015 19971102 19971115 19971202 19971215 19980102 19980115"},
		{"monthly on the first and last day", "19970930T090000", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", day,
			"19970930 19971001 19971031 19971101 19971130 19971201 19971231 19980101 19980131 19980201"},
		{"every 18 months on the 10th thru 15th", "19970910T090000", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", day, join(
			days(1997, 9, 10, 11, 12, 13, 14, 15), days(1999, 3, 10, 11, 12, 13))},
		{"every Tuesday, every other month", "19970902T090000", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", day, join(
			days(1997, 9, 2, 9, 16, 23, 30), days(1997, 11, 4, 11, 18, 25), days(1998, 1, 6, 13, 20, 27), days(1998, 3, 3, 10, 17, 24, 31), "…")},
		{"yearly in June and July", "19970610T090000", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7", day,
			"19970610 19970710 19980610 19980710 19990610 19990710 20000610 20000710 20010610 20010710"},
		{"every other year on January, February and March", "19970310T090000", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", day,
			"19970310 19990110 19990210 19990310 20010110 20010210 20010310 20030110 20030210 20030310"},
		{"every third year on the 1st, 100th and 200th day", "19970101T090000", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", day,
			"19970101 19970410 19970719 20000101 20000409 20000718 20030101 20030410 20030719 20060101"},
		{"every 20th Monday of the year", "19970519T090000", "FREQ=YEARLY;BYDAY=20MO", day, "19970519 19980518 19990517 …"},
		{"Monday of week number 20", "19970512T090000", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", day, "19970512 19980511 19990517 …"},
		{"every Thursday in March", "19970313T090000", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", day, join(
			days(1997, 3, 13, 20, 27), days(1998, 3, 5, 12, 19, 26), days(1999, 3, 4, 11, 18, 25), "…")},
		{"every Thursday in June, July and August", "19970605T090000", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", day, join(
			days(1997, 6, 5, 12, 19, 26), days(1997, 7, 3, 10, 17, 24, 31), days(1997, 8, 7, 14, 21, 28),
			days(1998, 6, 4, 11, 18, 25), days(1998, 7, 2, 9, 16, 23, 30), days(1998, 8, 6, 13, 20, 27), "…")},
		{"the first Saturday that follows the first Sunday", "19970913T090000", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", day,
			"19970913 19971011 19971108 19971213 19980110 19980207 19980307 19980411 19980509 19980613 …"},
		{"US presidential election day", "19961105T090000", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", day, "19961105 20001107 20041102 …"},
		{"the third Tuesday, Wednesday or Thursday", "19970904T090000", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", day, "19970904 19971007 19971106"},
		{"the second-to-last weekday of the month", "19970929T090000", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", day,
			"19970929 19971030 19971127 19971230 19980129 19980226 19980330 …"},
		{"every 3 hours", "19970902T090000", "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", minute, "0902T0900 0902T1200 0902T1500"},
		{"every 15 minutes", "19970902T090000", "FREQ=MINUTELY;INTERVAL=15;COUNT=6", minute, "0902T0900 0902T0915 0902T0930 0902T0945 0902T1000 0902T1015"},
		{"every hour and a half", "19970902T090000", "FREQ=MINUTELY;INTERVAL=90;COUNT=4", minute, "0902T0900 0902T1030 0902T1200 0902T1330"},
		{"every 20 minutes from 9 to 16:40, daily", "19970902T090000", "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", minute, twentyMinutes() + " …"},
		{"the same, minutely", "19970902T090000", "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", minute, twentyMinutes() + " …"},
		{"WKST=MO", "19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", day, "19970805 19970810 19970819 19970824"},
		{"WKST=SU", "19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", day, "19970805 19970817 19970819 19970831"},
		{"an invalid date is skipped", "20070115T090000", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", day, "20070115 20070130 20070215 20070315 20070330"},
	} {
		o := newYork(t, tt.start, "RRULE:"+tt.rule)
		n := strings.Count(tt.want, " ")
		if !strings.HasSuffix(tt.want, "…") {
			n++
		}
		if got := starts(o, n, tt.layout); got != tt.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tt.name, tt.rule, got, tt.want)
		}
		for i := range o.Instances(Range{}) {
			if i.Start.Format("150405") != tt.start[9:] && !strings.Contains(tt.rule, "LY;INTERVAL") && !strings.Contains(tt.rule, "BYHOUR") {
				t.Errorf("%s: %v is at another time of day", tt.name, i.Start)
			}
			if i.Start.Year() > 2001 {
				break
			}
		}
	}
}

func twentyMinutes() string {
	var s []string
	for day := 2; day <= 3; day++ {
		for m := 9 * 60; m <= 16*60+40; m += 20 {
			s = append(s, fmt.Sprintf("09%02dT%02d%02d", day, m/60, m%60))
		}
	}
	return strings.Join(s, " ")
}

// The example with an EXDATE for each Friday the 13th: DTSTART is no such day.
func TestFridayThe13thWithStartExcluded(t *testing.T) {
	o := newYork(t, "19970902T090000",
		"EXDATE;TZID=America/New_York:19970902T090000", "RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13")
	if got, want := starts(o, 5, "20060102"), "19980213 19980313 19981113 19990813 20001013 …"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
