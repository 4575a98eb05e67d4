// Package dav is WebDAV the protocol: elements, multi-status answers, property
// tables, errors, headers, hrefs and privileges. It knows no calendar, no store
// and no person; what a resource is, its user says through [Resource] and the
// rows of a [Table].
//
// It obeys RFC 4918 (WebDAV), RFC 3744 (privileges), RFC 5689 (extended MKCOL),
// RFC 6578 (sync tokens as state tokens), RFC 7240 and RFC 8144 (Prefer) and
// RFC 9110 (entity tags and preconditions).
//
// Invariants:
//   - What is read is well-formed, uses declared prefixes only, carries no
//     document type declaration and stays within the given [Limits].
//   - What is written is well-formed whatever a property contains, and binds the
//     same prefixes in every answer, once, at the root.
//   - An answer is never held in memory as a whole: at most one response and a
//     buffer of [flushSize] are.
//   - [WriteError] is the only function that answers an error.
package dav
