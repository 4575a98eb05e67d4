package demo

import (
	"fmt"
	"math"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// decoder reads the elements of one SEQUENCE in their order. After its first error, which is errMalformed, it answers
// zero values.
type decoder struct {
	rest []*ber.Packet
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: "+format, append([]any{errMalformed}, args...)...)
	}
}

// next answers the next element, an empty one if there is none.
func (d *decoder) next() *ber.Packet {
	if d.err != nil || len(d.rest) == 0 {
		d.fail("an element is missing")
		return &ber.Packet{}
	}
	p := d.rest[0]
	d.rest = d.rest[1:]
	return p
}

// octets is the content of a primitive element of the class and tag.
func (d *decoder) octets(p *ber.Packet, class ber.Class, tag ber.Tag) []byte {
	if d.err != nil {
		return nil
	}
	if p.ClassType != class || p.Tag != tag || p.TagType != ber.TypePrimitive || p.Data == nil {
		d.fail("tag %d of class %d, want %d of %d", p.Tag, p.ClassType, tag, class)
		return nil
	}
	return p.Data.Bytes()
}

func (d *decoder) text() string {
	return string(d.octets(d.next(), ber.ClassUniversal, ber.TagOctetString))
}

func (d *decoder) boolean() bool {
	b := d.octets(d.next(), ber.ClassUniversal, ber.TagBoolean)
	return len(b) == 1 && b[0] != 0
}

// integer reads an INTEGER or ENUMERATED of a range.
func (d *decoder) integer(tag ber.Tag, least, most int64) int64 {
	n, err := ber.ParseInt64(d.octets(d.next(), ber.ClassUniversal, tag))
	if err != nil || n < least || n > most {
		d.fail("%d is not from %d to %d", n, least, most)
		return 0
	}
	return n
}

// context reads a primitive element with a context-specific tag.
func (d *decoder) context(tag ber.Tag) []byte { return d.octets(d.next(), ber.ClassContext, tag) }

// optional is context for an element that may be absent.
func (d *decoder) optional(tag ber.Tag) []byte {
	if d.at(ber.ClassContext, tag) {
		return d.context(tag)
	}
	return nil
}

func (d *decoder) at(class ber.Class, tag ber.Tag) bool {
	return len(d.rest) > 0 && d.rest[0].ClassType == class && d.rest[0].Tag == tag
}

// into reads the elements of the next element, which must be constructed.
func (d *decoder) into(class ber.Class, tag ber.Tag) *decoder {
	p := d.next()
	if d.err == nil && (p.ClassType != class || p.Tag != tag || p.TagType != ber.TypeConstructed) {
		d.fail("tag %d of class %d, want %d of %d", p.Tag, p.ClassType, tag, class)
	}
	return &decoder{rest: p.Children, err: d.err}
}

// bind reads a BindRequest (RFC 4511 section 4.2).
func (d *decoder) bind() bindRequest {
	r := bindRequest{version: d.integer(ber.TagInteger, 1, 127), name: d.text()}
	r.simple = d.at(ber.ClassContext, 0)
	if r.simple {
		r.password = string(d.context(0))
	} else {
		d.into(ber.ClassContext, 3) // SaslCredentials, which nothing here reads
	}
	return r
}

// search reads a SearchRequest (RFC 4511 section 4.5.1).
func (d *decoder) search(p *ber.Packet) searchRequest {
	r := searchRequest{base: d.text(), scope: d.integer(ber.TagEnumerated, 0, 3), print: p.Data.String()}
	d.integer(ber.TagEnumerated, 0, 3) // derefAliases: there are none
	r.sizeLimit = d.integer(ber.TagInteger, 0, math.MaxInt32)
	d.integer(ber.TagInteger, 0, math.MaxInt32) // timeLimit: no search takes a second
	r.typesOnly = d.boolean()
	r.filter = d.filter(d.next())
	list := d.into(ber.ClassUniversal, ber.TagSequence)
	for list.err == nil && len(list.rest) > 0 {
		r.attributes = append(r.attributes, list.text())
	}
	d.err = list.err
	return r
}

// compare reads a CompareRequest (RFC 4511 section 4.10).
func (d *decoder) compare() compareRequest {
	dn := d.text()
	assertion := d.into(ber.ClassUniversal, ber.TagSequence)
	r := compareRequest{dn: dn, attribute: assertion.text(), value: assertion.text()}
	d.err = assertion.err
	return r
}

// controls reads the optional Controls at the end of a message (RFC 4511 section 4.1.11).
func (d *decoder) controls() []control {
	if !d.at(ber.ClassContext, 0) {
		return nil
	}
	var all []control
	list := d.into(ber.ClassContext, 0)
	for list.err == nil && len(list.rest) > 0 {
		one := list.into(ber.ClassUniversal, ber.TagSequence)
		c := control{oid: one.text()}
		if one.at(ber.ClassUniversal, ber.TagBoolean) {
			c.critical = one.boolean()
		}
		if one.at(ber.ClassUniversal, ber.TagOctetString) {
			c.value = one.text()
		}
		list.err = one.err
		all = append(all, c)
	}
	d.err = list.err
	return all
}

// pagedResults reads a realSearchControlValue (RFC 2696 section 2).
func pagedResults(value string) (size int64, cookie string, err error) {
	if !shallow([]byte(value), 2) {
		return 0, "", errMalformed
	}
	packet, err := ber.DecodePacketErr([]byte(value))
	if err != nil {
		return 0, "", fmt.Errorf("%w: %w", errMalformed, err)
	}
	d := &decoder{rest: packet.Children}
	size, cookie = d.integer(ber.TagInteger, 0, math.MaxInt32), d.text()
	return size, cookie, d.err
}
