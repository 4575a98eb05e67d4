package ical

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	for _, tt := range []struct {
		in, tzid, out string
		form          Form
	}{
		{"20240229", "", "20240229", Date},
		{"20240229", "Europe/Berlin", "20240229", Date},
		{"20240101T235959", "", "20240101T235959", Floating},
		{"20240101T235960Z", "", "20240101T235959Z", UTC},
		{"20240101T000000", "X", "20240101T000000", Zoned},
		{"20240101T000000Z", "X", "20240101T000000Z", UTC},
		{"00010101T000000Z", "", "00010101T000000Z", UTC},
		{"99991231T235959Z", "", "99991231T235959Z", UTC},
	} {
		got, err := ParseTime(tt.in, tt.tzid)
		if err != nil || got.Form() != tt.form || got.String() != tt.out {
			t.Errorf("%s: got %v %v, %v", tt.in, got, got.Form(), err)
		}
	}
	for _, s := range []string{"", "2024", "20230229", "20241301", "20240100", "20240101T", "20240101T240000", "20240101T006000",
		"20240101T000000z", "20240101 000000", "20240101T00000", "2024010aT000000", "+0240101", "20240101T000000ZZ"} {
		if got, err := ParseTime(s, ""); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for _, tt := range []struct {
		in, out string
		want    Duration
	}{
		{"P1W", "P1W", Duration{Days: 7}},
		{"P1D", "P1D", Duration{Days: 1}},
		{"P1DT", "P1D", Duration{Days: 1}},
		{"PT", "PT0S", Duration{}},
		{"-PT15M", "-PT15M", Duration{Seconds: -900}},
		{"+P1DT2H3M4S", "P1DT2H3M4S", Duration{1, 7384}},
		{"PT1H30S", "PT1H0M30S", Duration{Seconds: 3630}},
		{"P15DT5H0M20S", "P15DT5H0M20S", Duration{15, 18020}},
		{"P1W2D", "P9D", Duration{Days: 9}},
		{"-P0D", "PT0S", Duration{}},
	} {
		got, err := ParseDuration(tt.in)
		if err != nil || got != tt.want || got.String() != tt.out {
			t.Errorf("%s: got %v (%s), %v", tt.in, got, got, err)
		}
	}
	for _, s := range []string{"", "P", "-P", "1D", "P1", "P1H", "PT1D", "P-1D", "P1.5D", "P9999999999999D", "P999999999999W", "p1d", "PTM"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}

func TestParsePeriod(t *testing.T) {
	for _, s := range []string{"19970101T180000Z/19970102T070000Z", "19970101T180000Z/PT5H30M"} {
		if got, err := ParsePeriod(s, ""); err != nil || got.String() != s {
			t.Errorf("%s: got %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "/", "19970101T180000Z", "19970101T180000Z/", "19970101/P1D", "19970101T180000Z/19970102", "19970101T180000Z/Px"} {
		if got, err := ParsePeriod(s, ""); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}

func TestParseUTCOffset(t *testing.T) {
	for s, want := range map[string]int{"+0100": 3600, "-0330": -12600, "-075258": -28378, "+0000": 0} {
		got, err := ParseUTCOffset(s)
		if err != nil || got != want || FormatUTCOffset(got) != s {
			t.Errorf("%s: got %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0100", "+01", "+01000", "+2400", "+0060", "+01:00", "+ 100"} {
		if got, err := ParseUTCOffset(s); err == nil {
			t.Errorf("%q: got %d", s, got)
		}
	}
}

func TestParseRule(t *testing.T) {
	for in, want := range map[string]string{
		"FREQ=DAILY":                              "FREQ=DAILY",
		"freq=weekly;byday=mo,-1fr;":              "FREQ=WEEKLY;BYDAY=MO,-1FR",
		"COUNT=3;FREQ=DAILY;INTERVAL=1":           "FREQ=DAILY;COUNT=3",
		"FREQ=YEARLY;BYDAY=+1SU;WKST=SU;X-A=1":    "FREQ=YEARLY;BYDAY=1SU;WKST=SU",
		"RSCALE=GREGORIAN;FREQ=DAILY;SKIP=OMIT":   "FREQ=DAILY",
		"FREQ=YEARLY;SKIP=FORWARD":                "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD",
		"freq=yearly;rscale=hebrew;bymonth=5l,1":  "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=1,5L",
		"RSCALE=COPTIC;FREQ=YEARLY;BYMONTH=13":    "RSCALE=COPTIC;FREQ=YEARLY;BYMONTH=13",
		"RSCALE=MAYAN;FREQ=YEARLY;BYMONTH=18":     "RSCALE=MAYAN;FREQ=YEARLY",
		"FREQ=DAILY;COUNT=2;UNTIL=20240101":       "FREQ=DAILY;UNTIL=20240101;COUNT=2",
		"FREQ=DAILY;BYSECOND=60;BYSETPOS=-1,366":  "FREQ=DAILY;BYSECOND=60;BYSETPOS=-1,366",
		"FREQ=YEARLY;BYMONTHDAY=-31;BYWEEKNO=-53": "FREQ=YEARLY;BYMONTHDAY=-31;BYWEEKNO=-53",
	} {
		got, err := ParseRule(in)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %v, %v", in, got, err)
		}
	}
	for _, s := range []string{
		"", ";", "COUNT=1", "FREQ", "FREQ=", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;;COUNT=1", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-1",
		"FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=9999999999", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYHOUR=-1", "FREQ=DAILY;BYDAY=+1", "FREQ=DAILY;BYDAY=0MO",
		"FREQ=DAILY;BYDAY=54MO", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;BYMONTH=13", "FREQ=DAILY;BYMONTHDAY=0", "FREQ=DAILY;BYMONTHDAY=32",
		"FREQ=DAILY;WKST=1", "FREQ=DAILY;UNTIL=x", "FREQ=DAILY;NONSENSE=1", "FREQ=DAILY;SKIP=X", "FREQ=DAILY;BYMONTH=1,,2", "FREQ=DAILY;BYMONTH=+-1",
		"FREQ=YEARLY;BYMONTH=5L", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=0L", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=13L", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=L",
		"RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=14", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L,,6", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=-5L",
	} {
		if got, err := ParseRule(s); err == nil {
			t.Errorf("%q: got %v", s, got)
		}
	}
}

func TestCivilDaysAgreeWithTime(t *testing.T) {
	for at := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2500; at = at.AddDate(0, 0, 3) {
		year, month, day := civilDate(dayOf(at.Unix()))
		if year != at.Year() || month != int(at.Month()) || day != at.Day() {
			t.Fatalf("%v: got %d-%d-%d", at, year, month, day)
		}
		if got := civilDay(year, month, day); int64(got)*daySeconds != at.Unix() {
			t.Fatalf("%v: got day %d", at, got)
		}
		if got := weekday(dayOf(at.Unix())); got != at.Weekday() {
			t.Fatalf("%v: got %v", at, got)
		}
		if got := monthDays(year, month); got != time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
			t.Fatalf("%v: got %d days in the month", at, got)
		}
	}
}

func TestEscapedTextIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("\\;,:\n\"^aé日\t "))).Draw(t, "text")
		if got := UnescapeText(EscapeText(s)); got != s {
			t.Fatalf("%q became %q", s, got)
		}
		p := NewProperty("X", "v")
		p.SetParam("A", s, "b")
		if got := p.ParamValues("A"); len(got) != 2 || got[0] != s {
			t.Fatalf("%q became %q in %s", s, got, p.params())
		}
	})
}

