package demo

import (
	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// result is an LDAPResult (RFC 4511 section 4.1.9); the zero value is success.
type result struct {
	code       int
	matchedDN  string
	diagnostic string
}

// packet encodes the result as the response with the application tag.
func (r result) packet(tag ber.Tag) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "response")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, r.code, "resultCode"))
	p.AppendChild(octetString(r.matchedDN, "matchedDN"))
	p.AppendChild(octetString(r.diagnostic, "diagnosticMessage"))
	return p
}

// responseTag is the tag of the response to a request; false if it has none.
func responseTag(op operation) (ber.Tag, bool) {
	switch op := op.(type) {
	case bindRequest:
		return ldap.ApplicationBindResponse, true
	case searchRequest:
		return ldap.ApplicationSearchResultDone, true
	case compareRequest:
		return ldap.ApplicationCompareResponse, true
	case extendedRequest:
		return ldap.ApplicationExtendedResponse, true
	case updateRequest:
		return op.response, true
	}
	return 0, false
}

func octetString(value, description string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, value, description)
}

// send writes one LDAPMessage, with controls if there are any.
func (c *conn) send(id int64, response *ber.Packet, controls ...*ber.Packet) {
	p := ber.NewSequence("LDAPMessage")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "messageID"))
	p.AppendChild(response)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "controls")
		for _, one := range controls {
			list.AppendChild(one)
		}
		p.AppendChild(list)
	}
	c.out.Write(p.Bytes())
}

// disconnect sends a Notice of Disconnection (RFC 4511 section 4.4.1).
func (c *conn) disconnect(err error) {
	diagnostic := "the operation is unknown"
	if err != nil {
		diagnostic = err.Error()
	}
	p := result{ldap.LDAPResultProtocolError, "", diagnostic}.packet(ldap.ApplicationExtendedResponse)
	p.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 10, "1.3.6.1.4.1.1466.20036", "responseName"))
	c.send(0, p)
	c.out.Flush()
}

// entryPacket encodes a SearchResultEntry (RFC 4511 section 4.5.2).
func entryPacket(e *entry, selected []attribute, typesOnly bool) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "entry")
	p.AppendChild(octetString(e.dn, "objectName"))
	list := ber.NewSequence("attributes")
	for _, a := range selected {
		one := ber.NewSequence("attribute")
		one.AppendChild(octetString(a.name, "type"))
		values := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "vals")
		if !typesOnly {
			for _, v := range a.values {
				values.AppendChild(octetString(v, "value"))
			}
		}
		one.AppendChild(values)
		list.AppendChild(one)
	}
	p.AppendChild(list)
	return p
}

// pagedControl encodes the control that ends a page (RFC 2696 section 2).
func pagedControl(total int, cookie string) *ber.Packet {
	value := ber.NewSequence("realSearchControlValue")
	value.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, total, "size"))
	value.AppendChild(octetString(cookie, "cookie"))
	p := ber.NewSequence("control")
	p.AppendChild(octetString(oidPaged, "controlType"))
	p.AppendChild(octetString(string(value.Bytes()), "controlValue"))
	return p
}
