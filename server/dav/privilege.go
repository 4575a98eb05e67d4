package dav

// Privilege is a set of privileges. A set that has an aggregate need not have
// what it contains: Expand adds that.
type Privilege uint32

// The privileges of RFC 3744 section 3, RFC 4791 section 6.1 and RFC 6638
// section 6.
const (
	Read Privilege = 1 << iota // contains ReadFreeBusy, as RFC 4791 section 6.1.1 says
	ReadFreeBusy
	ReadACL
	ReadCurrentUserPrivilegeSet
	Write // contains the four that follow
	WriteProperties
	WriteContent
	Bind
	Unbind
	WriteACL
	Unlock
	ScheduleDeliver // contains the three that follow
	ScheduleDeliverInvite
	ScheduleDeliverReply
	ScheduleQueryFreeBusy
	ScheduleSend // contains the three that follow
	ScheduleSendInvite
	ScheduleSendReply
	ScheduleSendFreeBusy
	All // contains everything
)

// privileges is the tree of privileges, an aggregate before what it contains.
// contains is the direct children; sum says that they make up the whole of it,
// as they do not for read. None is abstract.
var privileges = []struct {
	privilege   Privilege
	name        Name
	contains    Privilege
	sum         bool
	description string
}{
	{All, d("all"), Read | ReadACL | ReadCurrentUserPrivilegeSet | Write | WriteACL | Unlock | ScheduleDeliver | ScheduleSend, true, "Everything"},

	// RFC 3744 section 3, and RFC 4791 section 6.1.1.
	{Read, d("read"), ReadFreeBusy, false, "Read"},
	{ReadFreeBusy, c("read-free-busy"), 0, false, "See when the owner is busy"},
	{ReadACL, d("read-acl"), 0, false, "Read the access control list"},
	{ReadCurrentUserPrivilegeSet, d("read-current-user-privilege-set"), 0, false, "Read one's own privileges"},
	{Write, d("write"), WriteProperties | WriteContent | Bind | Unbind, true, "Write"},
	{WriteProperties, d("write-properties"), 0, false, "Change properties"},
	{WriteContent, d("write-content"), 0, false, "Change contents"},
	{Bind, d("bind"), 0, false, "Add members"},
	{Unbind, d("unbind"), 0, false, "Remove members"},
	{WriteACL, d("write-acl"), 0, false, "Change the access control list"},
	{Unlock, d("unlock"), 0, false, "Remove locks"},

	// RFC 6638 section 6.
	{ScheduleDeliver, c("schedule-deliver"), ScheduleDeliverInvite | ScheduleDeliverReply | ScheduleQueryFreeBusy, true, "Deliver scheduling messages"},
	{ScheduleDeliverInvite, c("schedule-deliver-invite"), 0, false, "Deliver invitations of an organizer"},
	{ScheduleDeliverReply, c("schedule-deliver-reply"), 0, false, "Deliver replies of an attendee"},
	{ScheduleQueryFreeBusy, c("schedule-query-freebusy"), 0, false, "Ask for free and busy time"},
	{ScheduleSend, c("schedule-send"), ScheduleSendInvite | ScheduleSendReply | ScheduleSendFreeBusy, true, "Send scheduling messages"},
	{ScheduleSendInvite, c("schedule-send-invite"), 0, false, "Send invitations as organizer"},
	{ScheduleSendReply, c("schedule-send-reply"), 0, false, "Send replies as attendee"},
	{ScheduleSendFreeBusy, c("schedule-send-freebusy"), 0, false, "Send requests for free and busy time"},
}

var (
	privilegeElement          = d("privilege")
	supportedPrivilegeElement = d("supported-privilege")
)

// Expand adds everything that the aggregates in p contain.
func (p Privilege) Expand() Privilege {
	for _, row := range privileges {
		if p&row.privilege != 0 {
			p |= row.contains
		}
	}
	return p
}

// Contains reports whether p, expanded, grants all of q: each itself, or for an
// aggregate all that it contains.
func (p Privilege) Contains(q Privilege) bool {
	has := p.Expand()
	for i := len(privileges) - 1; i >= 0; i-- {
		row := privileges[i]
		if row.sum && has&row.contains == row.contains {
			has |= row.privilege
		}
	}
	return has&q == q
}

// privilegeNamed returns the privilege of a name, 0 if there is none.
func privilegeNamed(name Name) Privilege {
	for _, row := range privileges {
		if row.name == name {
			return row.privilege
		}
	}
	return 0
}

// ReadPrivileges reads the DAV:privilege children of a DAV:grant or DAV:deny
// (RFC 3744 section 5.5.2). One that is unknown is the precondition
// not-supported-privilege of its section 8.1.1.
func ReadPrivileges(e *Element) (p Privilege, err error) {
	for _, child := range e.Children {
		if child.Name != privilegeElement || len(child.Children) != 1 {
			return 0, BadRequest("%s consists of DAV:privilege, each with one privilege.", e.Name.Local)
		}
		named := privilegeNamed(child.Children[0].Name)
		if named == 0 {
			return 0, Forbidden(NotSupportedPrivilege)
		}
		p |= named
	}
	return p, nil
}

// GrantElement returns a DAV:grant with a DAV:privilege for each in p.
func (p Privilege) GrantElement() *Element {
	e := New(Grant)
	for _, row := range privileges {
		if p&row.privilege != 0 {
			e.Children = append(e.Children, New(privilegeElement, New(row.name)))
		}
	}
	return e
}

// Privileges writes a DAV:privilege for each in p, as current-user-privilege-set
// and the grants of an acl list them.
func (w *Writer) Privileges(p Privilege) {
	for _, row := range privileges {
		if p&row.privilege != 0 {
			w.Start(privilegeElement)
			w.Empty(row.name)
			w.End(privilegeElement)
		}
	}
}

// SupportedPrivileges writes the tree of those in p, the contents of
// DAV:supported-privilege-set; p names the aggregates as well as what they
// contain. RFC 3744 section 5.3.
func (w *Writer) SupportedPrivileges(p Privilege) {
	w.supported(All, p|All)
}

func (w *Writer) supported(level, p Privilege) {
	for _, row := range privileges {
		if row.privilege&level&p == 0 {
			continue
		}
		w.Start(supportedPrivilegeElement)
		w.Start(privilegeElement)
		w.Empty(row.name)
		w.End(privilegeElement)
		w.Raw(`<D:description xml:lang="en">`)
		w.Text(row.description)
		w.End(Description)
		w.supported(row.contains, p)
		w.End(supportedPrivilegeElement)
	}
}

// element names the first privilege of p as an element.
func (p Privilege) element() *Element {
	e := New(privilegeElement)
	for _, row := range privileges {
		if p&row.privilege != 0 {
			e.Children = append(e.Children, New(row.name))
			break
		}
	}
	return e
}
