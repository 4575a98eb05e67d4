// Package itip is RFC 5546 (iTIP) as pure functions, with the rules that RFC
// 6638 and Apple's Calendar Server put on top of it: what an organizer's or an
// attendee's change of a calendar object means, which messages go out, and
// what a message does to the copy of the one who gets it.
//
// It has no clock, no store, no network and no directory. The time and what is
// known about calendar user addresses come in a [Context]; what is to be
// stored and sent comes back as values. The caller (package schedule) finds
// the copies, stores the results and carries the messages.
//
//	organizer writes    Organize     -> object, messages
//	organizer deletes   CancelAll    -> messages
//	attendee writes     Attend, AttendNew -> object, reply
//	attendee deletes    DeclineAll   -> reply
//	message arrives     Deliver      -> copy, changes (Request, Cancel, Reply)
//	after a reply       Refresh      -> messages to the other attendees
//	a room decides      Answer       -> copy, reply
//	mail arrives        ReadMessage  -> message
//
// What an attendee removes from his copy of a series he declines, and does not
// see again until he is asked anew. Apple's server keeps such instances as
// hidden components and takes them out whenever the copy is read; here the copy
// itself says so, by the EXDATE that the client sent. What is stored is what is
// read.
//
// Groups as attendees are expanded here, by what Context.Members says of them.
// Not here: delegation by a client's write, which RFC 6638 leaves to the client.
//
// Invariants:
//
//   - No argument is changed and no result shares a component or property with
//     an argument.
//   - The functions are deterministic: messages come in the order in which
//     their attendees first stand in the object.
//   - Whatever the data, a call ends within the bounds of package ical, and
//     with an error or a result, never a panic.
//   - The organizer's copy and the recipients' keep every component, property
//     and parameter that no rule here is about, byte for byte.
package itip
