package store

import (
	"math"
	"time"
)

// Bounds of Object.FirstStart and Object.LastEnd for what has no beginning or no end.
const (
	NoStart int64 = math.MinInt64
	NoEnd   int64 = math.MaxInt64
)

// Object is one calendar object resource (RFC 4791 section 4.1) or another member of a collection. Which of its
// fields are filled depends on the Part that was asked for.
type Object struct {
	// Filled with Tags.
	Name   string // its path segment, decoded; unique in the collection
	ETag   string // hex digits of a hash of Data, without quotes
	Change int64  // number of the change that last wrote it

	// Filled with Facts.
	ID           int64 // never reused; survives a move
	CollectionID int64
	UID          string
	Component    string // e.g. VEVENT
	ScheduleTag  string // RFC 6638 section 3.2.10, without quotes; "" is none
	Size         int64  // of Data, in octets
	FirstStart   int64  // Unix seconds, NoStart if it has no beginning
	LastEnd      int64  // Unix seconds, NoEnd if it goes on for ever
	Organizer    string
	Recurring    bool
	Created      time.Time
	Modified     time.Time

	// Filled with Whole.
	Data []byte
}

// Part says how much of an object is wanted. Each holds the one before it.
type Part int

// The parts of an object, cheapest first.
const (
	Tags  Part = iota // Name, ETag, Change: what a listing of tags needs
	Facts             // everything but Data
	Whole             // Data as well
)

// NewObject is what the caller decides of an object to be written. The store keeps Data octet by octet and makes the
// rest of Object; the facts are the caller's reading of Data.
type NewObject struct {
	Name        string
	UID         string
	Component   string
	ScheduleTag string
	FirstStart  int64 // Unix seconds or NoStart
	LastEnd     int64 // Unix seconds or NoEnd
	Organizer   string
	Recurring   bool
	Data        []byte
}
