package ical

import (
	"maps"
	"slices"
)

// chronology cuts days into months and years. Months are counted within their year, leap months among them, from 1.
type chronology interface {
	date(day int) (year, month, dayOfMonth int)
	first(year, month int) int // its first day; month may be one more than the year has
	months(year int) int
	plus(year, month, n int) (y, m int)             // n months later, n not negative
	since(year, month, fromYear, fromMonth int) int // how many months later one is than another, which is no later
	place(year, number int, leap bool) (month int)  // the month that bears a number; 0 if the year has none
	name(year, month int) (number int, leap bool)   // the inverse of place
	years() (from, to int)                          // those that can be computed
}

// chronologies are the calendars in whose terms a rule may be written, by RSCALE (RFC 7529 section 3, whose names are
// those of CLDR). Those of eras have the months of the Gregorian calendar and count only their years otherwise.
var chronologies = map[string]func() chronology{
	"GREGORIAN": func() chronology { return gregorian{} },
	"BUDDHIST":  func() chronology { return gregorian{} },
	"JAPANESE":  func() chronology { return gregorian{} },
	"ROC":       func() chronology { return gregorian{} },

	"CHINESE": func() chronology {
		return &foreign{shape: chineseYear, from: 1901, to: 2099, guess: chineseGuess, before: chineseMonths}
	},
	"COPTIC": func() chronology {
		return &foreign{shape: copticYear, from: 1, to: 9715, guess: julianGuess(copticEpoch), before: thirteen}
	},
	"ETHIOPIC": func() chronology {
		return &foreign{shape: ethiopicYear, from: 1, to: 9991, guess: julianGuess(ethiopicEpoch), before: thirteen}
	},
	"ETHIOPIC-AMETE-ALEM": func() chronology {
		return &foreign{shape: ethiopicYear, from: 1, to: 9991, guess: julianGuess(ethiopicEpoch), before: thirteen}
	},
	"HEBREW": func() chronology {
		return &foreign{shape: hebrewYear, from: 1, to: 13759, guess: hebrewGuess, before: hebrewMonths}
	},
	"INDIAN": func() chronology {
		return &foreign{shape: indianYear, from: 1, to: 9920, guess: indianGuess, before: twelve}
	},
	"ISLAMIC-CIVIL": func() chronology {
		return &foreign{shape: islamicYear(islamicEpoch), from: 1, to: 9665, guess: islamicGuess, before: twelve}
	},
	"ISLAMIC-TBLA": func() chronology {
		return &foreign{shape: islamicYear(islamicEpoch - 1), from: 1, to: 9665, guess: islamicGuess, before: twelve}
	},
	"PERSIAN": func() chronology {
		return &foreign{shape: persianYear, from: 1, to: 9377, guess: persianGuess, before: twelve}
	},
}

// RScales returns the calendars in whose terms rules are computed (RFC 7529 section 6), sorted.
func RScales() []string { return slices.Sorted(maps.Keys(chronologies)) }

// gregorian is the calendar of RFC 5545.
type gregorian struct{}

func (gregorian) date(day int) (year, month, dayOfMonth int) { return civilDate(day) }

func (gregorian) first(year, month int) int { return civilDay(year+(month-1)/12, (month-1)%12+1, 1) }

func (gregorian) months(int) int { return 12 }

func (gregorian) plus(year, month, n int) (y, m int) {
	n += month - 1
	return year + n/12, n%12 + 1
}

func (gregorian) since(year, month, fromYear, fromMonth int) int {
	return (year-fromYear)*12 + month - fromMonth
}

func (gregorian) place(_, number int, leap bool) (month int) {
	if leap || number > 12 {
		return 0
	}
	return number
}

func (gregorian) name(_, month int) (number int, leap bool) { return month, false }

func (gregorian) years() (from, to int) { return 0, lastYear }

// foreign is a calendar that is told by the shapes of its years. It remembers what it looked at last, so it is for one
// goroutine.
type foreign struct {
	shape    func(year int) yearShape
	from, to int                // years
	guess    func(day int) int  // a year not far from the day's
	before   func(year int) int // how many months there are before a year, from any year on

	year  int // of known
	known yearShape
}

// yearShape is how a year is cut: its first day, and the lengths of its months.
type yearShape struct {
	first   int
	months  int
	leap    int // which month is a leap month, called after the one before it; 0: none
	lengths [13]uint8
}

// start is the first day of a month.
func (s *yearShape) start(month int) int {
	day := s.first
	for _, n := range s.lengths[:month-1] {
		day += int(n)
	}
	return day
}

// uniform is the shape of a year of months of the given lengths.
func uniform(first int, lengths ...uint8) yearShape {
	s := yearShape{first: first, months: len(lengths)}
	copy(s.lengths[:], lengths)
	return s
}

func twelve(year int) int { return 12 * year }

func thirteen(year int) int { return 13 * year }

func (f *foreign) at(year int) *yearShape {
	if f.year != year || f.known.months == 0 {
		f.year, f.known = year, f.shape(year)
	}
	return &f.known
}

func (f *foreign) date(day int) (year, month, dayOfMonth int) {
	year = min(max(f.guess(day), f.from), f.to)
	for year >= f.from && f.at(year).first > day {
		year--
	}
	for year <= f.to && year >= f.from && f.at(year).start(f.at(year).months+1) <= day {
		year++
	}
	if year < f.from || year > f.to {
		return year, 1, 1
	}
	s := f.at(year)
	left := day - s.first
	for month = 1; left >= int(s.lengths[month-1]); month++ {
		left -= int(s.lengths[month-1])
	}
	return year, month, left + 1
}

func (f *foreign) first(year, month int) int { return f.at(year).start(month) }

func (f *foreign) months(year int) int { return f.at(year).months }

func (f *foreign) plus(year, month, n int) (y, m int) {
	n += f.before(year) + month - 1
	if n >= f.before(f.to+1) {
		return f.to + 1, 1
	}
	y = min(max(f.from+(n-f.before(f.from))*19/235, f.from), f.to) // as many years as have leap months
	for f.before(y) > n {
		y--
	}
	for f.before(y+1) <= n {
		y++
	}
	return y, n - f.before(y) + 1
}

func (f *foreign) since(year, month, fromYear, fromMonth int) int {
	return f.before(year) + month - f.before(fromYear) - fromMonth
}

func (f *foreign) place(year, number int, leap bool) (month int) {
	s := f.at(year)
	month = number
	if leap || s.leap > 0 && number >= s.leap {
		month++
	}
	if month > s.months || leap != (month == s.leap) {
		return 0
	}
	return month
}

func (f *foreign) name(year, month int) (number int, leap bool) {
	s := f.at(year)
	if s.leap > 0 && month >= s.leap {
		return month - 1, month == s.leap
	}
	return month, false
}

func (f *foreign) years() (from, to int) { return f.from, f.to }
