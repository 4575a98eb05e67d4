package caldav

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"calport/directory"
	"calport/server/dav"
	"calport/server/schedule"
)

// Getters of the properties of principals: people, groups, places, and the two proxy groups of each.

func getAlternateURISet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Empty(dav.AlternateURISet)
	return nil
}

func getPrincipalURL(w *dav.Writer, _ *dav.Element, r *resource) error {
	href := principalHref(r.whose)
	if r.kind&proxies != 0 {
		href = proxyHref(r.whose, r.kind)
	}
	writeHref(w, dav.PrincipalURL, href)
	return nil
}

// members are the direct members of the group that a principal is: of a group, or of a proxy group.
func (r *resource) members() []*directory.Principal {
	var guids []string
	switch r.kind {
	case proxyRead:
		guids = r.delegatesOf(r.whose).Read
	case proxyWrite:
		guids = r.delegatesOf(r.whose).Write
	default:
		guids = r.whose.Members
	}
	var all []*directory.Principal
	for _, guid := range guids {
		if p := r.people.ByGUID(guid); p != nil && r.sees(p) {
			all = append(all, p)
		}
	}
	return all
}

func getGroupMemberSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	writeHrefs(w, dav.GroupMemberSet, principalHrefs(r.members())...)
	return nil
}

// getExpandedGroupMemberSet lists the members of members as well, groups among them.
func getExpandedGroupMemberSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	all := r.members()
	has := make(map[*directory.Principal]bool, len(all))
	for _, p := range all {
		has[p] = true
	}
	for i := 0; i < len(all); i++ { // all grows
		for _, guid := range all[i].Members {
			if p := r.people.ByGUID(guid); p != nil && !has[p] && r.sees(p) {
				has[p] = true
				all = append(all, p)
			}
		}
	}
	writeHrefs(w, dav.ExpandedGroupMemberSet, principalHrefs(all)...)
	return nil
}

// getGroupMembership lists the groups that the principal is a direct member of, and the proxy groups of those who have
// made it their delegate (RFC 3744 section 4.4).
func getGroupMembership(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.kind != principal {
		w.Empty(dav.GroupMembership)
		return nil
	}
	var direct []*directory.Principal
	for _, group := range r.people.MemberOf(r.whose.GUID) {
		if slices.ContainsFunc(group.Members, func(guid string) bool { return strings.EqualFold(guid, r.whose.GUID) }) {
			direct = append(direct, group)
		}
	}
	writeHrefs(w, dav.GroupMembership, append(principalHrefs(direct), r.proxyGroups()...)...)
	return nil
}

func getExpandedGroupMembership(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.kind != principal {
		w.Empty(dav.ExpandedGroupMembership)
		return nil
	}
	groups := principalHrefs(r.people.MemberOf(r.whose.GUID))
	writeHrefs(w, dav.ExpandedGroupMembership, append(groups, r.proxyGroups()...)...)
	return nil
}

// proxyGroups are the proxy groups that the principal is in.
func (r *resource) proxyGroups() []string {
	var hrefs []string
	read, write := r.delegatorsOf(r.whose)
	for _, p := range read {
		hrefs = append(hrefs, proxyHref(p, proxyRead))
	}
	for _, p := range write {
		hrefs = append(hrefs, proxyHref(p, proxyWrite))
	}
	return hrefs
}

func getProxyReadFor(w *dav.Writer, _ *dav.Element, r *resource) error {
	read, _ := r.delegatorsOf(r.whose)
	writeHrefs(w, dav.CalendarProxyReadFor, principalHrefs(read)...)
	return nil
}

func getProxyWriteFor(w *dav.Writer, _ *dav.Element, r *resource) error {
	_, write := r.delegatorsOf(r.whose)
	writeHrefs(w, dav.CalendarProxyWriteFor, principalHrefs(write)...)
	return nil
}

func principalHrefs(all []*directory.Principal) []string {
	hrefs := make([]string, len(all))
	for i, p := range all {
		hrefs[i] = principalHref(p)
	}
	return hrefs
}

// ofHome writes a property that names something in the principal's home; groups have none.
func ofHome(w *dav.Writer, r *resource, name dav.Name, collection string) error {
	switch {
	case !hasHome(r.whose):
		return dav.ErrNoProperty
	case collection == "":
		writeHref(w, name, homeHref(r.whose))
	default:
		writeHref(w, name, collectionHref(r.whose, collection))
	}
	return nil
}

