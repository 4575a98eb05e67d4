package ical

import (
	"math"
	"math/bits"
	"slices"
)

// lastYear is the last year that RFC 5545 can write.
const lastYear = 9999

// walk computes the wall seconds that one rule gives.
//
// RFC 5545 section 3.3.10 describes the parts as expanding or limiting what
// the parts before gave. For days both come to the same: out of all the days
// of the period, keep those that every part admits, once the parts that the
// rule leaves out and DTSTART supplies are filled in. The days that a month
// admits are a bit mask, computed once per month.
type walk struct {
	rule     Rule // filled in from DTSTART
	freq     Freq
	interval int
	start    int64
	until    int64 // last wall second

	cal      chronology
	lastYear int // that counts

	months    uint16 // of BYMONTH, in the year looked at last: bit 1 is its first month
	monthsOf  int    // that year
	anyMonth  bool   // there is no BYMONTH
	weekdays  uint8  // BYDAY without number, bit 0 is Sunday
	numbered  []WeekdayNum
	monthDays uint32 // BYMONTHDAY, bit 0 is the 1st
	lastDays  uint32 // the same from the end, bit 0 is the last
	hours     uint32
	minutes   uint64
	seconds   uint64
	times     []int64 // seconds within the day, hour or minute

	// The month looked at last.
	monthFirst, monthLen int
	monthMask            uint32

	days []int // of the period
}

// newWalk prepares a rule for a DTSTART. until is the last wall second that
// counts.
func newWalk(r *Rule, start int64, date bool, until int64) *walk {
	w := &walk{rule: *r, freq: r.Freq, interval: r.interval(), start: start, until: until}
	w.setCalendar()
	w.fillDays()
	if date {
		// RFC 5545 section 3.3.10: with a DATE these parts are ignored.
		w.rule.ByHour, w.rule.ByMinute, w.rule.BySecond = nil, nil, nil
		if w.freq < Daily {
			w.freq, w.interval = Daily, max(w.interval/w.perDay(), 1)
		}
	}
	w.fillTimes()
	return w
}

// setCalendar chooses the calendar in whose terms the rule is written (RFC 7529 section 4).
func (w *walk) setCalendar() {
	w.cal = gregorian{}
	known := w.rule.Understood()
	if known && w.rule.RScale != "" {
		w.cal = chronologies[w.rule.RScale]()
	}
	from, to := w.cal.years()
	w.lastYear = to
	if year, _, _ := w.cal.date(dayOf(w.start)); !known || w.rule.RScale != "" && (year < from || year > to) {
		// Nothing but DTSTART is sure.
		w.until, w.cal, w.lastYear = w.start, gregorian{}, lastYear
	}
}

// perDay returns how many periods a day has.
func (w *walk) perDay() int { return daySeconds / int(w.unit()) }

// unit returns the length of a period below a day in seconds.
func (w *walk) unit() int64 {
	switch w.freq {
	case Secondly:
		return 1
	case Minutely:
		return 60
	}
	return 3600
}

// fillDays takes from DTSTART which days are meant if the rule does not say.
func (w *walk) fillDays() {
	r := &w.rule
	year, month, day := w.cal.date(dayOf(w.start))
	if len(r.ByMonthDay)+len(r.ByDay)+len(r.ByYearDay) == 0 {
		switch {
		case w.freq == Weekly, w.freq == Yearly && len(r.ByWeekNo) > 0:
			r.ByDay = []WeekdayNum{{Day: weekday(dayOf(w.start))}}
		case w.freq == Yearly:
			r.ByMonthDay = []int{day}
			if len(r.ByMonth)+len(r.ByLeapMonth) > 0 {
				break
			}
			if number, leap := w.cal.name(year, month); leap {
				r.ByLeapMonth = []int{number}
			} else {
				r.ByMonth = []int{number}
			}
		case w.freq == Monthly:
			r.ByMonthDay = []int{day}
		}
	}
	w.anyMonth = len(r.ByMonth)+len(r.ByLeapMonth) == 0
	w.monthsOf = math.MinInt
	for _, d := range r.ByMonthDay {
		if d > 0 {
			w.monthDays |= 1 << (d - 1)
		} else {
			w.lastDays |= 1 << (-d - 1)
		}
	}
	for _, d := range r.ByDay {
		// Numbers mean something in months and years only.
		if d.N == 0 || w.freq < Monthly || len(r.ByWeekNo) > 0 {
			w.weekdays |= 1 << d.Day
		} else {
			w.numbered = append(w.numbered, d)
		}
	}
}

// fillTimes computes the times within a period, and the masks that limit
// periods shorter than a day.
func (w *walk) fillTimes() {
	r := &w.rule
	clock := int(floorMod(w.start, daySeconds))
	for _, h := range r.ByHour {
		w.hours |= 1 << h
	}
	for _, m := range r.ByMinute {
		w.minutes |= 1 << m
	}
	for _, s := range r.BySecond {
		w.seconds |= 1 << min(s, 59)
	}
	hours, minutes, seconds := w.hours, w.minutes, w.seconds
	if hours == 0 {
		hours = 1 << (clock / 3600)
	}
	if minutes == 0 {
		minutes = 1 << (clock / 60 % 60)
	}
	if seconds == 0 {
		seconds = 1 << (clock % 60)
	}
	// What is the period itself is no time within it.
	switch w.freq {
	case Secondly:
		hours, minutes, seconds = 1, 1, 1
	case Minutely:
		hours, minutes = 1, 1
	case Hourly:
		hours = 1
	}
	for h := range eachBit(uint64(hours)) {
		for m := range eachBit(minutes) {
			for s := range eachBit(seconds) {
				w.times = append(w.times, int64(h*3600+m*60+s))
			}
		}
	}
}

