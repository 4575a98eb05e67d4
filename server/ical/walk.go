package ical

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// budget bounds the work of one call. Spending from an empty budget fails, and
// the recurrence is taken to end there.
type budget struct{ left int }

// workLimit is some tens of milliseconds: a million instances or tests of a
// day, month or hour against a rule.
const workLimit = 1 << 20

func newBudget() *budget { return &budget{left: workLimit} }

func (b *budget) spend(n int) bool {
	b.left -= n
	return b.left > 0
}

func (b *budget) empty() bool { return b.left <= 0 }

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

	months    uint16 // bit 1 is January; 0 admits all
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
	if w.rule.RScale != "" {
		// A calendar that is not known here: nothing but DTSTART is sure.
		w.until = start
	}
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
	_, month, day := civilDate(dayOf(w.start))
	if len(r.ByMonthDay)+len(r.ByDay)+len(r.ByYearDay) == 0 {
		switch {
		case w.freq == Weekly, w.freq == Yearly && len(r.ByWeekNo) > 0:
			r.ByDay = []WeekdayNum{{Day: weekday(dayOf(w.start))}}
		case w.freq == Yearly:
			r.ByMonthDay = []int{day}
			if len(r.ByMonth) == 0 {
				r.ByMonth = []int{month}
			}
		case w.freq == Monthly:
			r.ByMonthDay = []int{day}
		}
	}
	for _, m := range r.ByMonth {
		w.months |= 1 << m
	}
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
		from, _, _ := civilDate(startDay)
		to, _, _ := civilDate(day)
		n = to - from
	case Monthly:
		fromYear, fromMonth, _ := civilDate(startDay)
		toYear, toMonth, _ := civilDate(day)
		n = (toYear-fromYear)*12 + toMonth - fromMonth - 1 // SKIP=FORWARD reaches into the next
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
	year, month, _ := civilDate(startDay)
	switch w.freq {
	case Yearly:
		year += *k * w.interval
		if year > lastYear {
			return false
		}
		first = civilDay(year, 1, 1)
		for m := 1; m <= 12; m++ {
			if w.months == 0 || w.months>>m&1 == 1 {
				w.addMonth(year, m)
			}
		}
	case Monthly:
		n := month - 1 + *k*w.interval
		year, month = year+n/12, n%12+1
		if year > lastYear {
			return false
		}
		first = civilDay(year, month, 1)
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

// addMonth adds the days that the month admits.
func (w *walk) addMonth(year, month int) {
	w.loadMonth(year, month)
	for i := range eachBit(uint64(w.monthMask)) {
		w.days = append(w.days, w.monthFirst+i)
	}
	// RFC 7529 section 4.1: a missing day becomes the next month's first.
	if w.rule.Skip == Forward && w.monthDays>>w.monthLen != 0 && (w.months == 0 || w.months>>month&1 == 1) {
		w.days = append(w.days, w.monthFirst+w.monthLen)
	}
}

// admits says whether the rule's parts about days let the day through.
func (w *walk) admits(day int) bool {
	if day < w.monthFirst || day >= w.monthFirst+w.monthLen {
		year, month, _ := civilDate(day)
		w.loadMonth(year, month)
	}
	return w.monthMask>>(day-w.monthFirst)&1 == 1
}

// loadMonth computes the mask of the days that the month admits.
func (w *walk) loadMonth(year, month int) {
	w.monthFirst, w.monthLen = civilDay(year, month, 1), monthDays(year, month)
	w.monthMask = 0
	if w.months != 0 && w.months>>month&1 == 0 {
		return
	}
	all := uint32(1)<<w.monthLen - 1
	mask := all
	if w.monthDays|w.lastDays != 0 {
		days := w.monthDays
		for i := range eachBit(uint64(w.lastDays)) {
			if i < w.monthLen {
				days |= 1 << (w.monthLen - 1 - i)
			}
		}
		if w.rule.Skip == Backward && w.monthDays&^all != 0 {
			days |= 1 << (w.monthLen - 1)
		}
		mask &= days
	}
	if len(w.rule.ByDay) > 0 {
		mask &= w.weekdayMask(year)
	}
	if len(w.rule.ByYearDay) > 0 {
		mask &= w.yearDayMask(year)
	}
	if len(w.rule.ByWeekNo) > 0 {
		mask &= w.weekNoMask(year)
	}
	w.monthMask = mask
}

// weekdayMask returns the days of the month looked at that BYDAY admits.
func (w *walk) weekdayMask(year int) uint32 {
	var mask uint32
	first := weekday(w.monthFirst)
	for i := range w.monthLen {
		if w.weekdays>>((int(first)+i)%7)&1 == 1 {
			mask |= 1 << i
		}
	}
	for _, d := range w.numbered {
		// RFC 5545 section 3.3.10: within the month, or the year if that is the
		// period and no month is given.
		from, length := w.monthFirst, w.monthLen
		if w.freq == Yearly && w.months == 0 {
			from, length = civilDay(year, 1, 1), yearDays(year)
		}
		mask |= w.dayMask(nth(from, length, d))
	}
	return mask
}

// nth returns the day number of the N-th such weekday in the stretch, or one
// far away.
func nth(from, length int, d WeekdayNum) int {
	day := from + floorMod(int(d.Day-weekday(from)), 7) + (d.N-1)*7
	if d.N < 0 {
		last := from + length - 1
		day = last - floorMod(int(weekday(last)-d.Day), 7) + (d.N+1)*7
	}
	if day < from || day >= from+length {
		return math.MinInt
	}
	return day
}

// dayMask returns the mask of a day, none if it is outside the month.
func (w *walk) dayMask(day int) uint32 {
	if day < w.monthFirst || day >= w.monthFirst+w.monthLen {
		return 0
	}
	return 1 << (day - w.monthFirst)
}

func (w *walk) yearDayMask(year int) uint32 {
	var mask uint32
	from, length := civilDay(year, 1, 1), yearDays(year)
	for _, n := range w.rule.ByYearDay {
		switch {
		case n > 0 && n <= length:
			mask |= w.dayMask(from + n - 1)
		case n < 0 && -n <= length:
			mask |= w.dayMask(from + length + n)
		}
	}
	return mask
}

// weekNoMask returns the days in the weeks of BYWEEKNO. Days of a year may be
// in a week of the year before or after.
func (w *walk) weekNoMask(year int) uint32 {
	var mask uint32
	for y := year - 1; y <= year+1; y++ {
		first := firstWeek(y, w.rule.WeekStart)
		weeks := (firstWeek(y+1, w.rule.WeekStart) - first) / 7
		for _, n := range w.rule.ByWeekNo {
			if n < 0 {
				n += weeks + 1
			}
			if n < 1 || n > weeks {
				continue
			}
			for i := range 7 {
				mask |= w.dayMask(first + (n-1)*7 + i)
			}
		}
	}
	return mask
}

// firstWeek returns the first day of week 1: the first week with four days in
// the year (RFC 5545 section 3.3.10).
func firstWeek(year int, start time.Weekday) int {
	fourth := civilDay(year, 1, 4)
	return fourth - floorMod(int(weekday(fourth)-start), 7)
}

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
