package demo

import (
	"iter"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"calport/directory"
)

// syntax says how the values of an attribute compare (RFC 4517).
type syntax uint8

const (
	caseExact syntax = iota + 1
	caseIgnore
	telephone
	integer
	distinguishedName
)

// attributeType is one row of the schema (RFC 4512 section 2.5.1).
type attributeType struct {
	name        string
	aliases     []string // further short names, and the OID
	syntax      syntax
	operational bool // returned only when asked for by name or by "+" (RFC 3673)
}

// schema lists the attributes that entries of the sample directory may have. A filter on any other is Undefined.
var schema = []attributeType{
	// RFC 4512 and RFC 4519
	{name: "objectClass", aliases: []string{"2.5.4.0"}, syntax: caseIgnore},
	{name: "dc", aliases: []string{"domainComponent", "0.9.2342.19200300.100.1.25"}, syntax: caseIgnore},
	{name: "cn", aliases: []string{"commonName", "2.5.4.3"}, syntax: caseIgnore},
	{name: "sn", aliases: []string{"surname", "2.5.4.4"}, syntax: caseIgnore},
	{name: "givenName", aliases: []string{"gn", "2.5.4.42"}, syntax: caseIgnore},
	{name: "uid", aliases: []string{"userid", "0.9.2342.19200300.100.1.1"}, syntax: caseIgnore},
	{name: "o", aliases: []string{"organizationName", "2.5.4.10"}, syntax: caseIgnore},
	{name: "ou", aliases: []string{"organizationalUnitName", "2.5.4.11"}, syntax: caseIgnore},
	{name: "l", aliases: []string{"localityName", "2.5.4.7"}, syntax: caseIgnore},
	{name: "title", aliases: []string{"2.5.4.12"}, syntax: caseIgnore},
	{name: "description", aliases: []string{"2.5.4.13"}, syntax: caseIgnore},
	{name: "telephoneNumber", aliases: []string{"2.5.4.20"}, syntax: telephone},
	{name: "member", aliases: []string{"2.5.4.31"}, syntax: distinguishedName},
	{name: "owner", aliases: []string{"2.5.4.32"}, syntax: distinguishedName},
	{name: "seeAlso", aliases: []string{"2.5.4.34"}, syntax: distinguishedName},
	// RFC 4524
	{name: "mail", aliases: []string{"rfc822Mailbox", "0.9.2342.19200300.100.1.3"}, syntax: caseIgnore},
	{name: "mobile", aliases: []string{"mobileTelephoneNumber", "0.9.2342.19200300.100.1.41"}, syntax: telephone},
	{name: "roomNumber", aliases: []string{"0.9.2342.19200300.100.1.6"}, syntax: caseIgnore},
	// RFC 2798
	{name: "displayName", aliases: []string{"2.16.840.1.113730.3.1.241"}, syntax: caseIgnore},
	{name: "employeeNumber", aliases: []string{"2.16.840.1.113730.3.1.3"}, syntax: caseIgnore},
	{name: "employeeType", aliases: []string{"2.16.840.1.113730.3.1.4"}, syntax: caseIgnore},
	{name: "departmentNumber", aliases: []string{"2.16.840.1.113730.3.1.2"}, syntax: caseIgnore},
	{name: "preferredLanguage", aliases: []string{"2.16.840.1.113730.3.1.39"}, syntax: caseIgnore},
	// RFC 4512 section 3.4, RFC 4530, RFC 5020
	{name: "entryUUID", aliases: []string{"1.3.6.1.1.16.4"}, syntax: caseIgnore, operational: true},
	{name: "entryDN", aliases: []string{"1.3.6.1.1.20"}, syntax: distinguishedName, operational: true},
	{name: "structuralObjectClass", aliases: []string{"2.5.21.9"}, syntax: caseIgnore, operational: true},
	{name: "createTimestamp", aliases: []string{"2.5.18.1"}, syntax: caseIgnore, operational: true},
	{name: "modifyTimestamp", aliases: []string{"2.5.18.2"}, syntax: caseIgnore, operational: true},
	{name: "hasSubordinates", aliases: []string{"2.5.18.9"}, syntax: caseIgnore, operational: true},
	{name: "memberOf", aliases: []string{"1.2.840.113556.1.2.102"}, syntax: distinguishedName, operational: true},
	// RFC 4512 section 5.1 and RFC 3045: of the root DSE
	{name: "namingContexts", aliases: []string{"1.3.6.1.4.1.1466.101.120.5"}, syntax: distinguishedName, operational: true},
	{name: "supportedControl", aliases: []string{"1.3.6.1.4.1.1466.101.120.13"}, syntax: caseIgnore, operational: true},
	{name: "supportedExtension", aliases: []string{"1.3.6.1.4.1.1466.101.120.7"}, syntax: caseIgnore, operational: true},
	{name: "supportedFeatures", aliases: []string{"1.3.6.1.4.1.4203.1.3.5"}, syntax: caseIgnore, operational: true},
	{name: "supportedLDAPVersion", aliases: []string{"1.3.6.1.4.1.1466.101.120.15"}, syntax: integer, operational: true},
	{name: "vendorName", aliases: []string{"1.3.6.1.1.4"}, syntax: caseExact, operational: true},
	{name: "vendorVersion", aliases: []string{"1.3.6.1.1.5"}, syntax: caseExact, operational: true},
}

