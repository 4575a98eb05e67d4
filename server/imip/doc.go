// Package imip is RFC 6047: it carries iTIP messages by mail to and from people who are not in the directory.
//
// A message goes into the queue of the store in the transaction of the change that it comes of, and is sent after it.
// The address that a recipient answers to has a token in it, random and made for one owner, event and recipient: whoever
// knows it may answer in that name, whatever address he writes from, as with a letter's reply card.
//
// It knows SMTP, IMAP, MIME and the queue; whose copy a message changes, package schedule knows, which cmd joins to it.
//
// Invariants:
//
//   - An event that was not changed sends nothing, and a change that was made sends its messages, whatever ends the
//     program in between.
//   - A message is sent by one process at a time, and once it is known to be sent, never again. If the program ends, or
//     the connection breaks, between the mail server's taking a message and our noting it, it is sent once more, as the
//     same mail with the same Message-ID, which mail servers and programs show once. SMTP has no better.
//   - Messages to one recipient about one event are sent in their order.
//   - A mail is acted upon in the transaction that notes it as read: once. It is moved to a folder after that, and is never
//     deleted.
//   - Whatever a mail holds, reading it ends with a message or a reason, in bounded memory.
package imip
