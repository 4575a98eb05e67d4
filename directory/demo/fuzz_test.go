package demo

import (
	"bufio"
	"bytes"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// envelope makes a request of an operation, as a client would.
func envelope(op *ber.Packet, controls ...ldap.Control) []byte {
	p := ber.NewSequence("LDAPMessage")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(1), "messageID"))
	p.AppendChild(op)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "controls")
		for _, c := range controls {
			list.AppendChild(c.Encode())
		}
		p.AppendChild(list)
	}
	return p.Bytes()
}

// searchFor makes a search request with a filter.
func searchFor(t testing.TB, filter string, controls ...ldap.Control) []byte {
	t.Helper()
	compiled, err := ldap.CompileFilter(filter)
	if err != nil {
		t.Fatal(err)
	}
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchRequest, nil, "")
	op.AppendChild(octetString(BaseDN, ""))
	for _, tag := range []ber.Tag{ber.TagEnumerated, ber.TagEnumerated, ber.TagInteger, ber.TagInteger} {
		op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, tag, int64(2), ""))
	}
	op.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	op.AppendChild(compiled)
	op.AppendChild(ber.NewSequence(""))
	return envelope(op, controls...)
}

// FuzzRequest sends any octets through everything that a client can reach.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"))
	f.Add([]byte("\x30\x05\x02\x01\x02\x42\x00"))
	f.Add([]byte(deepFilter(60)))
	for _, filter := range []string{
		"(&(uid=ada)(!(cn=a*b*c))(|(sn>=a)(sn<=b)))", "(cn:dn:caseExactMatch:=x)", "(member=uid=ada,ou=people,dc=example,dc=org)", "(mail=*)",
	} {
		f.Add(searchFor(f, filter, ldap.NewControlPaging(3)))
	}
	tree, err := newTree(organisation())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := readMessage(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		if len(read) > maxMessage+6 || !bytes.HasPrefix(data, read) {
			t.Fatalf("read %d octets that are not the first of the %d sent", len(read), len(data))
		}
		m, err := decodeMessage(read)
		if err != nil || m.op == nil {
			return
		}
		var answer bytes.Buffer
		c := &conn{tree: tree, out: bufio.NewWriter(&answer)}
		c.answer(m)
		c.out.Flush()
		_, answered := responseTag(m.op)
		if answered != (answer.Len() > 0) {
			t.Errorf("%T got %d octets of answer", m.op, answer.Len())
		}
	})
}