// getCalendarHomeSet has one href: of several, Apple's clients take any.
func getCalendarHomeSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	return ofHome(w, r, dav.CalendarHomeSet, "")
}

// getAddressBookHomeSet is one's own: nobody sees another's address books.
func getAddressBookHomeSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.addressBooks == nil || !r.isVisitor(r.whose) {
		return dav.ErrNoProperty
	}
	writeHref(w, dav.AddressBookHomeSet, r.addressBooks(r.whose))
	return nil
}

func getScheduleInboxURL(w *dav.Writer, _ *dav.Element, r *resource) error {
	return ofHome(w, r, dav.ScheduleInboxURL, inboxName)
}

func getScheduleOutboxURL(w *dav.Writer, _ *dav.Element, r *resource) error {
	return ofHome(w, r, dav.ScheduleOutboxURL, outboxName)
}

func getNotificationURL(w *dav.Writer, _ *dav.Element, r *resource) error {
	return ofHome(w, r, dav.NotificationURL, notificationsName)
}

// addressesOf are all calendar user addresses of a principal, the preferred one first.
func addressesOf(p *directory.Principal) []string {
	all := []string{schedule.Address(p)}
	for _, mail := range p.Mails {
		all = append(all, "mailto:"+mail)
	}
	all = append(all, "urn:x-uid:"+p.GUID)
	if isUUID(p.GUID) {
		all = append(all, "urn:uuid:"+p.GUID)
	}
	all = append(all, principalHref(p))
	first := all[0]
	return append(all[:1], slices.DeleteFunc(all[1:], func(a string) bool { return a == first })...)
}

var preferred = xml.Attr{Name: xml.Name{Local: "preferred"}, Value: "1"}

// getCalendarUserAddressSet names the preferred address first and last, since clients differ in which one they make the
// ORGANIZER: the first, the last, or the one that has the attribute preferred.
func getCalendarUserAddressSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.Start(dav.CalendarUserAddressSet)
	for _, address := range addressesOf(r.whose) {
		w.Href(address)
	}
	w.Start(dav.Href, preferred)
	w.Text(schedule.Address(r.whose))
	w.End(dav.Href)
	w.End(dav.CalendarUserAddressSet)
	return nil
}

func getCalendarUserType(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.CalendarUserType, r.whose.Kind.CUType())
	return nil
}

func getEmailAddressSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.Start(dav.EmailAddressSet)
	for _, mail := range r.whose.Mails {
		w.TextElement(dav.EmailAddress, mail)
	}
	w.End(dav.EmailAddressSet)
	return nil
}

func getFirstName(w *dav.Writer, _ *dav.Element, r *resource) error {
	return textOrNone(w, dav.FirstName, r.whose.FirstName)
}

func getLastName(w *dav.Writer, _ *dav.Element, r *resource) error {
	return textOrNone(w, dav.LastName, r.whose.LastName)
}

func textOrNone(w *dav.Writer, name dav.Name, text string) error {
	if text == "" {
		return dav.ErrNoProperty
	}
	w.TextElement(name, text)
	return nil
}

func getRecordType(w *dav.Writer, _ *dav.Element, r *resource) error {
	record := r.whose.Kind.Collection()
	switch r.kind {
	case proxyRead:
		record = "read-delegate-group"
	case proxyWrite:
		record = "write-delegate-group"
	}
	w.TextElement(dav.RecordType, record)
	return nil
}

func getAutoSchedule(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.whose.Place == nil {
		return dav.ErrNoProperty
	}
	text := "true"
	if r.PlaceOf(r.whose).AutoSchedule == directory.NoAutoSchedule {
		text = "false"
	}
	w.TextElement(dav.AutoSchedule, text)
	return nil
}

// getCapacity and getLocation tell who searches for a room how large it is, and where.
func getCapacity(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.whose.Place == nil || r.whose.Place.Capacity == 0 {
		return dav.ErrNoProperty
	}
	w.TextElement(dav.RoomSeatingCapacity, strconv.Itoa(r.whose.Place.Capacity))
	return nil
}

func getLocation(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.whose.Place == nil || r.whose.Place.Location == "" {
		return dav.ErrNoProperty
	}
	w.TextElement(dav.RoomBuildingAddress, r.whose.Place.Location)
	return nil
}

func getAutoScheduleMode(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.whose.Place == nil {
		return dav.ErrNoProperty
	}
	w.TextElement(dav.AutoScheduleMode, r.PlaceOf(r.whose).AutoSchedule.String())
	return nil
}
