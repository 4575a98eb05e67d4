package ical

import (
	"math"
	"sync/atomic"

	lunar "github.com/6tail/lunar-go/calendar"
)

// The years of other calendars than the Gregorian. Arithmetic and epochs are those of Reingold and Dershowitz,
// Calendrical Calculations, whose days ("fixed dates") are counted from this one.
const fixedDate = 719_163 // of 1970-01-01

const (
	copticEpoch   = 103_605 - fixedDate
	ethiopicEpoch = 2_796 - fixedDate
	islamicEpoch  = 227_015 - fixedDate
	hebrewEpoch   = -1_373_427 - fixedDate
	persianEpoch  = 226_895 - fixedDate
)

// copticYear has twelve months of 30 days and what is left of the year.
func copticYear(year int) yearShape { return julianYear(copticEpoch, year) }

func ethiopicYear(year int) yearShape { return julianYear(ethiopicEpoch, year) }

func julianYear(epoch, year int) yearShape {
	s := uniform(epoch+365*(year-1)+floorDiv(year, 4), 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 5)
	if floorMod(year, 4) == 3 {
		s.lengths[12]++
	}
	return s
}

func julianGuess(epoch int) func(day int) int {
	return func(day int) int { return floorDiv(4*(day-epoch)+1463, 1461) }
}

// hebrewYear counts from Tishri; Adar I, which leap years have, is the leap month of the fifth (RFC 7529 section 4.3).
func hebrewYear(year int) yearShape {
	first, next := hebrewNewYear(year), hebrewNewYear(year+1)
	s := uniform(first, 30, 29, 30, 29, 30, 29, 30, 29, 30, 29, 30, 29)
	length := next - first
	if length > 380 {
		s = uniform(first, 30, 29, 30, 29, 30, 30, 29, 30, 29, 30, 29, 30, 29)
		s.leap = 6
		length -= 30
	}
	switch length {
	case 353:
		s.lengths[2]-- // Kislev
	case 355:
		s.lengths[1]++ // Heshvan
	}
	return s
}

func hebrewNewYear(year int) int {
	before, this, next := hebrewElapsed(year-1), hebrewElapsed(year), hebrewElapsed(year+1)
	day := hebrewEpoch + this
	switch {
	case next-this == 356:
		day += 2
	case this-before == 382:
		day++
	}
	return day
}

// hebrewElapsed is the number of days from the epoch to the mean new moon of Tishri, put off by the day of the week.
func hebrewElapsed(year int) int {
	months := hebrewMonths(year)
	days := 29*months + floorDiv(12_084+13_753*months, 25_920)
	if floorMod(3*(days+1), 7) < 3 {
		days++
	}
	return days
}

// hebrewMonths is the number of months before a year.
func hebrewMonths(year int) int { return floorDiv(235*year-234, 19) }

func hebrewGuess(day int) int { return floorDiv((day-hebrewEpoch)*98_496, 35_975_351) + 1 }

// islamicYear is the one of the civil, or tabular, calendar: eleven of thirty years have a day more.
func islamicYear(epoch int) func(year int) yearShape {
	return func(year int) yearShape {
		s := uniform(epoch+354*(year-1)+floorDiv(3+11*year, 30), 30, 29, 30, 29, 30, 29, 30, 29, 30, 29, 30, 29)
		if floorMod(14+11*year, 30) < 11 {
			s.lengths[11]++
		}
		return s
	}
}

func islamicGuess(day int) int { return floorDiv(30*(day-islamicEpoch)+10_646, 10_631) }

// indianYear is the one of the national calendar (Saka), which follows the Gregorian.
func indianYear(year int) yearShape {
	isLeap := leap(year + 78)
	s := uniform(civilDay(year+78, 3, 22), 30, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 30)
	if isLeap {
		s.first--
		s.lengths[0]++
	}
	return s
}

func indianGuess(day int) int {
	year, _, _ := civilDate(day)
	return year - 78
}

// persianYear is the one of the arithmetic calendar of 33 years, which agrees with the astronomical one from 1178 to 1633.
func persianYear(year int) yearShape {
	start := func(y int) int { return persianEpoch + 365*(y-1) + floorDiv(8*y+21, 33) }
	s := uniform(start(year), 31, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 29)
	if start(year+1)-s.first == 366 {
		s.lengths[11]++
	}
	return s
}

func persianGuess(day int) int { return floorDiv(33*(day-persianEpoch), 12_053) + 1 }

// chineseYears are those computed so far, from 1900 on: astronomy takes its time.
var chineseYears [201]atomic.Pointer[yearShape]

// chineseYear is a year of the Chinese calendar, called by the Gregorian year in which it begins.
func chineseYear(year int) yearShape {
	place := &chineseYears[year-1900]
	if s := place.Load(); s != nil {
		return *s
	}
	s := yearShape{}
	for e := lunar.NewLunarYear(year).GetMonthsInYear().Front(); e != nil; e = e.Next() {
		m := e.Value.(*lunar.LunarMonth)
		if s.months == 0 {
			s.first = int(math.Floor(m.GetFirstJulianDay()+0.5)) - 2_440_588 // the Julian day of 1970-01-01
		}
		s.lengths[s.months] = uint8(m.GetDayCount())
		s.months++
		if m.IsLeap() {
			s.leap = s.months
		}
	}
	place.Store(&s)
	return s
}

// chineseMonths is the number of months from 1901 to a year.
func chineseMonths(year int) (n int) {
	for y := 1901; y < year; y++ {
		s := chineseYear(y)
		n += s.months
	}
	return n
}

func chineseGuess(day int) int {
	year, _, _ := civilDate(day)
	return year
}
