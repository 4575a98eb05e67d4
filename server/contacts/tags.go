package contacts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"calport/directory"
)

// format changes whenever cards of the same people come out otherwise than before.
const format = 1

// etag is the opaque entity tag of a card as the visitor sees it: made of what the card is made of, which costs less
// than the card.
func (v *visit) etag(p *directory.Principal) string {
	v.room = v.appendFacts(append(v.room[:0], format), p, v.members(p))
	return tag(sha256.Sum256(v.room))
}

func tag(sum [sha256.Size]byte) string { return base64.RawURLEncoding.EncodeToString(sum[:15]) }

// appendFacts appends what a card is made of, so that no text runs into the next.
func (v *visit) appendFacts(b []byte, p *directory.Principal, members []string) []byte {
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	list := func(all []string) {
		b = binary.AppendUvarint(b, uint64(len(all)))
		for _, s := range all {
			text(s)
		}
	}
	b = append(b, byte(p.Kind))
	for _, s := range [...]string{v.o.Organization, p.GUID, p.ShortName, p.FullName, p.FirstName, p.LastName, p.MobilePhone, p.JobTitle} {
		text(s)
	}
	list(p.Mails)
	list(members)
	if p.Place != nil {
		text(p.Place.Location)
		b = binary.AppendVarint(b, int64(p.Place.Capacity))
	}
	photo, _ := v.photo(p)
	text(photo)
	return b
}

// state is the tag of the whole directory at one snapshot.
type state struct {
	people *directory.Snapshot
	tag    string
}

// ctag is a tag that changes when any card or anybody's sight may have: of all the directory, whoever looks, so that it
// is worked out once for each snapshot. It says that nothing changed as long as nothing did, however often the
// directory was read.
func (v *visit) ctag() string {
	if s := v.state.Load(); s != nil && s.people == v.people {
		return s.tag
	}
	all := sha256.New()
	for p := range v.people.All() {
		v.room = v.appendFacts(append(v.room[:0], format), p, p.Members)
		all.Write(v.room)
	}
	s := &state{v.people, tag([sha256.Size]byte(all.Sum(nil)))}
	v.state.Store(s)
	return s.tag
}
