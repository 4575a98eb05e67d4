package caldav

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"calport/directory"
)

// place is where in the tree of URLs something stands, before the store was asked what.
type place uint8

// The places, from the top.
const (
	nowhere       place = iota
	atRoot              // / and /calendar/dav/NAME/user/
	atPrincipals        // /principals/
	atRecords           // /principals/users/
	atPrincipal         // /principals/users/NAME/
	atProxy             // /principals/users/NAME/calendar-proxy-read/
	atHomes             // /calendars/
	atHomeRecords       // /calendars/users/
	atHome              // /calendars/users/NAME/
	atCollection        // /calendars/users/NAME/calendar/
	atObject            // /calendars/users/NAME/calendar/EVENT.ics
	tooDeep             // anything below an object
)

// The first segments of the paths, and the record type under which everybody is found by GUID: Apple's layout, so that
// Macs of a former Calendar Server need not be set up again.
const (
	principalsRoot = "principals"
	homesRoot      = "calendars"
	byGUID         = "__uids__"
)

// location is a URL path, taken apart and decoded.
type location struct {
	place      place
	record     string // __uids__, users, groups, locations, resources
	owner      string // GUID or short name, as the client wrote it
	collection string // of a home, or the proxy of a principal
	object     string
	segments   []string // all of the path, decoded
}

// homeDepth is the number of segments of a home's path.
const homeDepth = 3

// maxName bounds the name of a collection or object, in bytes: what file systems bear too, for those who export.
const maxName = 255

// locate takes the escaped path of a URL apart. Each segment is decoded once; upper and lower case hex, a "+" and
// doubled or missing slashes are all taken as they are meant.
func locate(escapedPath string) location {
	segments := make([]string, 0, 8)
	for segment := range strings.SplitSeq(escapedPath, "/") {
		if segment == "" {
			continue
		}
		name := segment
		if strings.IndexByte(segment, '%') >= 0 {
			if decoded, err := url.PathUnescape(segment); err == nil {
				name = decoded // else a lone "%" is meant literally
			}
		}
		segments = append(segments, name)
	}
	l := location{segments: segments}
	switch {
	case len(segments) == 0:
		l.place = atRoot
	case segments[0] == principalsRoot:
		l.below(principalPlaces)
	case segments[0] == homesRoot:
		l.below(homePlaces)
	case len(segments) == 4 && segments[0] == "calendar" && segments[1] == "dav" && segments[3] == "user":
		l.place = atRoot // what OS X 10.7 and iOS try
	}
	return l
}

var (
	principalPlaces = []place{atPrincipals, atRecords, atPrincipal, atProxy}
	homePlaces      = []place{atHomes, atHomeRecords, atHome, atCollection, atObject, tooDeep}
)

// below gives a path the place of its depth, and the names of its segments.
func (l *location) below(places []place) {
	names := l.segments[1:]
	switch last := len(places) - 1; {
	case len(names) <= last:
		l.place = places[len(names)]
	case places[last] == tooDeep:
		l.place = tooDeep
	default:
		return
	}
	for i, field := range []*string{&l.record, &l.owner, &l.collection, &l.object} {
		if i < len(names) {
			*field = names[i]
		}
	}
}

// nameAllowed says whether a new collection or object may have this name. Clients choose names freely (RFC 4791
// section 5.3.2); what cannot be one path segment or would not survive a file system is refused.
func nameAllowed(name string) bool {
	return name != "" && name != "." && name != ".." && name != addMemberName && len(name) <= maxName && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' })
}

// records are the segments below /principals/ and /calendars/.
func records() []string {
	all := []string{byGUID}
	for _, kind := range directory.Kinds() {
		all = append(all, kind.Collection())
	}
	return all
}
