// Package caldav is the calendar server proper: what stands under /principals/ and /calendars/, and what each HTTP
// method, property and report does there.
//
// It obeys RFC 4918 (WebDAV class 1 and 3), RFC 3744 (privileges), RFC 4791 (CalDAV), RFC 5397 (current-user-principal),
// RFC 5689 (extended MKCOL), RFC 5995 (POST of new members), RFC 6578 (sync), RFC 7240 and RFC 8144 (Prefer), and the
// extensions that Apple's clients ask for. It does not authenticate (package server does, and says who asks by [WithPrincipal]), does not know where
// people come from (package directory's Snapshot is all it reads), and holds no SQL (package store).
//
// # Four tables
//
// The server is a product of four sets, each written down once:
//
//   - kinds (kind.go): what resources there are, and how their URLs look (location.go);
//   - methods (methods.go): which method works on which kind, with which privilege;
//   - properties (properties.go): which property stands on which kind, how it is read and set;
//   - reports (reports.go): which report is asked of which kind, with which privilege.
//
// grants (access.go) says who holds which privilege on which kind. One dispatcher (server.go) walks them. Allow, the
// DAV header, supported-report-set, supported-privilege-set and current-user-privilege-set are derived from the tables,
// so that nothing is offered that does not work and nothing works without its privilege.
//
// # Invariants
//
//   - No method runs before its privilege was checked; no report either.
//   - A person's data is keyed by GUID; names in URLs are aliases of it. Answers name the resources of a request as the
//     client addressed them, everything else by its canonical URL.
//   - What a client PUTs is kept byte for byte, and then the answer has its strong ETag; when the server had to change
//     something the answer has none (RFC 4791 section 5.3.4).
//   - PROPPATCH and MKCALENDAR are all or nothing.
//   - Everything a method changes, it changes in one transaction, in which its preconditions were tested.
//   - A Depth:0 PROPFIND of a home or what is in it, live properties only, asks the store nothing that it has not in
//     memory; a Depth:1 one asks once.
//
// # Divergences
//
//   - A UID is unique in all calendars of a home, not only in one calendar (RFC 4791 section 4.1 asks for less).
//   - A calendar holds one type of component; a MKCALENDAR for more is refused.
//   - A MKCALENDAR that fails for its properties is answered 207 with a DAV:multistatus, as Apple's server does and
//     clients know; RFC 4791 section 5.3.1 leaves the form open.
//   - PROPFIND with Depth: infinity is refused on every collection (RFC 4918 section 9.1 allows it).
//   - Collections of people are not listed by PROPFIND: people are found by searching.
//   - A CALDAV:calendar-timezone that cannot be understood is kept, and not used: were it refused, Apple's clients would
//     show a lasting warning.
//   - A time zone that is known by name is that of the IANA database, whatever VTIMEZONE the data brings along: rules change
//     with little notice (RFC 7808 section 1), and old clients send old ones.
//   - Data without VTIMEZONE is handed out as it was stored, unless the request says CalDAV-Timezones: T.
//   - X-CALENDARSERVER-ACCESS keeps an event from others, CLASS alone does not, as in Apple's server: clients set it on what
//     delegates have to see.
//   - Some broken data is put right when it is stored (repair.go), and then no ETag is answered.
package caldav
