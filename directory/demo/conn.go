package demo

import (
	"bufio"
	"errors"
	"net"
	"slices"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

const (
	oidWhoAmI   = "1.3.6.1.4.1.4203.1.11.3" // RFC 4532
	oidStartTLS = "1.3.6.1.4.1.1466.20037"  // RFC 4511 section 4.14
	oidPaged    = "1.2.840.113556.1.4.319"  // RFC 2696
)

// conn is one client. Its operations are answered one after the other, so that by the time an Abandon is read there
// is nothing left to abandon.
type conn struct {
	net  net.Conn
	tree *tree
	out  *bufio.Writer

	bound *entry // nil is anonymous
}

// serve answers until the client leaves, falls silent or sends what is no LDAP.
func (c *conn) serve() {
	in := bufio.NewReader(c.net)
	c.out = bufio.NewWriter(c.net)
	for {
		c.net.SetReadDeadline(time.Now().Add(idleTimeout))
		data, err := readMessage(in)
		c.net.SetWriteDeadline(time.Now().Add(writeTimeout))
		var m message
		if err == nil {
			m, err = decodeMessage(data)
		}
		if errors.Is(err, errMalformed) || err == nil && m.op == nil {
			c.disconnect(err)
		}
		if _, leaving := m.op.(unbindRequest); leaving || err != nil || m.op == nil {
			return
		}
		c.answer(m)
		if c.out.Flush() != nil {
			return
		}
	}
}

// answer performs one operation. A response that cannot be written shows at the next Flush.
func (c *conn) answer(m message) {
	if refused, ok := c.refuseControls(m); ok {
		if tag, has := responseTag(m.op); has {
			c.send(m.id, refused.packet(tag))
		}
		return
	}
	switch op := m.op.(type) {
	case bindRequest:
		c.send(m.id, c.bind(op).packet(ldap.ApplicationBindResponse))
	case searchRequest:
		c.search(m.id, op, m.controls)
	case compareRequest:
		c.send(m.id, c.compare(op).packet(ldap.ApplicationCompareResponse))
	case extendedRequest:
		c.send(m.id, c.extended(op))
	case updateRequest:
		c.send(m.id, result{ldap.LDAPResultUnwillingToPerform, "", "the sample directory is read-only"}.packet(op.response))
	case abandonRequest: // has no response (RFC 4511 section 4.11)
	}
}

// refuseControls finds a critical control that the server does not know, or not with this operation (RFC 4511
// section 4.1.11).
func (c *conn) refuseControls(m message) (result, bool) {
	_, searching := m.op.(searchRequest)
	unknown := slices.ContainsFunc(m.controls, func(one control) bool {
		return one.critical && !(searching && one.oid == oidPaged)
	})
	return result{ldap.LDAPResultUnavailableCriticalExtension, "", "a critical control is not supported"}, unknown
}

// bind authenticates (RFC 4511 section 4.2, RFC 4513 section 5.1).
func (c *conn) bind(r bindRequest) result {
	c.bound = nil // whatever comes of it, RFC 4511 section 4.2.1
	if r.version != 3 {
		return result{ldap.LDAPResultProtocolError, "", "only LDAPv3 is spoken"}
	}
	if !r.simple {
		return result{ldap.LDAPResultAuthMethodNotSupported, "", "only simple binds are supported"}
	}
	name, err := parseDN(r.name)
	switch {
	case err != nil:
		return result{ldap.LDAPResultInvalidDNSyntax, "", "the name is no DN"}
	case len(name) == 0 && r.password == "":
		return result{}
	case r.password == "": // RFC 4513 section 5.1.2
		return result{ldap.LDAPResultUnwillingToPerform, "", "unauthenticated bind (DN with no password) disallowed"}
	}
	key := joinDN(name)
	if !c.tree.verify(key, r.password) {
		return result{ldap.LDAPResultInvalidCredentials, "", ""}
	}
	c.bound = c.tree.byKey[key]
	return result{}
}

func (c *conn) compare(r compareRequest) result {
	e, missing := c.find(r.dn)
	if e == nil {
		return missing
	}
	t := lookup(r.attribute)
	if t == nil {
		return result{ldap.LDAPResultUndefinedAttributeType, "", ""}
	}
	key, ok := t.syntax.prepare(r.value)
	a := e.get(t)
	switch {
	case !ok:
		return result{ldap.LDAPResultInvalidAttributeSyntax, "", ""}
	case a == nil:
		return result{ldap.LDAPResultNoSuchAttribute, "", ""}
	case slices.Contains(a.keys, key):
		return result{ldap.LDAPResultCompareTrue, "", ""}
	}
	return result{ldap.LDAPResultCompareFalse, "", ""}
}

// extended answers an ExtendedRequest (RFC 4511 section 4.12).
func (c *conn) extended(r extendedRequest) *ber.Packet {
	switch r.name {
	case oidWhoAmI:
		p := result{}.packet(ldap.ApplicationExtendedResponse)
		p.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 11, c.authzID(), "responseValue"))
		return p
	case oidStartTLS: // Section 4.14.1: what a server without TLS answers
		p := result{ldap.LDAPResultProtocolError, "", "StartTLS is not supported: the sample directory is on loopback only"}.
			packet(ldap.ApplicationExtendedResponse)
		p.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 10, oidStartTLS, "responseName"))
		return p
	}
	return result{ldap.LDAPResultProtocolError, "", "unsupported extended operation"}.packet(ldap.ApplicationExtendedResponse)
}

// authzID is the authorization identity (RFC 4513 section 5.2.1.8), empty for an anonymous client.
func (c *conn) authzID() string {
	if c.bound == nil {
		return ""
	}
	return "dn:" + c.bound.dn
}

// find answers the entry with a DN, or why there is none.
func (c *conn) find(dn string) (*entry, result) {
	rdns, err := parseDN(dn)
	if err != nil {
		return nil, result{ldap.LDAPResultInvalidDNSyntax, "", "the name is no DN"}
	}
	e := c.tree.byKey[joinDN(rdns)]
	if e == nil {
		return nil, result{ldap.LDAPResultNoSuchObject, c.tree.nearest(rdns), ""}
	}
	return e, result{}
}
