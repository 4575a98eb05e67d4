package dav

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// discard is a connection that costs nothing.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }

func members(n int) []*thing {
	all := make([]*thing, n)
	for i := range all {
		all[i] = &thing{
			kind: file,
			name: fmt.Sprintf("6A5C1D9E-%04d-4C1B-9F2A-%012d.ics", i%9999, i),
			etag: fmt.Sprintf("%032x", i),
		}
	}
	return all
}

func benchmarkMultiStatus(b *testing.B, n int, props ...Name) {
	all := members(n)
	q := &PropFind{}
	for _, p := range props {
		q.Props = append(q.Props, New(p))
	}
	b.ReportAllocs()
	for b.Loop() {
		err := WriteMultiStatus(discard{make(http.Header)}, func(w *Writer) error {
			s := things.Select(q, false)
			for _, r := range all {
				if err := s.RespondMember(w, "/calendars/__uids__/10000000-0000-0000-0000-000000000001/calendar/", r.name, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
}

func BenchmarkMultiStatus1000(b *testing.B)  { benchmarkMultiStatus(b, 1000, GetETag) }
func BenchmarkMultiStatus10000(b *testing.B) { benchmarkMultiStatus(b, 10000, GetETag) }

func BenchmarkMultiStatusWithMissing10000(b *testing.B) {
	benchmarkMultiStatus(b, 10000, GetETag, ResourceType, CalendarColor)
}

func BenchmarkText(b *testing.B) {
	text := strings.Repeat("DESCRIPTION:Über <b>alles</b> und & mehr, eine Zeile wie viele andere\r\n", 15)
	w := &Writer{to: io.Discard}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		w.buf = w.buf[:0]
		w.Text(text)
	}
}

func BenchmarkReadPropFind(b *testing.B) {
	body := `<?xml version="1.0" encoding="UTF-8"?><A:propfind xmlns:A="DAV:"><A:prop>` +
		`<A:add-member/><C:allowed-sharing-modes xmlns:C="http://calendarserver.org/ns/"/><D:autoprovisioned xmlns:D="http://apple.com/ns/ical/"/>` +
		`<A:current-user-privilege-set/><A:displayname/><A:owner/><A:resource-id/><A:resourcetype/><A:supported-report-set/><A:sync-token/>` +
		`<B:calendar-timezone xmlns:B="urn:ietf:params:xml:ns:caldav"/></A:prop></A:propfind>`
	b.ReportAllocs()
	for b.Loop() {
		root, err := ReadElement(strings.NewReader(body), Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ReadPropFind(root); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadMultiget1000(b *testing.B) {
	body := `<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>` +
		strings.Repeat(`<D:href>/calendars/__uids__/10000000-0000-0000-0000-000000000001/calendar/6A5C1D9E.ics</D:href>`, 1000) + `</C:calendar-multiget>`
	for b.Loop() {
		if _, err := ReadElement(strings.NewReader(body), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
