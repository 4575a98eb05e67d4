package ical

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// lines joins lines as iCalendar wants them.
func lines(s ...string) string { return strings.Join(s, "\r\n") + "\r\n" }

func mustParse(t testing.TB, source string) *Component {
	t.Helper()
	cal, err := Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

func TestUnchangedDataIsWrittenAsItWas(t *testing.T) {
	for name, source := range map[string]string{
		"plain":                  lines("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", "END:VEVENT", "END:VCALENDAR"),
		"LF":                     "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n",
		"mixed line ends":        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\nUID:1\r\nEND:VEVENT\nEND:VCALENDAR\r\n",
		"no last line end":       "BEGIN:VCALENDAR\r\nEND:VCALENDAR",
		"lower case":             "begin:vcalendar\r\nversion:2.0\r\nBegin:vEvent\r\nuid:1\r\nEnd:Vevent\r\nend:vcalendar\r\n",
		"byte order mark":        "\ufeffBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
		"blank lines":            "\r\n \r\nBEGIN:VCALENDAR\r\n\r\nUID:1\r\n\n\r\nEND:VCALENDAR\r\n\r\n\n  \x00\x1a",
		"odd folding":            "BEGIN:VCALENDAR\r\nDESCRIPTION:a\r\n b\r\n\tc\n d\r\n \r\n e\r\nEND:VCALENDAR\r\n",
		"folded within a letter": "BEGIN:VCALENDAR\r\nSUMMARY:\xc3\r\n \xa4\r\nEND:VCALENDAR\r\n",
		"folded BEGIN":           "BEGIN:VCALEN\r\n DAR\r\nEND:\r\n VCALENDAR\r\n",
		"properties after components": lines("BEGIN:VCALENDAR", "A:1", "BEGIN:VEVENT", "B:1", "BEGIN:VALARM", "C:1", "END:VALARM", "B:2", "B:3",
			"BEGIN:VALARM", "END:VALARM", "END:VEVENT", "A:2", "BEGIN:VEVENT", "END:VEVENT", "A:3", "END:VCALENDAR"),
		"odd names and parameters": lines("BEGIN:VCALENDAR", "X-foo_bar.baz;ENCODING;X=;Y=\"a;b:c\",d:v", "END:VCALENDAR"),
	} {
		cal := mustParse(t, source)
		if got := cal.String(); got != source {
			t.Errorf("%s: got %q, want %q", name, got, source)
		}
		if got := cal.Clone().String(); got != source {
			t.Errorf("%s: clone: got %q, want %q", name, got, source)
		}
	}
}

func TestUnfolding(t *testing.T) {
	cal := mustParse(t, "BEGIN:VCALENDAR\r\nDESCR\r\n IPTION;X\r\n =\"1\r\n \";Y=2:a\r\n  b\r\n\tc\nEND:VCALENDAR\r\n")
	p := cal.Prop("description")
	if got, want := p.Value(), "a bc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := p.Param("x") + p.Param("Y"); got != "12" {
		t.Errorf("got %q", got)
	}
}

func TestSyntaxErrorsNameTheLine(t *testing.T) {
	for _, tt := range []struct {
		source string
		line   int
		msg    string
	}{
		{"", 1, "no BEGIN:VCALENDAR"},
		{"<?xml version=\"1.0\"?>", 1, "content line"},
		{"\n\nBEGIN:VCARD\nEND:VCARD\n", 3, "BEGIN:VCARD"},
		{"VERSION:2.0\n", 1, "no BEGIN:VCALENDAR"},
		{"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", 3, "END:VEVENT is missing"},
		{"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", 3, "END:VEVENT should be"},
		{"BEGIN:VCALENDAR\nno colon\n", 2, "content line"},
		{"BEGIN:VCALENDAR\nA:1\n b\n:x\n", 4, "content line"},
		{"BEGIN:VCALENDAR\nSUMMARY;A=b\nEND:VCALENDAR\n", 2, "no colon"},
		{"BEGIN:VCALENDAR\nSUMMARY;A=\"b:c\nEND:VCALENDAR\n", 2, "no colon"},
		{"BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\n", 3, "data after"},
		{strings.Repeat("BEGIN:VCALENDAR\n", 40), 33, "deeper"},
	} {
		_, err := Parse([]byte(tt.source))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !errors.Is(err, ErrData) {
			t.Errorf("%q: got %v", tt.source, err)
			continue
		}
		if syntax.Line != tt.line || !strings.Contains(syntax.Msg, tt.msg) {
			t.Errorf("%q: got %v, want line %d, …%s…", tt.source, err, tt.line, tt.msg)
		}
	}
	if _, err := (Limits{Size: 10}).Parse(make([]byte, 11)); !errors.Is(err, ErrData) {
		t.Errorf("too large: got %v", err)
	}
}

