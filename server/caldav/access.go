package caldav

import (
	"slices"
	"strings"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
)

// role is what the one who asks is to the one whose resource it is. Later ones include the earlier.
type role uint8

const (
	unseen        role = iota // somebody from whom the owner is hidden
	stranger                  // anybody else who has signed in
	readDelegate              // may read the calendars
	writeDelegate             // acts for the owner
	owner
	administrator
)

// look is what all need who may see something at all.
const look = dav.Read | dav.ReadCurrentUserPrivilegeSet

// grants is who may do what where. A role has what is granted to it and to all before it.
var grants = []struct {
	to  role
	on  dav.Kind
	may dav.Privilege
}{
	{unseen, discovery | principals, look}, // everybody looks up whom an event or an href names
	{unseen, inbox, dav.ScheduleDeliver},   // and may invite
	{stranger, calendar, dav.ReadFreeBusy}, // and may know when somebody is busy

	{readDelegate, home | calendar | subscription | object, look},
	{readDelegate, calendar | subscription, dav.WriteProperties}, // colours of one's own, as in Apple's server

	{writeDelegate, home | calendar | subscription | object | inbox | message, look | dav.Write | dav.Unlock},
	{writeDelegate, outbox, look | dav.ScheduleSend}, // in the owner's name

	{owner, inHome | principals, dav.All},
	{administrator, everything, dav.All},
}

// allowed is grants, summed up for a role on a kind: filled once from the table, read on every request.
var allowed = func() (sum [administrator + 1]map[dav.Kind]dav.Privilege) {
	for to := range sum {
		sum[to] = map[dav.Kind]dav.Privilege{}
		for _, k := range kinds {
			for _, g := range grants {
				if g.to <= role(to) && g.on&k.kind != 0 {
					sum[to][k.kind] |= g.may
				}
			}
			sum[to][k.kind] = sum[to][k.kind].Expand()
		}
	}
	return sum
}()

// roleOn is what the visitor is to the owner of a resource, nil for a resource that is nobody's.
func (v *visit) roleOn(whose *directory.Principal) role {
	switch {
	case v.admin:
		return administrator
	case whose == nil:
		return stranger
	case v.isVisitor(whose):
		return owner
	}
	switch delegates := v.delegatesOf(whose); {
	case v.isAmong(delegates.Write):
		return writeDelegate
	case v.isAmong(delegates.Read):
		return readDelegate
	case v.finds != nil && !v.finds(whose):
		return unseen
	}
	return stranger
}

// sees says whether the visitor may find somebody: by the rule, or because one works for the other.
func (v *visit) sees(whom *directory.Principal) bool {
	return v.finds == nil || v.roleOn(whom) != unseen || v.worksFor(whom)
}

// worksFor says whether the visitor has made somebody his delegate.
func (v *visit) worksFor(whom *directory.Principal) bool {
	own := v.delegatesOf(v.who)
	return slices.ContainsFunc(slices.Concat(own.Read, own.Write), func(guid string) bool {
		return strings.EqualFold(guid, whom.GUID) || v.people.IsMember(whom.GUID, guid)
	})
}

// isAmong says whether the visitor is one of these people or a member of one of these groups.
func (v *visit) isAmong(guids []string) bool {
	return slices.ContainsFunc(guids, func(guid string) bool {
		return strings.EqualFold(guid, v.who.GUID) || v.people.IsMember(v.who.GUID, guid)
	})
}

// privileges is what the visitor may do with a resource.
func (r *resource) privileges() dav.Privilege {
	may := allowed[r.role][r.kind]
	if r.kind&proxies != 0 && r.role == writeDelegate && r.whose.Place != nil {
		may |= dav.WriteProperties.Expand() // nobody signs in as a room: who works for it says who else does
	}
	if r.role < owner && r.collection != nil {
		may |= r.givenToVisitor()
	}
	switch r.access { // caldav-privateevents section 4.2.3
	case ical.Private:
		return 0
	case ical.Confidential, ical.Restricted:
		may &^= dav.Write.Expand()
	}
	return may
}

// require is nil if the visitor holds the privilege on the resource, and says which one is lacking otherwise
// (RFC 3744 section 7.1.1).
func (r *resource) require(p dav.Privilege) error {
	if p == 0 || r.privileges().Contains(p) {
		return nil
	}
	return dav.NeedPrivilege(r.href, p)
}
