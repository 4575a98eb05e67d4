// Package ical reads, judges, computes with and writes iCalendar objects.
//
// It covers RFC 5545 with the additions that calendar clients send: RFC 6868
// (parameter values), RFC 7529 (rules in the terms of the calendars in [RScales],
// and SKIP; rules of others are kept but not expanded), RFC 7953 (availability), RFC 7986 and
// RFC 9074 (kept, they need no understanding), and the parts of RFC 4791 that
// are about calendar data alone: what makes a calendar object resource
// (section 4.1), time ranges (section 9.9), expanding and limiting
// (section 9.6). It knows nothing of HTTP, XML, the store or scheduling.
//
// Invariants:
//
//   - What is not changed is written back byte for byte: [Parse] followed by
//     [Component.Bytes] is the identity, whatever folding, case, line ends or
//     unknown names the source had. Only a property that was changed is
//     written afresh.
//   - Reading never repairs. Wrong data is either refused by [Parse] (it has
//     no lines to keep) or kept, and named by [Check].
//   - No input makes a call run without bound: parsing is linear, recurrence
//     works on a budget.
//   - A local time that does not exist is read with the offset before the gap,
//     one that exists twice is the first (RFC 5545 section 3.3.5).
//   - Components and properties are not safe for concurrent change. Reading
//     them from several goroutines is safe.
package ical
