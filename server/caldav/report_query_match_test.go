package caldav_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// The series of these tests is on one of two days, which each PUT changes.
const (
	firstDay  = "19700105"
	secondDay = "19700107"
)

func series(day string, version int) string {
	return strings.Replace(event("series", day+"T090000Z"), "SUMMARY:", fmt.Sprintf("RRULE:FREQ=WEEKLY\r\nSUMMARY:%d ", version), 1)
}

// aDayQuery asks for the events of the day five weeks after the series began.
func aDayQuery(day string) string {
	begin := map[string]string{firstDay: "19700209", secondDay: "19700211"}[day]
	return `<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR">` +
		`<C:comp-filter name="VEVENT"><C:time-range start="` + begin + `T000000Z" end="` + begin + `T235959Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`
}

// What was read for one version of an object says nothing of the next: a query after a PUT answers from the new data,
// however many ask at the same time, and no answer has the tag of a version that was not on the day asked for.
func TestQueryNeverAnswersFromAnEarlierVersion(t *testing.T) {
	s := newServer(t)
	path := adaHome + "calendar/series.ics"
	var mu sync.Mutex
	dayOf := map[string]string{} // by ETag
	put := func(day string, version int) {
		w := s.do(t, "ada", "PUT", path, series(day, version))
		if w.Code != http.StatusCreated && w.Code != http.StatusNoContent {
			t.Errorf("PUT: got %d", w.Code)
		}
		mu.Lock()
		dayOf[strings.Trim(w.Header().Get("ETag"), `"`)] = day
		mu.Unlock()
	}
	put(firstDay, 0)
	type answer struct{ day, tag string }
	answers := make([][]answer, 3)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				day := []string{firstDay, secondDay}[n%2]
				body := s.do(t, "ada", "REPORT", adaHome+"calendar/", aDayQuery(day), "Depth: 1").Body.String()
				if _, rest, ok := strings.Cut(body, `<D:getetag>"`); ok {
					tag, _, _ := strings.Cut(rest, `"`)
					answers[i] = append(answers[i], answer{day, tag})
				}
			}
		})
	}
	for version := 1; version <= 30; version++ {
		day, other := firstDay, secondDay
		if version%2 == 1 {
			day, other = secondDay, firstDay
		}
		put(day, version)
		for asked, want := range map[string]int{day: 1, other: 0} {
			body := s.want(t, "ada", "REPORT", adaHome+"calendar/", aDayQuery(asked), 207, "Depth: 1").Body.String()
			if got := strings.Count(body, "<D:response>"); got != want {
				t.Errorf("version %d, day %s: %d answers, want %d", version, asked, got, want)
			}
		}
	}
	close(stop)
	all.Wait()
	for _, of := range answers {
		for _, a := range of {
			if got := dayOf[a.tag]; got != a.day {
				t.Errorf("the version with the tag %s is on %s, it was found on %s", a.tag, got, a.day)
			}
		}
	}
}
