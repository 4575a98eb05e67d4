package schedule

import (
	"testing"
	"time"

	"calport/server/ical"
)

func TestTimesThatMeetATakenOne(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 9, 7, hour, 0, 0, 0, time.UTC) }
	taken := []ical.BusyPeriod{{Start: at(9), End: at(10)}, {Start: at(12), End: at(14)}}
	for _, c := range []struct {
		start, end int
		want       bool
	}{
		{8, 9, false}, {8, 10, true}, {9, 10, true}, {10, 12, false}, {10, 13, true}, {13, 15, true}, {14, 15, false}, {8, 20, true},
		{9, 9, true}, {10, 10, false}, {11, 11, false}, {13, 13, true}, {20, 20, false}, // of no length
	} {
		if got := overlaps(taken, at(c.start), at(c.end)); got != c.want {
			t.Errorf("from %d to %d: got %v, want %v", c.start, c.end, got, c.want)
		}
	}
}
