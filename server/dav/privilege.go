package dav

// Privilege is a set of privileges.
type Privilege uint32

// The privileges of RFC 3744 section 3, RFC 4791 section 6.1 and RFC 6638
// section 6.
const (
	Read Privilege = 1 << iota
	ReadACL
	ReadCurrentUserPrivilegeSet
	ReadFreeBusy
	WriteProperties
	WriteContent
	Bind
	Unbind
	Unlock
	WriteACL
	ScheduleDeliverInvite
	ScheduleDeliverReply
	ScheduleQueryFreeBusy
	ScheduleSendInvite
	ScheduleSendReply
	ScheduleSendFreeBusy
	Write           // aggregates WriteProperties, WriteContent, Bind and Unbind
	ScheduleDeliver // aggregates
	ScheduleSend    // aggregates
	All             // aggregates everything
)

// Expand adds everything that the aggregates in p contain, and the aggregates
// that p is complete for.
func (p Privilege) Expand() Privilege { return 0 }

// Contains reports whether p, expanded, grants all of q.
func (p Privilege) Contains(q Privilege) bool { return false }

// PrivilegeNamed returns the privilege of a name, 0 if there is none.
func PrivilegeNamed(name Name) Privilege { return 0 }

// Privileges writes a DAV:privilege for each in p, as current-user-privilege-set
// lists them.
func (w *Writer) Privileges(p Privilege) {}

// SupportedPrivileges writes the tree of those in p, the contents of
// DAV:supported-privilege-set.
func (w *Writer) SupportedPrivileges(p Privilege) {}

func (p Privilege) element() *Element { return nil }
