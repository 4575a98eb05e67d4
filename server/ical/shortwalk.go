package ical

import "math/bits"

// eachShort goes through periods shorter than a day.
func (w *walk) eachShort(from int64, b *budget, emit func(int64) bool) {
	unit, step := w.unit(), int64(w.interval)
	first := floorDiv(w.start, unit)
	last := min(w.until, int64(civilDay(lastYear+1, 1, 1))*daySeconds-1)
	n := first
	if from > w.start {
		n += max((floorDiv(from, unit)-first)/step-1, 0) * step
	}
	for {
		at := n * unit
		if at > last || !b.spend(1) {
			return
		}
		if next := w.firstAfter(at); next > at {
			// Rounded up to a period that the interval reaches.
			ahead := floorDiv(next+unit-1, unit) - n
			n += max((ahead+step-1)/step, 1) * step
			continue
		}
		if len(w.rule.BySetPos) > 0 {
			if !w.eachPosition(len(w.times), func(i int) bool { return emit(at + w.times[i]) }) {
				return
			}
		} else {
			for _, t := range w.times {
				if !emit(at + t) {
					return
				}
			}
		}
		n += step
	}
}

// firstAfter returns at itself if the parts that limit admit the period that
// starts there, else a later time before which none is admitted.
func (w *walk) firstAfter(at int64) int64 {
	day := dayOf(at)
	if !w.admits(day) {
		next := w.monthFirst + w.monthLen
		if rest := w.monthMask >> (day - w.monthFirst); rest != 0 {
			next = day + bits.TrailingZeros32(rest)
		}
		return int64(next) * daySeconds
	}
	clock := int(at - int64(day)*daySeconds)
	hour, minute, second := clock/3600, clock/60%60, clock%60
	if w.hours != 0 && w.hours>>hour&1 == 0 {
		return at - int64(clock%3600) + 3600
	}
	if w.freq < Hourly && w.minutes != 0 && w.minutes>>minute&1 == 0 {
		return at - int64(clock%60) + 60
	}
	if w.freq < Minutely && w.seconds != 0 && w.seconds>>second&1 == 0 {
		return at + 1
	}
	return at
}
