package contacts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"io"
	"strconv"

	"calport/directory"
)

// format changes whenever cards of the same people come out otherwise than before.
const format = 1

// digest sums up texts, so that none runs into the next.
type digest struct{ h hash.Hash }

func newDigest() digest {
	d := digest{sha256.New()}
	d.number(format)
	return d
}

func (d digest) number(n int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	d.h.Write(b[:])
}

func (d digest) text(all ...string) {
	for _, s := range all {
		d.number(len(s))
		io.WriteString(d.h, s)
	}
}

func (d digest) String() string { return base64.RawURLEncoding.EncodeToString(d.h.Sum(nil)[:15]) }

// etag is the opaque entity tag of a card as the visitor sees it: made of what the card is made of, which costs less
// than the card.
func (v *visit) etag(p *directory.Principal) string {
	d := newDigest()
	v.sum(d, p, v.members(p))
	return d.String()
}

func (v *visit) sum(d digest, p *directory.Principal, members []string) {
	d.text(v.o.Organization, p.Kind.CUType(), p.GUID, p.ShortName, p.FullName, p.FirstName, p.LastName, p.MobilePhone, p.JobTitle)
	d.number(len(p.Mails))
	d.text(p.Mails...)
	d.number(len(members))
	d.text(members...)
	if p.Place != nil {
		d.text(p.Place.Location)
		d.number(p.Place.Capacity)
	}
	photo, _ := v.photo(p)
	d.text(photo)
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
	d := newDigest()
	n := 0
	for p := range v.people.All() {
		v.sum(d, p, p.Members)
		n++
	}
	d.number(n)
	s := &state{v.people, d.String() + "-" + strconv.Itoa(n)}
	v.state.Store(s)
	return s.tag
}
