package caldav

import (
	"calport/server/dav"
	"calport/server/store"
)

// The kinds of resource. A resource has one; the rows of the tables name sets of them.
const (
	root                dav.Kind = 1 << iota // "/" and other places where clients look for their account
	principalCollection                      // /principals/ and one for each record type below it
	homeCollection                           // /calendars/ and one for each record type below it
	principal                                // a person, group, room or resource
	proxyRead                                // the principal's calendar-proxy-read group
	proxyWrite                               // the principal's calendar-proxy-write group
	home                                     // the calendar home of a principal
	calendar                                 // a calendar collection
	subscription                             // a subscribed calendar: the client fetches it, the server keeps where from
	inbox                                    // the scheduling inbox
	outbox                                   // the scheduling outbox
	notifications                            // the collection of sharing notifications
	object                                   // a calendar object resource
	message                                  // a scheduling message in the inbox
	notice                                   // a notification

	lastKind
)

// Sets of kinds that tables name often.
const (
	everything  = lastKind - 1
	proxies     = proxyRead | proxyWrite
	principals  = principal | proxies
	discovery   = root | principalCollection | homeCollection
	synced      = calendar | inbox | notifications // collections whose members are synchronized
	collections = synced | subscription | outbox   // what a home contains
	items       = object | message | notice        // what collections contain
	inHome      = home | collections | items
	containers  = discovery | principal | home | collections
)

// kinds says of each kind what it calls itself and where it is at home in the store.
var kinds = []struct {
	kind  dav.Kind
	types []dav.Name           // DAV:resourcetype. On calendars it is exactly this: iOS ignores calendars with more
	as    store.CollectionKind // the store's word for it
	items dav.Kind             // the kind of its members
}{
	{kind: root, types: []dav.Name{dav.Collection}},
	{kind: principalCollection, types: []dav.Name{dav.Collection}},
	{kind: homeCollection, types: []dav.Name{dav.Collection}},
	{kind: principal, types: []dav.Name{dav.PrincipalElement, dav.Collection}},
	{kind: proxyRead, types: []dav.Name{dav.PrincipalElement, dav.Collection, dav.CalendarProxyRead}},
	{kind: proxyWrite, types: []dav.Name{dav.PrincipalElement, dav.Collection, dav.CalendarProxyWrite}},
	{kind: home, types: []dav.Name{dav.Collection}},
	{kind: calendar, types: []dav.Name{dav.Collection, dav.CalendarCollection}, as: store.Calendar, items: object},
	{kind: subscription, types: []dav.Name{dav.Collection, dav.Subscribed}, as: store.Subscription},
	{kind: inbox, types: []dav.Name{dav.Collection, dav.ScheduleInbox}, as: store.Inbox, items: message},
	{kind: outbox, types: []dav.Name{dav.Collection, dav.ScheduleOutbox}, as: store.Outbox},
	{kind: notifications, types: []dav.Name{dav.Collection, dav.Notification}, as: store.Notifications, items: notice},
	{kind: object}, {kind: message}, {kind: notice},
}

// kindOf is the kind of a stored collection.
func kindOf(c *store.Collection) dav.Kind {
	for i := range kinds {
		if kinds[i].kind&collections != 0 && kinds[i].as == c.Kind {
			return kinds[i].kind
		}
	}
	return calendar
}

// itemsOf is the kind of a collection's members.
func itemsOf(kind dav.Kind) dav.Kind {
	for i := range kinds {
		if kinds[i].kind == kind {
			return kinds[i].items
		}
	}
	return 0
}

// typesOf is what DAV:resourcetype says of a kind.
func typesOf(kind dav.Kind) []dav.Name {
	for i := range kinds {
		if kinds[i].kind == kind {
			return kinds[i].types
		}
	}
	return nil
}
