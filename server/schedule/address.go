package schedule

import (
	"net/url"
	"strings"

	"calport/directory"
	"calport/server/itip"
)

// Address is how calendar data calls a principal: a person by the preferred mail address, and by the id whoever has none.
// So are rooms and resources, whose mail address, if they have one, is seldom a mailbox of theirs.
func Address(p *directory.Principal) string {
	if mail := p.Mail(); mail != "" && p.Place == nil {
		return "mailto:" + mail
	}
	return "urn:x-uid:" + p.GUID
}

// ByAddress finds the principal behind a calendar user address in any of the forms that clients write: as
// directory.Snapshot.ByAddress, and by the URL or path of its principal resource (RFC 6638 section 2.4.1). It answers nil
// if there is none.
func ByAddress(people *directory.Snapshot, address string) *directory.Principal {
	if p := people.ByAddress(address); p != nil {
		return p
	}
	path := address
	if len(address) > 4 && strings.EqualFold(address[:4], "http") {
		u, err := url.Parse(address)
		if err != nil {
			return nil
		}
		path = u.EscapedPath()
	}
	return byPath(people, path)
}

// byShortName says whether an address is the URL or path of a principal by its short name, which can be guessed.
func byShortName(address string) bool {
	_, path, found := strings.Cut(address, "/principals/")
	return found && !strings.HasPrefix(path, "__uids__/")
}

// byPath reads /principals/__uids__/GUID/ and /principals/users/NAME/.
func byPath(people *directory.Snapshot, path string) *directory.Principal {
	rest, ok := strings.CutPrefix(path, "/principals/")
	if !ok {
		return nil
	}
	record, name, ok := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	if !ok {
		return nil
	}
	name, err := url.PathUnescape(name)
	if err != nil {
		return nil
	}
	if record == "__uids__" {
		return people.ByGUID(name)
	}
	for _, kind := range directory.Kinds() {
		if kind.Collection() == record {
			return people.ByName(kind, name)
		}
	}
	return nil
}

// isPrincipal says whether two pictures are of the same principal.
func isPrincipal(a, b *directory.Principal) bool {
	return a != nil && b != nil && (a == b || strings.EqualFold(a.GUID, b.GUID))
}

// ownerKey is the name of a principal's home in the store.
func ownerKey(p *directory.Principal) string { return strings.ToLower(p.GUID) }

// user is what package itip wants to know of a principal.
func user(p *directory.Principal) itip.User {
	u := itip.User{Address: Address(p), CN: p.FullName, Email: p.Mail(), Alias: "urn:x-uid:" + p.GUID}
	if p.Kind != directory.Individual {
		u.CUType = p.Kind.CUType()
	}
	return u
}
