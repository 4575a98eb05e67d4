package ical

import (
	"math"
	"time"
)

// addMonth adds the days that the month admits.
func (w *walk) addMonth(year, month int) {
	w.loadMonth(year, month)
	for i := range eachBit(uint64(w.monthMask)) {
		w.days = append(w.days, w.monthFirst+i)
	}
	// RFC 7529 section 4.1: a missing day becomes the next month's first.
	if w.rule.Skip == Forward && w.monthDays>>w.monthLen != 0 && w.admitsMonth(year, month) {
		w.days = append(w.days, w.monthFirst+w.monthLen)
	}
}

// admitsMonth says whether BYMONTH lets a month of a year through.
func (w *walk) admitsMonth(year, month int) bool {
	if w.anyMonth {
		return true
	}
	if w.monthsOf != year {
		w.monthsOf, w.months = year, 0
		for _, number := range w.rule.ByMonth {
			w.months |= 1 << w.cal.place(year, number, false)
		}
		for _, number := range w.rule.ByLeapMonth {
			w.months |= 1 << w.leapMonth(year, number)
		}
	}
	return w.months>>month&1 == 1
}

// leapMonth is the month of the year that a leap month of BYMONTH means, 0 if none. In a year that does not have it that is
// what SKIP says (RFC 7529 section 4.1).
func (w *walk) leapMonth(year, number int) (month int) {
	if month = w.cal.place(year, number, true); month > 0 {
		return month
	}
	switch w.rule.Skip {
	case Backward:
		return w.cal.place(year, number, false)
	case Forward:
		return w.cal.place(year, number+1, false)
	}
	return 0
}

// admits says whether the rule's parts about days let the day through.
func (w *walk) admits(day int) bool {
	if day < w.monthFirst || day >= w.monthFirst+w.monthLen {
		year, month, _ := w.cal.date(day)
		w.loadMonth(year, month)
	}
	return w.monthMask>>(day-w.monthFirst)&1 == 1
}

// loadMonth computes the mask of the days that the month admits.
func (w *walk) loadMonth(year, month int) {
	w.monthFirst = w.cal.first(year, month)
	w.monthLen = w.cal.first(year, month+1) - w.monthFirst
	w.monthMask = 0
	if !w.admitsMonth(year, month) {
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
		if w.freq == Yearly && w.anyMonth {
			from, length = w.year(year)
		}
		mask |= w.dayMask(nth(from, length, d))
	}
	return mask
}

// year returns the first day of a year and how many it has.
func (w *walk) year(year int) (first, length int) {
	first = w.cal.first(year, 1)
	return first, w.cal.first(year, w.cal.months(year)+1) - first
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
	from, length := w.year(year)
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
		from, length := w.year(y)
		first := firstWeek(from, w.rule.WeekStart)
		weeks := (firstWeek(from+length, w.rule.WeekStart) - first) / 7
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

// firstWeek returns the first day of week 1 of a year that begins with a day:
// the first week with four days in the year (RFC 5545 section 3.3.10).
func firstWeek(newYear int, start time.Weekday) int {
	fourth := newYear + 3
	return fourth - floorMod(int(weekday(fourth)-start), 7)
}
