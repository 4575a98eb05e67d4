// Package imip is RFC 6047: it carries iTIP messages by mail to and from people who are not in the directory.
//
// It knows SMTP, IMAP, MIME and the queue of the store; it does not know whose copy a message changes: package schedule
// does, which cmd joins to it.
package imip
