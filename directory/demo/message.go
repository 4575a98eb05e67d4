package demo

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// errMalformed is any request that RFC 4511 does not allow; the connection ends with a Notice of Disconnection
// (section 4.1.1).
var errMalformed = errors.New("malformed LDAP message")

// maxNesting is how deep elements of a message may lie in each other: far more than any sensible filter needs.
const maxNesting = 64

// message is an LDAPMessage (RFC 4511 section 4.1.1).
type message struct {
	id       int64
	op       operation
	controls []control
}

// operation is one of the request types below; nil is an operation that RFC 4511 does not know.
type operation any

type (
	bindRequest struct {
		version  int64
		name     string
		simple   bool // otherwise SASL
		password string
	}
	unbindRequest struct{}
	searchRequest struct {
		base       string
		scope      int64
		sizeLimit  int64
		typesOnly  bool
		filter     filter
		attributes []string
		print      string // the request's octets without the message id: what its pages have in common
	}
	compareRequest  struct{ dn, attribute, value string }
	abandonRequest  struct{}
	extendedRequest struct{ name string }
	// updateRequest is any that would change the directory.
	updateRequest struct{ response ber.Tag }
)

// control is a Control (RFC 4511 section 4.1.11).
type control struct {
	oid      string
	critical bool
	value    string
}

// updates are the operations that change a directory, with the tags of their responses.
var updates = map[ber.Tag]ber.Tag{
	ldap.ApplicationModifyRequest:   ldap.ApplicationModifyResponse,
	ldap.ApplicationAddRequest:      ldap.ApplicationAddResponse,
	ldap.ApplicationDelRequest:      ldap.ApplicationDelResponse,
	ldap.ApplicationModifyDNRequest: ldap.ApplicationModifyDNResponse,
}

// readMessage reads the octets of one message, at most maxMessage.
// Errors: errMalformed, and those of the reader.
func readMessage(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	size, length := 2, int(head[1])
	if length >= 0x80 { // the long form; RFC 4511 section 5.1 forbids the indefinite one
		octets := length & 0x7f
		if octets == 0 || octets > 4 {
			return nil, fmt.Errorf("%w: length in %d octets", errMalformed, octets)
		}
		if head, err = r.Peek(2 + octets); err != nil {
			return nil, err
		}
		size, length = 2+octets, 0
		for _, b := range head[2:] {
			length = length<<8 | int(b)
		}
	}
	if head[0] != 0x30 || length > maxMessage {
		return nil, fmt.Errorf("%w: tag %#x, length %d", errMalformed, head[0], length)
	}
	data := make([]byte, size+length)
	_, err = io.ReadFull(r, data)
	return data, err
}

// decodeMessage reads one whole message. Its error is errMalformed.
func decodeMessage(data []byte) (message, error) {
	if !shallow(data, maxNesting) {
		return message{}, fmt.Errorf("%w: nested too deep", errMalformed)
	}
	packet, err := ber.DecodePacketErr(data)
	if err != nil {
		return message{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	d := &decoder{rest: packet.Children}
	m := message{id: d.integer(ber.TagInteger, 1, math.MaxInt32)}
	op := d.next()
	m.controls = d.controls()
	if d.err == nil {
		m.op, d.err = decodeOperation(op)
	}
	return m, d.err
}

// shallow says whether no element of the BER data lies deeper than depth: decoding takes memory for every level.
func shallow(data []byte, depth int) bool {
	if depth == 0 {
		return false
	}
	for len(data) >= 2 {
		constructed, size, length := data[0]&0x20 != 0, 2, int(data[1])
		if data[0]&0x1f == 0x1f { // RFC 4511 has no tag above 30
			return false
		}
		if length >= 0x80 {
			octets := length & 0x7f
			if octets == 0 || octets > 4 || len(data) < 2+octets {
				return false
			}
			size, length = 2+octets, 0
			for _, b := range data[2 : 2+octets] {
				length = length<<8 | int(b)
			}
		}
		content := data[size:]
		if length > len(content) || constructed && !shallow(content[:length], depth-1) {
			return false
		}
		data = content[length:]
	}
	return len(data) == 0
}

func decodeOperation(p *ber.Packet) (operation, error) {
	if p.ClassType != ber.ClassApplication {
		return nil, fmt.Errorf("%w: operation of class %d", errMalformed, p.ClassType)
	}
	d := &decoder{rest: p.Children}
	var op operation
	switch p.Tag {
	case ldap.ApplicationBindRequest:
		op = d.bind()
	case ldap.ApplicationUnbindRequest:
		op = unbindRequest{}
	case ldap.ApplicationSearchRequest:
		op = d.search(p)
	case ldap.ApplicationCompareRequest:
		op = d.compare()
	case ldap.ApplicationAbandonRequest:
		op = abandonRequest{}
	case ldap.ApplicationExtendedRequest:
		op = extendedRequest{name: string(d.context(0))}
	default:
		if response, ok := updates[p.Tag]; ok {
			op = updateRequest{response}
		}
	}
	return op, d.err
}
