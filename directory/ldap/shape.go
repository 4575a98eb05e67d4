package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// rootDSE is what a server tells of itself (RFC 4512 section 5.1), and the attribute types that its schema defines.
type rootDSE struct {
	vendorName, vendorVersion string
	capabilities, controls    []string
	base                      string // the default naming context, else the first
	configuration             string // Active Directory's configuration naming context
	attributeTypes            []string
}

// capabilityActiveDirectory is LDAP_CAP_ACTIVE_DIRECTORY_OID ([MS-ADTS] section 3.1.1.3.4.3.1).
const capabilityActiveDirectory = "1.2.840.113556.1.4.800"

func readRootDSE(ctx context.Context, c *conn) (*rootDSE, error) {
	e, err := c.read(ctx, "", "(objectClass=*)", []string{"vendorName", "vendorVersion", "supportedCapabilities", "supportedControl",
		"defaultNamingContext", "namingContexts", "configurationNamingContext", "subschemaSubentry"})
	if err != nil {
		return nil, err
	}
	if e == nil {
		return &rootDSE{}, nil
	}
	r := &rootDSE{
		vendorName: e.GetAttributeValue("vendorName"), vendorVersion: e.GetAttributeValue("vendorVersion"),
		capabilities: e.GetAttributeValues("supportedCapabilities"), controls: e.GetAttributeValues("supportedControl"), base: e.GetAttributeValue("defaultNamingContext"),
		configuration: e.GetAttributeValue("configurationNamingContext"),
	}
	if contexts := e.GetAttributeValues("namingContexts"); r.base == "" && len(contexts) > 0 {
		r.base = contexts[0]
	}
	if subschema := e.GetAttributeValue("subschemaSubentry"); subschema != "" && len(r.capabilities) == 0 {
		if e, err := c.read(ctx, subschema, "(objectClass=subschema)", []string{"attributeTypes"}); err == nil && e != nil {
			r.attributeTypes = e.GetAttributeValues("attributeTypes")
		}
	}
	return r, nil
}

// defines reports whether the schema has an attribute type (RFC 4512 section 4.1.2).
func (r *rootDSE) defines(attribute string) bool {
	quoted := "'" + strings.ToLower(attribute) + "'"
	return slices.ContainsFunc(r.attributeTypes, func(definition string) bool {
		names, _, _ := strings.Cut(strings.ToLower(definition), " syntax ")
		return strings.Contains(names, quoted)
	})
}

func (r *rootDSE) vendor(f *flavour) string {
	if vendor := strings.TrimSpace(r.vendorName + " " + r.vendorVersion); vendor != "" {
		return vendor
	}
	return f.name
}

// shape is what options, flavour and server together say about where things are and what they are called.
type shape struct {
	flavour           *flavour
	attributes        Attributes
	keep              []string
	areas             map[directory.Kind]*area // no entry for what is not looked for
	delegates         *area
	domain, dnsDomain string   // of Active Directory
	lockouts          lockouts // of OpenLDAP
}

// area is where entries of one kind are.
type area struct {
	base, key, filter string
	optional          bool // the flavour's own, which need not exist
}

// shapeOf answers the shape; it asks the server the first time.
func (d *Directory) shapeOf(ctx context.Context, c *conn) (*shape, error) {
	d.mu.Lock()
	known, keep := d.shape, d.keep
	d.mu.Unlock()
	if known != nil {
		return known, nil
	}
	root, err := readRootDSE(ctx, c)
	if err != nil {
		return nil, err
	}
	sh, err := newShape(d.o, root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.server, err)
	}
	sh.keep = keep
	if sh.flavour.name == "activedirectory" {
		sh.dnsDomain = domainOf(root.base)
		if sh.domain == "" {
			sh.domain = netBIOSName(ctx, c, root)
		}
	}
	if root.defines("pwdLockoutDuration") {
		sh.lockouts = readLockouts(ctx, c, cmp.Or(root.base, d.o.Base))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Equal(d.keep, keep) { // else the next one asks again
		d.shape = sh
	}
	return sh, nil
}

func newShape(o Options, root *rootDSE) (*shape, error) {
	f := flavourNamed(o.Flavour)
	for i := 0; f == nil; i++ {
		if known := &flavours[i]; known.recognised == nil || known.recognised(root) {
			f = known
		}
	}
	base := o.Base
	if base == "" {
		base = root.base
	}
	if base == "" && (o.People.Base == "" || o.Groups.Base == "") {
		return nil, errors.New("the server names no naming context; set base")
	}
	sh := &shape{flavour: f, attributes: f.attributes.overriddenBy(o.Attributes), domain: o.Domain, areas: make(map[directory.Kind]*area)}
	for _, a := range []struct {
		kind     directory.Kind
		own, set Area
	}{
		{directory.Individual, f.people, o.People}, {directory.Group, f.groups, o.Groups},
		{directory.Room, f.rooms, o.Rooms}, {directory.Resource, f.resources, o.Resources},
	} {
		if a.own != (Area{}) || a.set != (Area{}) {
			sh.areas[a.kind] = newArea(base, a.own, a.set)
		}
	}
	if o.Delegates.Base != "" {
		sh.delegates = newArea(base, Area{Filter: sh.areas[directory.Group].filter},
			Area{Base: o.Delegates.Base, Filter: o.Delegates.Filter})
	}
	return sh, nil
}

func newArea(base string, own, set Area) *area {
	a := &area{base: base, filter: "(objectClass=*)"}
	switch {
	case set.Base != "":
		a.base = set.Base
	case own.Base != "":
		a.base, a.optional = own.Base+","+base, true
	}
	switch {
	case set.Filter != "":
		a.filter = set.Filter
	case own.Filter != "":
		a.filter = own.Filter
	}
	a.key = dnKey(a.base)
	return a
}

// domainOf writes the domain components of a DN as a DNS name (RFC 2247 section 2).
func domainOf(dn string) string {
	parsed, err := goldap.ParseDN(dn)
	if err != nil {
		return ""
	}
	var labels []string
	for _, rdn := range parsed.RDNs {
		if strings.EqualFold(rdn.Attributes[0].Type, "dc") {
			labels = append(labels, rdn.Attributes[0].Value)
		}
	}
	return strings.ToLower(strings.Join(labels, "."))
}

// netBIOSName asks Active Directory for the name before the backslash ([MS-ADTS] section 6.1.1.2.1.1); empty if the
// bind account may not see it.
func netBIOSName(ctx context.Context, c *conn, root *rootDSE) string {
	var name string
	filter := "(&(objectClass=crossRef)(nETBIOSName=*)(nCName=" + goldap.EscapeFilter(root.base) + "))"
	_ = c.pages(ctx, "CN=Partitions,"+root.configuration, filter, []string{"nETBIOSName"}, 100, func(e *goldap.Entry) error {
		name = e.GetAttributeValue("nETBIOSName")
		return nil
	})
	return name
}
