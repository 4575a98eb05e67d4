package export

import (
	"time"
)

// outcome is what became of an item.
type outcome uint8

const (
	kept outcome = iota // not asked for
	unchanged
	written
	denied
	skipped
	failed
	gone
	remaining
)

// Summary counts people.
type Summary struct {
	Written   int // some file was written, or would be in a dry run
	Unchanged int
	Denied    int // by the settings, on purpose
	Skipped   int // a value is missing or unusable
	Failed    int
	Gone      int // named by the old manifest, no longer among the people
	Pruned    int // files deleted, or that would be in a dry run
	Remaining int // not reached, because the run was stopped
}

func (s *Summary) add(i *item) {
	s.Pruned += i.pruned
	switch i.outcome {
	case unchanged:
		s.Unchanged++
	case written:
		s.Written++
	case denied:
		s.Denied++
	case skipped:
		s.Skipped++
	case failed:
		s.Failed++
	case gone:
		s.Gone++
	case remaining:
		s.Remaining++
	}
}

// People is how many people have been dealt with.
func (s Summary) People() int { return s.Written + s.Unchanged + s.Denied + s.Skipped + s.Failed }

// ExitCode is 0 when all is up to date, 3 when somebody was skipped, 1 when something failed or was not reached.
func (s Summary) ExitCode() int {
	switch {
	case s.Failed > 0 || s.Remaining > 0:
		return 1
	case s.Skipped > 0:
		return 3
	}
	return 0
}

// Progress is how far a run has come.
type Progress struct {
	Summary
	Total int           // people
	Done  int           // people
	Rate  float64       // people in a second
	ETA   time.Duration // zero when unknown
	Final bool          // the last one
}

// interval is the least time between two reports of progress.
const interval = 100 * time.Millisecond

// Meter reports progress, not too often.
type Meter struct {
	report      func(Progress)
	now         func() time.Time
	start, last time.Time
	total       int
}

// NewMeter makes one for a run over so many people. report may be nil.
func NewMeter(report func(Progress), now func() time.Time, total int) Meter {
	start := now()
	return Meter{report: report, now: now, start: start, last: start, total: total}
}

// Show reports how far the run has come; the last time it is final.
func (m *Meter) Show(s Summary, final bool) {
	if m.report == nil {
		return
	}
	now := m.now()
	if !final && now.Sub(m.last) < interval {
		return
	}
	m.last = now
	p := Progress{Summary: s, Total: m.total, Done: s.People(), Final: final}
	if passed := now.Sub(m.start).Seconds(); passed > 0 {
		p.Rate = float64(p.Done) / passed
	}
	if p.Rate > 0 {
		p.ETA = time.Duration(float64(p.Total-p.Done) / p.Rate * float64(time.Second))
	}
	m.report(p)
}
