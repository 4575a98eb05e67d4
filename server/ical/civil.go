package ical

import "time"

// A clock reading is kept as the number of seconds since 1970-01-01 00:00:00
// on that clock, without regard to any zone: "wall seconds". Days are counted
// from the same date.

const daySeconds = 24 * 60 * 60

// civilDay returns the day number of a date of the proleptic Gregorian
// calendar.
func civilDay(year, month, day int) int {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1 // from 1 March
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}

// civilDate is the inverse of civilDay.
func civilDate(n int) (year, month, day int) {
	n += 719468
	era := floorDiv(n, 146097)
	dayOfEra := n - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*m+2)/5 + 1
	month = (m+2)%12 + 1
	year = yearOfEra + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// wall returns the wall seconds of t's clock in its location.
func wall(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}

// weekday returns the day of the week of a day number.
func weekday(day int) time.Weekday { return time.Weekday(floorMod(day+4, 7)) }

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func yearDays(year int) int {
	if leap(year) {
		return 366
	}
	return 365
}

func monthDays(year, month int) int {
	switch month {
	case 2:
		return yearDays(year) - 337
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// dayOf returns the day number of wall seconds.
func dayOf(w int64) int { return int(floorDiv(w, daySeconds)) }

type integer interface{ ~int | ~int64 }

func floorDiv[T integer](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod[T integer](a, b T) T { return a - floorDiv(a, b)*b }
