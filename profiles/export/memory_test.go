package export

import (
	"runtime"
	"runtime/metrics"
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
		before := live()
		o.Progress = func(p Progress) {
			if p.Final {
				return
			}
			used := live()
			most = max(most, used-min(before, used))
		}
		mustRun(t, o, Summary{Written: n})
		return most
	}
	few, many := peak(500), peak(5000)
	if many > few+3<<20 {
		t.Errorf("5,000 people take %d bytes, 500 take %d", many, few)
	}
	t.Logf("500 people: %d bytes; 5,000 people: %d bytes", few, many)
}

// live is what a collection found in use, in octets; what other goroutines have allocated since does not count.
func live() uint64 {
	runtime.GC()
	found := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(found)
	return found[0].Value.Uint64()
}
