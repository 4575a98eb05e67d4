package caldav

import (
	"strings"

	"calport/directory"
	"calport/server/dav"
)

// The canonical URLs: what properties name, whatever alias the client came by. They are path-absolute, so that they are
// right behind any proxy.

const principalsHref = "/principals/"

// PrincipalHref is the URL path of a principal.
func PrincipalHref(p *directory.Principal) string { return principalHref(p) }

func principalHref(p *directory.Principal) string {
	return principalsHref + byGUID + "/" + dav.EncodeSegment(p.GUID) + "/"
}

func proxyHref(p *directory.Principal, kind dav.Kind) string {
	for name, k := range proxyNames {
		if k == kind {
			return principalHref(p) + name + "/"
		}
	}
	return principalHref(p)
}

func homeHref(p *directory.Principal) string {
	return "/calendars/" + byGUID + "/" + dav.EncodeSegment(p.GUID) + "/"
}

func collectionHref(p *directory.Principal, name string) string {
	return homeHref(p) + dav.EncodeSegment(name) + "/"
}

func itemHref(p *directory.Principal, collection, name string) string {
	return collectionHref(p, collection) + dav.EncodeSegment(name)
}

// urn is the stable name of a principal: its GUID, as a UUID if it is one (RFC 9562 section 4).
func urn(p *directory.Principal) string {
	if isUUID(p.GUID) {
		return "urn:uuid:" + p.GUID
	}
	return "urn:x-uid:" + p.GUID
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return true
}

// locateHref is where an href that a client sent leads; its scheme and authority do not count.
func locateHref(href string) (location, error) {
	path, err := dav.HrefPath(strings.TrimSpace(href))
	if err != nil {
		return location{}, err
	}
	return locate(path), nil
}
