package dav

import "encoding/xml"

// Name is an expanded name: a namespace and a local name.
type Name = xml.Name

// The namespaces of the protocols spoken here.
const (
	DAV            = "DAV:"
	CalDAV         = "urn:ietf:params:xml:ns:caldav"
	CardDAV        = "urn:ietf:params:xml:ns:carddav"
	CalendarServer = "http://calendarserver.org/ns/"
	AppleICal      = "http://apple.com/ns/ical/"
	MobileMe       = "http://me.com/_namespace/"
	Push           = "https://bitfire.at/webdav-push"
	Nextcloud      = "http://nextcloud.com/ns"
)

// prefixes are the prefixes of every answer, declared at its root in this order.
var prefixes = []struct{ prefix, space string }{
	{"D", DAV},
	{"C", CalDAV},
	{"CARD", CardDAV},
	{"CS", CalendarServer},
	{"I", AppleICal},
	{"ME", MobileMe},
	{"P", Push},
}

// prefixOf returns the prefix that every answer binds to a namespace, "" when it
// binds none. A switch, not a search: it runs for every tag of a listing.
func prefixOf(space string) string {
	switch space {
	case DAV:
		return "D"
	case CalDAV:
		return "C"
	case CardDAV:
		return "CARD"
	case CalendarServer:
		return "CS"
	case AppleICal:
		return "I"
	case MobileMe:
		return "ME"
	case Push:
		return "P"
	}
	return ""
}

func d(local string) Name  { return Name{Space: DAV, Local: local} }
func c(local string) Name  { return Name{Space: CalDAV, Local: local} }
func cs(local string) Name { return Name{Space: CalendarServer, Local: local} }

func card(local string) Name  { return Name{Space: CardDAV, Local: local} }
func apple(local string) Name { return Name{Space: AppleICal, Local: local} }
