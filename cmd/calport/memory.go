package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// What lives in memory is small as a rule, some 15 MB: collecting it seldom saves a tenth of the time that listings and
// exports take.
const lazyGC = 200 // per cent of what lives that may be allocated until it is collected

// A server that many clients ask at once is collected more often, so that its heap stays near heapGoal, unless more
// than that lives anyway, as with a large directory.
const (
	heapGoal = 56 << 20 // octets
	eagerGC  = 35
	plainGC  = 100 // Go's own
)

// beLazy sets the collector's pace for a command that ends soon. GOGC overrides it, as it does paceGC.
func beLazy() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(lazyGC)
	}
}

var startPace sync.Once

// paceGC sets the collector's pace for a server, now and after each collection.
func paceGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(gcPercent(live[0].Value.Uint64()))
	// Nothing refers to this object, so the next collection finds it.
	runtime.AddCleanup(&struct{ next *int }{}, func(struct{}) { paceGC() }, struct{}{})
}

// gcPercent is the pace for so many octets that live.
func gcPercent(live uint64) int {
	switch {
	case live == 0:
		return lazyGC
	case live >= heapGoal:
		return plainGC
	}
	return int(min(max(100*(heapGoal-live)/live, eagerGC), lazyGC))
}