func TestOnlyWhatIsChangedIsWrittenAfresh(t *testing.T) {
	cal := mustParse(t, "begin:VCALENDAR\nbegin:VEVENT\nsummary;x-p=1:old\n er\nuid:1\nend:VEVENT\nend:VCALENDAR")
	e := cal.Child("vevent")
	e.Prop("SUMMARY").SetText("new; \\ twice,\nand 日本語" + strings.Repeat("é", 60))
	e.Prop("SUMMARY").SetParam("CN", `a "b"^`, "c;d")
	e.Add(NewProperty("x-y", "z\r\nEVIL:1"))
	want := "begin:VCALENDAR\nbegin:VEVENT\n" +
		"SUMMARY;x-p=1;CN=a ^'b^'^^,\"c;d\":new\\; \\\\ twice\\,\\nand 日本語ééééé\r\n" +
		" " + strings.Repeat("é", 36) + "\r\n " + strings.Repeat("é", 19) + "\r\n" +
		"uid:1\nX-Y:zEVIL:1\r\nend:VEVENT\nend:VCALENDAR"
	if got := cal.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	again := mustParse(t, want).Child("VEVENT").Prop("SUMMARY")
	if got := again.Text(); !strings.HasPrefix(got, "new; \\ twice,\nand 日本語é") {
		t.Errorf("got %q", got)
	}
	if got := again.ParamValues("cn"); len(got) != 2 || got[0] != `a "b"^` || got[1] != "c;d" {
		t.Errorf("got %q", got)
	}
}

func TestAddingAfterALineWithoutEnd(t *testing.T) {
	cal := mustParse(t, "BEGIN:VCALENDAR\nX:1\nEND:VCALENDAR")
	outer := NewCalendar("-//test//EN")
	outer.AddChild(cal.Clone())
	outer.Add(NewProperty("X-LAST", "1"))
	if got := outer.String(); !strings.Contains(got, "END:VCALENDAR\r\nEND:VCALENDAR\r\n") {
		t.Errorf("got %q", got)
	}
}

