package demo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/uuid"
)

// created is when every entry was made, as a GeneralizedTime (RFC 4517 section 3.3.13).
const created = "20260105080000Z"

// organisation writes the whole sample directory, superiors first.
func organisation() []record {
	records := []record{rootDSE(),
		node(BaseDN, "organization", []string{"objectClass", "top", "dcObject", "organization"}, []string{"dc", "example"}, []string{"o", "Sample Organisation"}),
	}
	for _, dn := range []string{PeopleDN, GroupsDN, RoomsDN, ResourcesDN, DelegatesDN, servicesDN} {
		name, _, _ := strings.Cut(strings.TrimPrefix(dn, "ou="), ",")
		records = append(records, node(dn, "organizationalUnit", []string{"objectClass", "top", "organizationalUnit"}, []string{"ou", name}))
	}
	reader := node(ReaderDN, "applicationProcess", []string{"objectClass", "top", "applicationProcess"}, []string{"cn", "reader"})
	reader.password = Password
	records = append(records, reader)
	memberOf := memberships()
	for _, p := range people {
		records = append(records, p.record(memberOf[personDN(p.uid)]))
	}
	for _, g := range groups {
		records = append(records, g.record(memberOf[groupDN(g.name)]))
	}
	for _, r := range rooms {
		records = append(records, r.record("room", RoomsDN))
	}
	for _, r := range resources {
		records = append(records, r.record("device", ResourcesDN))
	}
	for _, d := range delegations {
		records = append(records, d.record())
	}
	return records
}

// rootDSE describes the server itself (RFC 4512 section 5.1).
func rootDSE() record {
	return record{values: [][]string{
		{"objectClass", "top"},
		{"namingContexts", BaseDN},
		{"supportedControl", oidPaged},
		{"supportedExtension", oidWhoAmI},
		{"supportedFeatures", "1.3.6.1.4.1.4203.1.5.1"}, // "+", RFC 3673
		{"supportedLDAPVersion", "3"},
		{"vendorName", "calport"},
		{"vendorVersion", "sample directory"},
	}}
}

// node is an entry with its operational attributes. Its id is the same at every start.
func node(dn, structural string, values ...[]string) record {
	return record{dn: dn, values: append(values,
		[]string{"structuralObjectClass", structural},
		[]string{"entryUUID", stableID(dn)},
		[]string{"entryDN", dn},
		[]string{"createTimestamp", created},
		[]string{"modifyTimestamp", created},
	)}
}

// stableID is the entryUUID of the entry with a DN: version 5 (RFC 9562 section 5.5).
func stableID(dn string) string { return uuid.NewSHA1(uuid.NameSpaceX500, []byte(dn)).String() }

func personDN(uid string) string { return "uid=" + ldap.EscapeDN(uid) + "," + PeopleDN }

func groupDN(name string) string { return "cn=" + ldap.EscapeDN(name) + "," + GroupsDN }

func (p person) record(memberOf []string) record {
	name := p.fullName()
	values := [][]string{
		{"objectClass", "top", "person", "organizationalPerson", "inetOrgPerson"},
		{"uid", p.uid}, {"cn", name}, {"displayName", name}, {"givenName", p.first}, {"sn", p.last},
		append([]string{"mail"}, p.mails()...),
		{"title", p.title}, {"departmentNumber", p.unit}, {"preferredLanguage", p.language}, {"o", "Sample Organisation"},
	}
	if p.mobile != "" {
		values = append(values, []string{"mobile", p.mobile})
	}
	values = append(values, append([]string{"memberOf"}, memberOf...))
	r := node(personDN(p.uid), "inetOrgPerson", values...)
	r.password = Password
	return r
}

// fullName is in the order of the person's language: the family name is first in Chinese, Japanese and Vietnamese.
func (p person) fullName() string {
	if slices.Contains([]string{"ja", "zh", "vi"}, p.language) {
		return p.last + " " + p.first
	}
	return p.first + " " + p.last
}

// mails are the preferred address, and the alias for those whose short name can be one.
func (p person) mails() []string {
	all := []string{p.mail + "@" + Domain}
	if strings.IndexFunc(p.uid, func(r rune) bool { return r > 0x7f }) < 0 {
		all = append(all, p.uid+"@"+Domain)
	}
	return all
}

// members are the DNs of a group's direct members.
func (g group) members() []string {
	var all []string
	for _, p := range people {
		if p.unit == g.name || slices.Contains(g.people, p.uid) {
			all = append(all, personDN(p.uid))
		}
	}
	for _, name := range g.groups {
		all = append(all, groupDN(name))
	}
	return all
}

// memberships are, by the DN of a member, the DNs of the groups that have it directly.
func memberships() map[string][]string {
	in := make(map[string][]string)
	for _, g := range groups {
		for _, dn := range g.members() {
			in[dn] = append(in[dn], groupDN(g.name))
		}
	}
	return in
}

func (g group) record(memberOf []string) record {
	values := [][]string{
		{"objectClass", "top", "groupOfNames", "extensibleObject"}, // which allows displayName (RFC 4512 section 4.3)
		{"cn", g.name}, {"displayName", g.fullName},
		append([]string{"member"}, g.members()...),
		append([]string{"memberOf"}, memberOf...),
	}
	return node(groupDN(g.name), "groupOfNames", values...)
}

// crowd writes so many people who are like each other.
func crowd(pupils int) []record {
	records := make([]record, pupils)
	for i := range records {
		number := fmt.Sprintf("%04d", i+1)
		records[i] = person{
			uid: "pupil" + number, first: "Pupil", last: number, mail: "pupil." + number, title: "Pupil", unit: "pupils", language: "en",
		}.record(nil)
	}
	return records
}
