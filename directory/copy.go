package directory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"time"
)

// The copy of a snapshot is a header line, the time of the reading, the cookie of a Watcher, the list of GUIDs, the principals in the same
// order, and a CRC-32 of all before it. Numbers are varints, a text is its length and its bytes, a list its length and
// its texts; a reference to a principal is its place in the list of GUIDs, counted from 1, or 0 and a text.
// The header names the version of this format: a copy of another version is refused and replaced at the next refresh.
const copyHeader = "calport directory snapshot 2\n"

// ErrCopy says that a copy of a snapshot is damaged or of another version.
var ErrCopy = errors.New("the kept copy of the directory is damaged or of another version; it is replaced at the next refresh")

// EncodeSnapshot writes the copy of a snapshot that DecodeSnapshot reads.
func EncodeSnapshot(s *Snapshot) []byte { return encode(slices.Collect(s.All()), s.taken, nil) }

func encode(all []*Principal, taken time.Time, cookie []byte) []byte {
	w := &copyWriter{b: make([]byte, 0, 64+300*len(all)), places: make(map[string]int, len(all))}
	w.b = append(w.b, copyHeader...)
	w.b = binary.AppendVarint(w.b, taken.UnixNano())
	w.text(string(cookie))
	w.number(len(all))
	for i, p := range all {
		w.text(p.GUID)
		w.places[p.GUID] = i + 1
	}
	for _, p := range all {
		w.principal(p)
	}
	return binary.BigEndian.AppendUint32(w.b, crc32.ChecksumIEEE(w.b))
}

type copyWriter struct {
	b      []byte
	places map[string]int // in the list of GUIDs, from 1
}

func (w *copyWriter) number(n int) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *copyWriter) text(s string) {
	w.number(len(s))
	w.b = append(w.b, s...)
}

func (w *copyWriter) list(l []string) {
	w.number(len(l))
	for _, s := range l {
		w.text(s)
	}
}

func (w *copyWriter) references(guids []string) {
	w.number(len(guids))
	for _, guid := range guids {
		place := w.places[guid]
		w.number(place)
		if place == 0 {
			w.text(guid)
		}
	}
}

func (w *copyWriter) principal(p *Principal) {
	w.b = append(w.b, byte(p.Kind), byte(p.State))
	for _, s := range p.texts() {
		w.text(*s)
	}
	for _, l := range p.lists() {
		w.list(*l)
	}
	for _, guids := range p.references() {
		w.references(*guids)
	}
	w.number(len(p.Attributes))
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		w.text(name)
		w.list(p.Attributes[name])
	}
	if p.Place == nil {
		w.b = append(w.b, 0)
		return
	}
	w.b = append(w.b, 1, byte(p.Place.AutoSchedule))
	w.number(p.Place.Capacity)
	w.text(p.Place.AutoAcceptGroup)
	w.text(p.Place.Location)
}

// texts lists the fields of one text besides the GUID, in the order of the copy.
func (p *Principal) texts() [7]*string {
	return [...]*string{&p.ShortName, &p.FullName, &p.FirstName, &p.LastName, &p.JobTitle, &p.MobilePhone, &p.DN}
}

// lists lists the fields of several texts, in the order of the copy.
func (p *Principal) lists() [2]*[]string { return [...]*[]string{&p.Mails, &p.LoginNames} }

// references lists the fields that hold GUIDs of principals, in the order of the copy.
func (p *Principal) references() [3]*[]string {
	return [...]*[]string{&p.Members, &p.Delegates.Read, &p.Delegates.Write}
}

// DecodeSnapshot reads a copy. All texts of the snapshot share the memory of one.
// Errors: ErrCopy.
func DecodeSnapshot(data []byte) (*Snapshot, error) {
	s, _, err := decode(data)
	return s, err
}

func decode(data []byte) (s *Snapshot, cookie []byte, err error) {
	end := len(data) - crc32.Size
	if end < len(copyHeader) || string(data[:len(copyHeader)]) != copyHeader ||
		binary.BigEndian.Uint32(data[end:]) != crc32.ChecksumIEEE(data[:end]) {
		return nil, nil, ErrCopy
	}
	r := &copyReader{rest: string(data[len(copyHeader):end])}
	taken := r.varint()
	cookie = []byte(r.text())
	r.guids = r.list()
	principals := make([]Principal, len(r.guids))
	all := make([]*Principal, len(principals))
	for i := range principals {
		principals[i].GUID = r.guids[i]
		r.principal(&principals[i])
		all[i] = &principals[i]
	}
	if r.bad || r.rest != "" {
		return nil, nil, fmt.Errorf("%w: its content does not end where it should", ErrCopy)
	}
	return NewSnapshot(all, time.Unix(0, taken)), cookie, nil
}

// copyReader reads a copy; bad sticks.
type copyReader struct {
	rest  string
	guids []string
	slab  []string // room for the next lists
	bad   bool
}

func (r *copyReader) fail() { r.bad, r.rest = true, "" }

func (r *copyReader) byte(highest byte) byte {
	if r.rest == "" || r.rest[0] > highest {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *copyReader) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte(0xff)
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail()
	return 0
}

// varint reads what binary.AppendVarint wrote (zigzag).
func (r *copyReader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// count reads a number of things of at least size bytes each, so it cannot be more than what is left.
func (r *copyReader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *copyReader) text() string {
	n := r.count(1)
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

// room makes an empty list of n texts.
func (r *copyReader) room(n int) []string {
	if n == 0 {
		return nil
	}
	if len(r.slab) < n {
		r.slab = make([]string, max(n, 1024))
	}
	l := r.slab[:n:n]
	r.slab = r.slab[n:]
	return l
}

func (r *copyReader) list() []string {
	l := r.room(r.count(1))
	for i := range l {
		l[i] = r.text()
	}
	return l
}

func (r *copyReader) references() []string {
	l := r.room(r.count(1))
	for i := range l {
		switch place := r.uvarint(); {
		case place == 0:
			l[i] = r.text()
		case place <= uint64(len(r.guids)):
			l[i] = r.guids[place-1]
		default:
			r.fail()
		}
	}
	return l
}

func (r *copyReader) principal(p *Principal) {
	p.Kind, p.State = Kind(r.byte(byte(len(kinds)-1))), State(r.byte(byte(len(stateNames)-1)))
	if p.Kind == 0 {
		r.fail()
	}
	for _, s := range p.texts() {
		*s = r.text()
	}
	for _, l := range p.lists() {
		*l = r.list()
	}
	for _, guids := range p.references() {
		*guids = r.references()
	}
	if n := r.count(2); n > 0 {
		p.Attributes = make(map[string][]string, n)
		for range n {
			name := r.text()
			p.Attributes[name] = r.list()
		}
	}
	if r.byte(1) == 0 {
		return
	}
	p.Place = &Place{AutoSchedule: AutoSchedule(r.byte(byte(len(autoScheduleNames) - 1)))}
	p.Place.Capacity = int(r.uvarint() & (1<<31 - 1))
	p.Place.AutoAcceptGroup, p.Place.Location = r.text(), r.text()
}
