package demo

import (
	"strconv"

	"github.com/go-ldap/ldap/v3"
)

// record writes a place as an entry of its structural class below base. LDAP has no standard attributes for capacity
// and answering mode: they are key=value lines of the description.
func (p place) record(class, base string) record {
	description := []string{"description", "auto-schedule-mode=" + p.mode}
	if p.capacity > 0 {
		description = append(description, "capacity="+strconv.Itoa(p.capacity))
	}
	if p.group != "" {
		description = append(description, "auto-accept-group="+stableID(groupDN(p.group)))
	}
	return node("uid="+ldap.EscapeDN(p.name)+","+base, class,
		[]string{"objectClass", "top", class, "extensibleObject"},
		[]string{"uid", p.name}, []string{"cn", p.fullName}, []string{"mail", p.name + "@" + Domain}, []string{"l", p.location},
		description,
	)
}

func (d delegation) record() record {
	name := d.owner + "-read"
	if d.write {
		name = d.owner + "-write"
	}
	members := []string{"member"}
	for _, uid := range d.people {
		members = append(members, personDN(uid))
	}
	return node("cn="+ldap.EscapeDN(name)+","+DelegatesDN, "groupOfNames",
		[]string{"objectClass", "top", "groupOfNames"}, []string{"cn", name}, members)
}
