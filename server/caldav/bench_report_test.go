package caldav_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var syncTokenIn = regexp.MustCompile(`<D:sync-token>([^<]+)</D:sync-token>`)

func syncReport(token string) string {
	return `<D:sync-collection xmlns:D="DAV:"><D:sync-token>` + token + `</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>`
}

// benchmarkReport measures a report on calendars of both sizes.
func benchmarkReport(b *testing.B, rows func(n int) int, prepare func(b *testing.B, server *httptest.Server) string) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newServer(b)
			server := serve(b, s.handler)
			fillCalendar(b, s, n)
			body := prepare(b, server)
			_, answer := exchange(b, server, "REPORT", adaHome+"calendar/", body)
			if got := strings.Count(string(answer), "<D:getetag>"); got != rows(n) {
				b.Fatalf("%d rows, want %d", got, rows(n))
			}
			measure(b, func(int) { exchange(b, server, "REPORT", adaHome+"calendar/", body) })
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows(n)), "ns/row")
		})
	}
}

// The cost of a row of the first synchronization must not depend on how many there are.
func BenchmarkSyncInitial(b *testing.B) {
	benchmarkReport(b, func(n int) int { return n + 1 }, func(*testing.B, *httptest.Server) string { return syncReport("") })
}

// Ten changes cost the same in any calendar.
func BenchmarkSyncTenChanges(b *testing.B) {
	benchmarkReport(b, func(int) int { return 10 }, func(b *testing.B, server *httptest.Server) string {
		_, answer := exchange(b, server, "PROPFIND", adaHome+"calendar/", `<D:propfind xmlns:D="DAV:"><D:prop><D:sync-token/></D:prop></D:propfind>`, "Depth: 0")
		token := syncTokenIn.FindSubmatch(answer)
		if token == nil {
			b.Fatalf("no token in %s", answer)
		}
		for i := range 10 {
			uid := fmt.Sprint(i * 17)
			exchange(b, server, "PUT", adaHome+"calendar/"+uid+".ics", event(uid, "20260902T100000Z"), "Content-Type: text/calendar")
		}
		return syncReport(string(token[1]))
	})
}

// A day of a full calendar is found by the index.
func BenchmarkQueryDay(b *testing.B) {
	benchmarkReport(b, func(int) int { return 24 }, func(*testing.B, *httptest.Server) string {
		return `<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop><C:filter>` +
			`<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="19700102T000000Z" end="19700103T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`
	})
}

// As much as clients fetch at once.
func BenchmarkMultiget50(b *testing.B) {
	benchmarkReport(b, func(int) int { return 50 }, func(*testing.B, *httptest.Server) string {
		var hrefs strings.Builder
		for i := range 50 {
			fmt.Fprintf(&hrefs, "<D:href>%scalendar/%d.ics</D:href>", adaHome, i*19)
		}
		return `<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>` + hrefs.String() + `</C:calendar-multiget>`
	})
}
