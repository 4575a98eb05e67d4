// Package signing says who vouches for a configuration profile: it holds signing identities, wraps profiles in CMS
// (RFC 5652), reads and judges signed profiles, and keeps calport's own certificate authority (RFC 5280).
//
// It does not know what a profile contains: content is bytes. It knows no configuration, no HTTP and no directory, and
// imports nothing else of calport.
//
// Invariants:
//   - What [Identity.Sign] returns is DER, SHA-256, has a signing time, embeds the leaf and its intermediates and no
//     root, and was verified by the reader of this package, which shares no code with the library that signed it.
//   - [Verify] takes foreign bytes: it is linear in its input, bounded in size ([MaxSize]) and in depth, and never panics.
//   - An [Authority] never writes a private key to a file that anybody but its owner can read, nor reads it from one.
//   - An [Identity] never changes; it is safe for concurrent use.
package signing
