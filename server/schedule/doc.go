// Package schedule is RFC 6638: it turns a change of a calendar object into deliveries, and answers who is busy when.
//
// It is the shell around package itip, which says what a change means: this package fetches the copies from the store,
// asks the directory who is who, calls, and stores. It knows neither HTTP nor which URL leads where, and decides nothing
// that RFC 5546 decides.
//
// Invariants:
//
//   - A scheduling change and all its deliveries inside the directory are one transaction of the store: an invitation
//     is sent to everybody or to nobody, and a room has answered when the organizer's write returns.
//   - Two writers of the same room, like any two writers, take turns; so one of them finds it taken.
//   - What is not done at once (telling the other attendees of a reply) is written down in that transaction, and done
//     exactly once, even if the program ends in between.
//   - An object without ORGANIZER costs nothing here.
package schedule