func TestParameterValues(t *testing.T) {
	cal := mustParse(t, lines("BEGIN:VCALENDAR",
		`ATTENDEE;CN="Lovelace, Ada";MEMBER="mailto:a@x","mailto:b@x";X=^n^'^^^x;EMPTY=;ROLE=CHAIR:mailto:ada@x`,
		"END:VCALENDAR"))
	p := cal.Prop("ATTENDEE")
	for name, want := range map[string]string{"cn": "Lovelace, Ada", "Member": "mailto:a@x", "X": "\n\"^^x", "EMPTY": "", "ROLE": "CHAIR", "NONE": ""} {
		if got := p.Param(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := p.ParamValues("MEMBER"); len(got) != 2 || got[1] != "mailto:b@x" {
		t.Errorf("got %q", got)
	}
	if _, ok := p.LookupParam("EMPTY"); !ok {
		t.Error("an empty parameter is there")
	}
	var names []string
	for n := range p.Params() {
		names = append(names, n)
	}
	if got := strings.Join(names, " "); got != "CN MEMBER X EMPTY ROLE" {
		t.Errorf("got %s", got)
	}
	p.DelParam("member")
	p.SetParam("PARTSTAT", "ACCEPTED")
	p.SetParam("cn", "Ada")
	if got, want := p.Value()+p.params(), `mailto:ada@x;CN=Ada;X=^n^'^^^x;EMPTY=;ROLE=CHAIR;PARTSTAT=ACCEPTED`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNilPropertyReadsAsEmpty(t *testing.T) {
	p := NewComponent("VEVENT").Prop("UID")
	if p.Name()+p.Value()+p.Text()+p.Param("X") != "" || p.Texts() != nil || p.ParamValues("X") != nil {
		t.Error("not empty")
	}
	if _, err := p.Time(); err == nil {
		t.Error("a time from nothing")
	}
}

func TestTexts(t *testing.T) {
	p := NewProperty("CATEGORIES", `a\,b,c\;\\,,d\nE`)
	got := p.Texts()
	want := []string{"a,b", `c;\`, "", "d\nE"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSetAndDel(t *testing.T) {
	c := NewComponent("vevent", NewText("A", "1"), NewText("B", "1"), NewText("a", "2"))
	c.Set(NewText("A", "3"))
	c.Set(NewText("C", "1"))
	if got, want := c.String(), "BEGIN:VEVENT\r\nA:3\r\nB:1\r\nC:1\r\nEND:VEVENT\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := c.Del("b"); n != 1 || c.Prop("B") != nil {
		t.Errorf("deleted %d", n)
	}
}

func TestChangingACloneLeavesTheOriginal(t *testing.T) {
	source := lines("BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:a", "END:VEVENT", "END:VCALENDAR")
	cal := mustParse(t, source)
	d := cal.Clone()
	d.Child("VEVENT").Prop("SUMMARY").SetText("b")
	d.Child("VEVENT").Add(NewText("X", "1"))
	if got := cal.String(); got != source {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(lines("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", `X;A="b;c":d`, "END:VEVENT", "END:VCALENDAR")))
	f.Add([]byte(outlookZone))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\n\rEND:VEVENT\nEND:VCALENDAR")) // a CR that ends no line
	f.Add([]byte(calendar("VEVENT", []string{"DTSTART;TZID=Europe/Berlin:20240101T100000", "RRULE:FREQ=DAILY", "RDATE;VALUE=PERIOD:20240101T100000Z/P1D"},
		[]string{"RECURRENCE-ID;RANGE=THISANDFUTURE:20240105T090000Z", "DTSTART:20240103T120000", "DURATION:PT1H"})))
	f.Add([]byte(calendar("VTODO", []string{"DUE;VALUE=DATE:20240101", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20250101T000000Z", "EXDATE:20240131"})))
	f.Add([]byte(sampleEvent))
	f.Fuzz(func(t *testing.T, data []byte) {
		cal, err := Parse(data)
		if err != nil {
			return
		}
		if got := cal.Bytes(); !bytes.Equal(got, data) {
			t.Fatalf("got %q, want %q", got, data)
		}
		// What is written afresh must say the same.
		fresh := refreshed(cal)
		again, err := Parse(fresh.Bytes())
		if err != nil {
			t.Fatalf("%v in %q", err, fresh)
		}
		compare(t, cal, again)
		wantTimes(t, string(data))
		// None of this may fail to end, or panic.
		o := NewObject(cal, nil)
		_ = Check(cal)
		f := o.Facts()
		o.StrayOverrides()
		n := 0
		for i := range o.Instances(Range{}) {
			if i.Start.Unix() < f.FirstStart || i.End.Unix() > f.LastEnd {
				t.Fatalf("instance %v outside of %d to %d", i, f.FirstStart, f.LastEnd)
			}
			if n++; n > 50 {
				break
			}
		}
		if out, err := o.Expand(aYear, 50); err == nil {
			if _, err := Parse(out.Bytes()); err != nil {
				t.Fatalf("%v in %q", err, out)
			}
		}
		o.LimitRecurrence(aYear)
		o.LimitFreeBusy(aYear)
	})
}

// refreshed returns a copy in which no property keeps its source.
func refreshed(c *Component) *Component {
	d := NewComponent(c.Name)
	for _, p := range c.Properties {
		q := p.Clone()
		q.SetValue(p.Value())
		d.Add(q)
	}
	for _, s := range c.Components {
		d.AddChild(refreshed(s))
	}
	return d
}

func compare(t *testing.T, a, b *Component) {
	t.Helper()
	if a.Name != b.Name || len(a.Properties) != len(b.Properties) || len(a.Components) != len(b.Components) {
		t.Fatalf("%q became %q", a, b)
	}
	for i, p := range a.Properties {
		q := b.Properties[i]
		if p.Name() != q.Name() || p.params() != q.params() || oneLine(p.Value()) != q.Value() {
			t.Fatalf("%q became %q", p, q)
		}
	}
	for i := range a.Components {
		compare(t, a.Components[i], b.Components[i])
	}
}