func eachBit(mask uint64) func(func(int) bool) {
	return func(yield func(int) bool) {
		for ; mask != 0; mask &= mask - 1 {
			if !yield(bits.TrailingZeros64(mask)) {
				return
			}
		}
	}
}

// each yields the wall seconds of the rule in ascending order, DTSTART first
// whether or not the rule gives it (RFC 5545 section 3.8.5.3 counts it in
// any case). Without COUNT those long before from are passed over in one step.
func (w *walk) each(from int64, b *budget, yield func(int64) bool) {
	left := math.MaxInt
	if w.rule.Count > 0 {
		left, from = w.rule.Count, math.MinInt64
	}
	if w.start >= from && !yield(w.start) {
		return
	}
	left--
	// emit says whether to go on.
	last := w.start
	emit := func(v int64) bool {
		if v <= last {
			return true
		}
		if v > w.until || left == 0 || !b.spend(1) {
			return false
		}
		left--
		last = v
		return yield(v)
	}
	if left == 0 {
		return
	}
	if w.freq < Daily {
		w.eachShort(from, b, emit)
	} else {
		w.eachLong(from, b, emit)
	}
}

// eachLong goes through periods of a day and more.
func (w *walk) eachLong(from int64, b *budget, emit func(int64) bool) {
	for k := w.skipTo(max(from, w.start)); ; k++ {
		ok := w.period(&k)
		if !ok || !b.spend(1+len(w.days)/8) {
			return
		}
		if len(w.rule.BySetPos) > 0 {
			if !w.eachPosition(len(w.days)*len(w.times), func(i int) bool {
				return emit(int64(w.days[i/len(w.times)])*daySeconds + w.times[i%len(w.times)])
			}) {
				return
			}
			continue
		}
		for _, day := range w.days {
			for _, t := range w.times {
				if !emit(int64(day)*daySeconds + t) {
					return
				}
			}
		}
	}
}

// eachPosition calls f with the indexes that BYSETPOS picks out of n, in
// order, until f is false.
func (w *walk) eachPosition(n int, f func(int) bool) bool {
	var picked []int
	for _, p := range w.rule.BySetPos {
		if p < 0 {
			p += n + 1
		}
		if p >= 1 && p <= n {
			picked = append(picked, p-1)
		}
	}
	slices.Sort(picked)
	for _, i := range slices.Compact(picked) {
		if !f(i) {
			return false
		}
	}
	return true
}

// skipTo returns the number of the period that holds the wall second, or one
// shortly before.
func (w *walk) skipTo(at int64) int {
	startDay, day := dayOf(w.start), dayOf(at)
	n := 0
	switch w.freq {
	case Yearly:
		from, _, _ := w.cal.date(startDay)
		to, _, _ := w.cal.date(day)
		n = to - from - 1 // SKIP=FORWARD reaches into the next
	case Monthly:
		fromYear, fromMonth, _ := w.cal.date(startDay)
		toYear, toMonth, _ := w.cal.date(day)
		n = w.cal.since(min(toYear, w.lastYear), toMonth, fromYear, fromMonth) - 1
	case Weekly:
		n = (day - startDay) / 7
	case Daily:
		n = day - startDay
	}
	return max(n/w.interval-1, 0)
}

// period computes the days of period number k. It may pass over empty periods,
// raising k. It fails behind the last year or UNTIL.
func (w *walk) period(k *int) bool {
	w.days = w.days[:0]
	first := 0
	startDay := dayOf(w.start)
	year, month, _ := w.cal.date(startDay)
	switch w.freq {
	case Yearly:
		year += *k * w.interval
		if year > w.lastYear {
			return false
		}
		first = w.cal.first(year, 1)
		for m := 1; m <= w.cal.months(year); m++ {
			if w.admitsMonth(year, m) {
				w.addMonth(year, m)
			}
		}
	case Monthly:
		year, month = w.cal.plus(year, month, *k*w.interval)
		if year > w.lastYear {
			return false
		}
		first = w.cal.first(year, month)
		w.addMonth(year, month)
	case Weekly:
		first = startDay - floorMod(int(weekday(startDay)-w.rule.WeekStart), 7) + *k*w.interval*7
		for day := first; day < first+7; day++ {
			if w.admits(day) {
				w.days = append(w.days, day)
			}
		}
	case Daily:
		first = startDay + *k*w.interval
		if w.admits(first) {
			w.days = append(w.days, first)
		} else if w.monthMask == 0 {
			*k = max((w.monthFirst+w.monthLen-1-startDay)/w.interval, *k)
		}
	}
	return int64(first)*daySeconds <= w.until && first < civilDay(lastYear+1, 1, 1)
}
