package signing

import (
	"fmt"
	"math/bits"
)

// maxDepth bounds the nesting of what is read. A SignedData with ordinary certificates is less than 20 deep.
const maxDepth = 48

// Identifier octets (X.690 section 8.1.2) that are treated by name.
const (
	constructed       = 0x20
	tagInteger        = 0x02
	tagOctetString    = 0x04
	tagObjectID       = 0x06
	tagSequence       = 0x30
	indefinite        = 0x80 // length octet, X.690 section 8.1.3.6
	highTagNumberForm = 0x1f // X.690 section 8.1.2.4; CMS uses none
)

// header is the identifier and length octets of one element.
type header struct {
	tag        byte
	start      int
	body, end  int // of the contents octets; end is unknown (-1) when indefinite
	indefinite bool
	longLength bool // the length could have been written shorter
}

// oddities collects where an encoding is BER and not DER.
type oddities struct {
	count int
	first string
}

func (o *oddities) add(what string, at int) {
	if o.count++; o.count == 1 {
		o.first = fmt.Sprintf("%s at byte %d", what, at)
	}
}

func (o oddities) String() string {
	if o.count == 1 {
		return o.first
	}
	return fmt.Sprintf("%d places, first: %s", o.count, o.first)
}

// berReader reads the elements of a BER encoding. It visits every byte at most once.
type berReader struct {
	in  []byte
	odd oddities
}

// toDER re-encodes the first element of in as DER and says how it was not; rest counts the bytes after the element. It
// mends lengths and split octet strings; the order of sets and the contents of other primitives stay as they are.
// What is DER already is returned as it stands, without copying.
func toDER(in []byte) (der []byte, odd oddities, rest int, err error) {
	r := berReader{in: in}
	end, err := r.scan(0, len(in), 0)
	if err != nil {
		return nil, r.odd, 0, err
	}
	if r.odd.count == 0 {
		return in[:end], r.odd, len(in) - end, nil
	}
	odd, r.odd = r.odd, oddities{}
	der, _, err = r.rewrite(make([]byte, 0, end), 0, end)
	return der, odd, len(in) - end, err
}

// header reads the header at pos of an element that must end by limit (X.690 sections 8.1.2 and 8.1.3).
func (r *berReader) header(pos, limit int) (header, error) {
	h := header{start: pos, end: -1}
	if pos+2 > limit {
		return h, r.malformed("truncated", pos)
	}
	h.tag = r.in[pos]
	if h.tag&highTagNumberForm == highTagNumberForm {
		return h, r.malformed("tag number above 30", pos)
	}
	first := int(r.in[pos+1])
	h.body = pos + 2
	if first == indefinite {
		if h.tag&constructed == 0 {
			return h, r.malformed("indefinite length of a primitive", pos)
		}
		h.indefinite = true
		return h, nil
	}
	length := first
	if first > indefinite {
		octets := first &^ indefinite
		if octets > 8 || h.body+octets > limit {
			return h, r.malformed("bad length", pos)
		}
		length = 0
		for _, b := range r.in[h.body : h.body+octets] {
			if length > len(r.in) {
				return h, r.malformed("length runs past the end", pos)
			}
			length = length<<8 | int(b)
		}
		h.body += octets
		h.longLength = length < 0x80 || octets > (bits.Len(uint(length))+7)/8
	}
	if length > limit-h.body {
		return h, r.malformed("length runs past the end", pos)
	}
	h.end = h.body + length
	return h, nil
}

// scan walks the element at pos, notes its oddities, and returns where it ends.
func (r *berReader) scan(pos, limit, depth int) (int, error) {
	if depth > maxDepth {
		return 0, r.malformed(fmt.Sprintf("nested more than %d deep", maxDepth), pos)
	}
	h, err := r.header(pos, limit)
	if err != nil {
		return 0, err
	}
	if h.indefinite {
		r.odd.add("indefinite length", pos)
	}
	if h.longLength {
		r.odd.add("length not minimal", pos)
	}
	if h.tag == tagOctetString|constructed {
		r.odd.add("split octet string", pos)
	}
	if h.tag&constructed == 0 {
		return h.end, nil
	}
	return r.children(h, limit, func(pos, limit int) (int, error) { return r.scan(pos, limit, depth+1) })
}

// children calls each at every element inside h and returns where h ends.
func (r *berReader) children(h header, limit int, each func(pos, limit int) (int, error)) (int, error) {
	if !h.indefinite {
		limit = h.end
	}
	pos := h.body
	for h.indefinite || pos < limit {
		if h.indefinite && r.endOfContents(pos, limit) {
			return pos + 2, nil
		}
		next, err := each(pos, limit)
		if err != nil {
			return 0, err
		}
		pos = next
	}
	return pos, nil
}

// endOfContents reports whether the two zero octets of X.690 section 8.1.5 stand at pos.
func (r *berReader) endOfContents(pos, limit int) bool {
	return pos+2 <= limit && r.in[pos] == 0 && r.in[pos+1] == 0
}

// rewrite appends the DER of the element at pos, which scan has accepted, and returns where the element ends.
func (r *berReader) rewrite(der []byte, pos, limit int) ([]byte, int, error) {
	h, err := r.header(pos, limit)
	if err != nil {
		return nil, 0, err
	}
	if h.tag&constructed == 0 {
		return append(appendHeader(der, h.tag, h.end-h.body), r.in[h.body:h.end]...), h.end, nil
	}
	start, tag, each := len(der), h.tag, r.rewrite
	if h.tag == tagOctetString|constructed {
		tag, each = tagOctetString, r.join
	}
	end, err := r.children(h, limit, func(pos, limit int) (next int, err error) {
		der, next, err = each(der, pos, limit)
		return next, err
	})
	if err != nil {
		return nil, 0, err
	}
	return insertHeader(der, start, tag), end, nil
}

// join appends the octets of one segment of a split octet string (X.690 section 8.7.3).
func (r *berReader) join(octets []byte, pos, limit int) ([]byte, int, error) {
	h, err := r.header(pos, limit)
	if err != nil {
		return nil, 0, err
	}
	switch h.tag {
	case tagOctetString:
		return append(octets, r.in[h.body:h.end]...), h.end, nil
	case tagOctetString | constructed:
		end, err := r.children(h, limit, func(pos, limit int) (next int, err error) {
			octets, next, err = r.join(octets, pos, limit)
			return next, err
		})
		return octets, end, err
	}
	return nil, 0, r.malformed("segment of an octet string is none itself", pos)
}

func (r *berReader) malformed(what string, at int) error {
	return fmt.Errorf("%w: %s at byte %d of %d", ErrMalformed, what, at, len(r.in))
}

// appendHeader appends identifier and DER length octets (X.690 section 10.1).
func appendHeader(der []byte, tag byte, length int) []byte {
	if length < 0x80 {
		return append(der, tag, byte(length))
	}
	octets := (bits.Len(uint(length)) + 7) / 8
	der = append(der, tag, indefinite|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		der = append(der, byte(length>>(8*i)))
	}
	return der
}

// insertHeader puts the header in front of the contents that start at start and reach to the end of der.
func insertHeader(der []byte, start int, tag byte) []byte {
	length := len(der) - start
	var room [10]byte
	head := appendHeader(room[:0], tag, length)
	der = append(der, head...)
	copy(der[start+len(head):], der[start:start+length])
	copy(der[start:], head)
	return der
}