var schemaByName = func() map[string]*attributeType {
	byName := make(map[string]*attributeType)
	for i := range schema {
		for _, name := range append(schema[i].aliases, schema[i].name) {
			byName[strings.ToLower(name)] = &schema[i]
		}
	}
	return byName
}()

// lookup finds an attribute type by any of its names; nil if the schema has none. A description with options asks for
// a subtype (RFC 4512 section 2.5.2), and the sample directory has none.
func lookup(description string) *attributeType { return schemaByName[strings.ToLower(description)] }

// matchingRules are the rules that an extensible match may name (RFC 4517 section 4.2).
var matchingRules = map[string]syntax{
	"caseexactmatch": caseExact, "2.5.13.5": caseExact,
	"caseignorematch": caseIgnore, "2.5.13.2": caseIgnore,
	"caseignoreia5match": caseIgnore, "1.3.6.1.4.1.1466.109.114.2": caseIgnore,
	"distinguishednamematch": distinguishedName, "2.5.13.1": distinguishedName,
	"integermatch": integer, "2.5.13.14": integer,
	"telephonenumbermatch": telephone, "2.5.13.20": telephone,
}

// prepare turns a value into the form in which equal values are equal strings; false means that it is no value of
// the syntax.
func (s syntax) prepare(value string) (string, bool) {
	switch s {
	case caseIgnore:
		return spaces(directory.Fold(value)), true
	case telephone: // RFC 4518 section 2.6.3
		return strings.NewReplacer(" ", "", "-", "").Replace(directory.Fold(value)), true
	case integer:
		n, err := strconv.ParseInt(value, 10, 64)
		return strconv.FormatInt(n, 10), err == nil
	case distinguishedName:
		rdns, err := parseDN(value)
		return joinDN(rdns), err == nil
	}
	return spaces(value), true
}

// spaces drops outer spaces and makes inner ones single (RFC 4518 section 2.6.1).
func spaces(value string) string { return strings.Join(strings.Fields(value), " ") }

func joinDN(rdns []string) string { return strings.Join(rdns, ",") }

// parseDN reads a distinguished name (RFC 4514) into its relative names, each in the form in which equal ones are
// equal strings.
func parseDN(dn string) ([]string, error) {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return nil, err
	}
	rdns := make([]string, len(parsed.RDNs))
	for i, rdn := range parsed.RDNs {
		rdns[i] = canonicalRDN(rdn)
	}
	return rdns, nil
}

// nameParts yields each attribute and value that a distinguished name is made of.
func nameParts(dn string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		parsed, err := ldap.ParseDN(dn)
		if err != nil {
			return
		}
		for _, rdn := range parsed.RDNs {
			for _, a := range rdn.Attributes {
				if !yield(a.Type, a.Value) {
					return
				}
			}
		}
	}
}
