package export

import (
	"runtime"
	"testing"
	"time"
)

// The pointers to people apart, an export of ten times as many people needs no more memory. Keeping their rows, which
// take about a kilobyte each, would show.
func TestMemoryStaysFlat(t *testing.T) {
	peak := func(n int) (most uint64) {
		o := options(t, t.TempDir(), people(n), nil)
		o.Format = Unsigned
		now := time.Now()
		o.Now = func() time.Time { now = now.Add(time.Second); return now } // a report after every chunk
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		before := stats.HeapAlloc
		o.Progress = func(p Progress) {
			if p.Final {
				return
			}
			runtime.GC()
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapAlloc-min(before, stats.HeapAlloc))
		}
		mustRun(t, o, Summary{Written: n})
		return most
	}
	few, many := peak(500), peak(5000)
	if many > few+2<<20 {
		t.Errorf("5,000 people take %d bytes, 500 take %d", many, few)
	}
	t.Logf("500 people: %d bytes; 5,000 people: %d bytes", few, many)
}
