package caldav

import (
	"errors"
	"strings"
	"testing"
	"time"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

func filterOf(t testing.TB, inner string) (*compFilter, error) {
	t.Helper()
	e, err := dav.ReadElement(strings.NewReader(`<filter xmlns="`+dav.CalDAV+`"><comp-filter name="VCALENDAR">`+inner+`</comp-filter></filter>`), dav.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return readFilter(e)
}

func mustFilter(t testing.TB, inner string) *compFilter {
	t.Helper()
	f, err := filterOf(t, inner)
	if err != nil {
		t.Fatalf("%s: %v", inner, err)
	}
	return f
}

const sample = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nDTSTART:20260105T100000Z\n" +
	"DURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Große Pause\\, täglich\nCATEGORIES:Alpha,Beta\nCATEGORIES:Gamma\n" +
	"ATTENDEE;PARTSTAT=DECLINED;MEMBER=\"mailto:a\",\"mailto:b\":mailto:c\nBEGIN:VALARM\nTRIGGER:-PT15M\nACTION:AUDIO\nEND:VALARM\nEND:VEVENT\n" +
	"BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID:20260106T100000Z\nDTSTART:20260106T150000Z\nDURATION:PT1H\nDESCRIPTION:later\nEND:VEVENT\nEND:VCALENDAR\n"

func TestFiltersAsRFC4791Section9Point7Says(t *testing.T) {
	calendar, err := ical.Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	o := ical.NewObject(calendar, time.UTC)
	event := func(inner string) string { return `<comp-filter name="VEVENT">` + inner + `</comp-filter>` }
	text := func(name, attributes, text string) string {
		return event(`<prop-filter name="` + name + `"><text-match ` + attributes + `>` + text + `</text-match></prop-filter>`)
	}
	for _, test := range []struct {
		filter string
		want   bool
	}{
		{``, true},
		{`<comp-filter name="vevent"/>`, true},
		{`<comp-filter name="VTODO"/>`, false},
		{`<comp-filter name="VTODO"><is-not-defined/></comp-filter>`, true},
		{`<comp-filter name="VEVENT"><is-not-defined/></comp-filter>`, false},
		{`<comp-filter name="X-ANYTHING"/>`, false},
		{`<prop-filter name="PRODID"/>`, true},
		{`<prop-filter name="METHOD"/>`, false},

		// Properties: of one component.
		{event(`<prop-filter name="DESCRIPTION"/>`), true},
		{event(`<prop-filter name="DESCRIPTION"><is-not-defined/></prop-filter>`), true},
		{event(`<prop-filter name="DESCRIPTION"/><prop-filter name="SUMMARY"/>`), false},
		{event(`<prop-filter name="UID"><is-not-defined/></prop-filter>`), false},

		// Text.
		{text("SUMMARY", ``, "PAUSE"), true},
		{text("SUMMARY", `collation="default"`, "PAUSE"), true},
		{text("SUMMARY", `collation="i;octet"`, "PAUSE"), false},
		{text("SUMMARY", `collation="i;octet"`, "Pause"), true},
		{text("SUMMARY", ``, "TÄGLICH"), false},
		{text("SUMMARY", `collation="i;unicode-casemap"`, "TÄGLICH"), true},
		{text("SUMMARY", `collation="i;unicode-casemap"`, "TA\u0308GLICH"), true},
		{text("SUMMARY", ``, "Pause, "), true},
		{text("SUMMARY", `negate-condition="yes"`, "Pause"), false},
		{text("SUMMARY", `negate-condition="yes"`, "Arbeit"), true},
		{text("LOCATION", `negate-condition="yes"`, "Arbeit"), false},
		{text("SUMMARY", `match-type="starts-with"`, "gro"), true},
		{text("SUMMARY", `match-type="ends-with"`, "lich"), true},
		{text("SUMMARY", `match-type="equals"`, "pause"), false},
		{text("CATEGORIES", `match-type="equals"`, "beta"), true},
		{text("CATEGORIES", `match-type="equals"`, "gamma"), true},
		{text("CATEGORIES", ``, "delta"), false},

		// Parameters.
		{event(`<prop-filter name="ATTENDEE"><param-filter name="partstat"/></prop-filter>`), true},
		{event(`<prop-filter name="ATTENDEE"><param-filter name="CN"/></prop-filter>`), false},
		{event(`<prop-filter name="ATTENDEE"><param-filter name="CN"><is-not-defined/></param-filter></prop-filter>`), true},
		{event(`<prop-filter name="ATTENDEE"><param-filter name="PARTSTAT"><is-not-defined/></param-filter></prop-filter>`), false},
		{event(`<prop-filter name="ATTENDEE"><param-filter name="MEMBER"><text-match>to:b</text-match></param-filter></prop-filter>`), true},
		{event(`<prop-filter name="ATTENDEE"><param-filter name="CN"><text-match negate-condition="yes">x</text-match></param-filter></prop-filter>`), false},

		// Times: one instance must overlap, and its component meet the rest.
		{event(`<time-range start="20260106T103000Z" end="20260106T110000Z"/>`), false},
		{event(`<time-range start="20260106T153000Z" end="20260106T160000Z"/>`), true},
		{event(`<time-range start="20260106T153000Z" end="20260106T160000Z"/><prop-filter name="SUMMARY"/>`), false},
		{event(`<time-range start="20260108T000000Z"/>`), false},
		{event(`<time-range end="20260105T100001Z"/>`), true},
		{event(`<time-range end="20260105T100000Z"/>`), false},
		{event(`<prop-filter name="DTSTAMP"><time-range start="20260101T000000Z" end="20260101T000001Z"/></prop-filter>`), true},
		{event(`<prop-filter name="DTSTAMP"><time-range start="20260101T000001Z"/></prop-filter>`), false},
		{event(`<comp-filter name="VALARM"><time-range start="20260107T094500Z" end="20260107T094501Z"/></comp-filter>`), true},
		{event(`<comp-filter name="VALARM"><time-range start="20260106T094500Z" end="20260106T094501Z"/></comp-filter>`), false},

		// calendar-query-extended.
		{`<comp-filter name="VEVENT" test="anyof"><prop-filter name="LOCATION"/><prop-filter name="SUMMARY"/></comp-filter>`, true},
		{`<comp-filter name="VEVENT" test="anyof"><prop-filter name="LOCATION"/><prop-filter name="URL"/></comp-filter>`, false},
		{`<comp-filter name="VEVENT" test="anyof"><time-range start="20270101T000000Z"/><prop-filter name="SUMMARY"/></comp-filter>`, false},
		{event(`<prop-filter name="ATTENDEE" test="anyof"><param-filter name="CN"/><param-filter name="PARTSTAT"/></prop-filter>`), true},
	} {
		f := mustFilter(t, test.filter)
		if got := f.matches(o); got != test.want {
			t.Errorf("%s: got %v, want %v", test.filter, got, test.want)
		}
		// What the index leaves out must not match, and what it decides must.
		b := f.bounds()
		facts := o.Facts()
		found := !b.empty && (b.component == "" || b.component == facts.Component) && facts.FirstStart <= b.end && facts.LastEnd >= b.start
		if test.want && !found {
			t.Errorf("%s: the index would not find it", test.filter)
		}
		if b.decided && found != test.want {
			t.Errorf("%s: the index decides %v", test.filter, found)
		}
	}
}

func TestFiltersThatMakeNoSenseAreNamed(t *testing.T) {
	for inner, want := range map[string]dav.Name{
		`<comp-filter/>`:               dav.ValidFilter,
		`<comp-filter name="VALARM"/>`: dav.ValidFilter,
		`<comp-filter name="VEVENT"><comp-filter name="VEVENT"/></comp-filter>`:                          dav.ValidFilter,
		`<comp-filter name="VEVENT" test="some"/>`:                                                       dav.ValidFilter,
		`<comp-filter name="VEVENT"><is-not-defined/><prop-filter name="UID"/></comp-filter>`:            dav.ValidFilter,
		`<prop-filter name="PRODID"><time-range start="20260101T000000Z"/></prop-filter>`:                dav.ValidFilter,
		`<prop-filter name="PRODID"><text-match negate-condition="perhaps">x</text-match></prop-filter>`: dav.ValidFilter,
		`<prop-filter name="PRODID"><text-match collation="i;nothing">x</text-match></prop-filter>`:      dav.SupportedCollation,
		`<prop-filter name="PRODID"><text-match match-type="like">x</text-match></prop-filter>`:          dav.SupportedFilter,
		`<comp-filter name="VTIMEZONE"><time-range start="20260101T000000Z"/></comp-filter>`:             dav.ValidFilter,
		`<sounds-like/>`: dav.SupportedFilter,
		`<comp-filter name="VEVENT"><time-range/></comp-filter>`:                                                 {},
		`<comp-filter name="VEVENT"><time-range start="20260101T000000Z" end="20260101T000000Z"/></comp-filter>`: dav.ValidFilter,
		`<comp-filter name="VEVENT"><time-range start="2026-01-01"/></comp-filter>`:                              dav.ValidFilter,
	} {
		var e *dav.Error
		if _, err := filterOf(t, inner); !errors.As(err, &e) || e.Condition != want {
			t.Errorf("%s: got %v, want %s", inner, err, want.Local)
		}
	}
	if _, err := readFilter(nil); err == nil {
		t.Error("a query without a filter is accepted")
	}
	if _, err := readFilter(dav.New(dav.Filter, &dav.Element{Name: dav.CompFilter})); err == nil {
		t.Error("a filter that does not begin with VCALENDAR is accepted")
	}
}

func TestFilterBoundsNarrowTheSearch(t *testing.T) {
	span := `<time-range start="20260101T000000Z" end="20260201T000000Z"/>`
	start, end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC).Unix()
	for inner, want := range map[string]bounds{
		``:                            {start: store.NoStart, end: store.NoEnd, decided: true},
		`<comp-filter name="VTODO"/>`: {component: "VTODO", start: store.NoStart, end: store.NoEnd, decided: true},
		`<comp-filter name="VEVENT">` + span + `</comp-filter>`:                                          {component: "VEVENT", start: start, end: end},
		`<comp-filter name="VEVENT"><comp-filter name="VALARM">` + span + `</comp-filter></comp-filter>`: {component: "VEVENT", start: store.NoStart, end: store.NoEnd},
		`<comp-filter name="VEVENT"/><comp-filter name="VTODO"/>`:                                        {component: "VTODO", start: store.NoStart, end: store.NoEnd, decided: true, empty: true},
		`<comp-filter name="VEVENT"><is-not-defined/></comp-filter>`:                                     {start: store.NoStart, end: store.NoEnd},
		`<comp-filter name="VTIMEZONE"/>`:                                                                {start: store.NoStart, end: store.NoEnd},
	} {
		got := mustFilter(t, inner).bounds()
		if bySpan := got.span != nil; bySpan != (got.component != "" && strings.HasSuffix(inner, span+"</comp-filter>") && !strings.Contains(inner, "VALARM")) {
			t.Errorf("%s: the time range alone decides: %v", inner, bySpan)
		}
		if got.span = nil; got != want {
			t.Errorf("%s: got %+v, want %+v", inner, got, want)
		}
	}
	anyOf := mustFilter(t, `<comp-filter name="VEVENT">`+span+`</comp-filter><comp-filter name="VTODO"/>`)
	anyOf.anyOf = true
	if got, want := anyOf.bounds(), (bounds{start: store.NoStart, end: store.NoEnd}); got != want {
		t.Errorf("anyof: got %+v, want %+v", got, want)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add(`<comp-filter name="VEVENT"><time-range start="20260106T153000Z"/><prop-filter name="SUMMARY"><text-match>a</text-match></prop-filter></comp-filter>`)
	f.Add(`<comp-filter name="VEVENT" test="anyof"><comp-filter name="VALARM"><is-not-defined/></comp-filter></comp-filter>`)
	calendar, err := ical.Parse([]byte(sample))
	if err != nil {
		f.Fatal(err)
	}
	facts := ical.NewObject(calendar, time.UTC).Facts()
	f.Fuzz(func(t *testing.T, inner string) {
		e, err := dav.ReadElement(strings.NewReader(`<filter xmlns="`+dav.CalDAV+`"><comp-filter name="VCALENDAR">`+inner+`</comp-filter></filter>`), dav.Limits{})
		if err != nil {
			return
		}
		filter, err := readFilter(e)
		if err != nil {
			return
		}
		matches := filter.matches(ical.NewObject(calendar, time.UTC))
		b := filter.bounds()
		found := !b.empty && (b.component == "" || b.component == facts.Component) && facts.FirstStart <= b.end && facts.LastEnd >= b.start
		if matches && !found || b.decided && matches != found {
			t.Fatalf("%s: matches %v, the index says %v", inner, matches, found)
		}
	})
}