func FuzzParseRule(f *testing.F) {
	f.Add("FREQ=MONTHLY;BYDAY=-1MO;BYSETPOS=1;COUNT=3")
	f.Add("RSCALE=GREGORIAN;FREQ=YEARLY;UNTIL=20240101T000000Z;BYWEEKNO=1,-53;SKIP=FORWARD")
	f.Add("FREQ=SECONDLY;BYHOUR=1;BYMINUTE=2;BYSECOND=60")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRule(s)
		if err != nil {
			return
		}
		again, err := ParseRule(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q: %s became %v, %v", s, r, again, err)
		}
		start := int64(civilDay(2024, 2, 29))*daySeconds + 3600
		last := start - 1
		n := 0
		newWalk(r, start, false, 1<<40).each(0, &budget{left: 10000}, func(w int64) bool {
			if w <= last {
				t.Fatalf("%s: %d after %d", r, w, last)
			}
			last = w
			n++
			return n < 1000
		})
		if r.Count > 0 && n > r.Count {
			t.Fatalf("%s: %d members", r, n)
		}
	})
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"20240101T000000Z", "P1W", "-P1DT2H3M4S", "20240101T000000Z/PT1H", "+0100", "20240101,20240102T000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := ParseTime(s, ""); err == nil {
			if w, err := ParseTime(v.String(), ""); err != nil || w != v {
				t.Fatalf("%q: %v became %v, %v", s, v, w, err)
			}
		}
		if v, err := ParseDuration(s); err == nil {
			if w, err := ParseDuration(v.String()); err != nil || w != v {
				t.Fatalf("%q: %v became %v, %v", s, v, w, err)
			}
		}
		if v, err := ParsePeriod(s, ""); err == nil {
			if w, err := ParsePeriod(v.String(), ""); err != nil || w != v {
				t.Fatalf("%q: %v became %v, %v", s, v, w, err)
			}
		}
		if v, err := ParseUTCOffset(s); err == nil {
			if w, err := ParseUTCOffset(FormatUTCOffset(v)); err != nil || w != v {
				t.Fatalf("%q: %v became %v, %v", s, v, w, err)
			}
		}
		_, _ = NewProperty("X", s).Periods()
		UnescapeText(s)
		LookupZone(s)
	})
}
