package directorytest

import (
	"fmt"
	"strings"
)

// Organisation describes a made-up organisation for a directory of RFC 2798 and RFC 2307.
type Organisation struct {
	People, Groups, Rooms, Resources int
	Suffix                           string // empty means dc=example,dc=com
}

var (
	firstNames = []string{"Ada", "Grace", "Linus", "Zoë", "Jürgen", "Søren", "Łukasz", "Mária", "İpek", "Nguyễn", "Dmitri", "Yuki", "Chloé", "Björn", "Anaïs", "Siobhán"}
	lastNames  = []string{"Lovelace", "Hopper", "Torvalds", "Müller", "Kierkegaard", "Wałęsa", "Curie", "O'Brien", "García", "Škvorecký", "Nakamura", "Ångström", "Çelik", "Dvořák", "van Rossum", "Smith"}
)

// LDIF writes the organisation: people user1…userN below ou=people with the password "secret-" and their name,
// groups group1… of about equal size below ou=groups, of which each tenth also contains the one before it, rooms
// room1… below ou=rooms and resources resource1… below ou=resources.
func (o Organisation) LDIF() string {
	if o.Suffix == "" {
		o.Suffix = "dc=example,dc=com"
	}
	var b strings.Builder
	for _, unit := range []string{"people", "groups", "rooms", "resources"} {
		fmt.Fprintf(&b, "dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n", unit, o.Suffix, unit)
	}
	for i := 1; i <= o.People; i++ {
		o.person(&b, i)
	}
	for i := 1; i <= o.Groups; i++ {
		o.group(&b, i)
	}
	for i := 1; i <= o.Rooms; i++ {
		fmt.Fprintf(&b, "dn: cn=room%d,ou=rooms,%s\nobjectClass: device\nobjectClass: extensibleObject\ncn: room%d\ndisplayName: Room %d\n"+
			"mail: room%d@example.com\nl: Building %d\ndescription: auto-schedule-mode=accept-if-free\ndescription: capacity=%d\n\n",
			i, o.Suffix, i, i, i, i%7+1, i%40+2)
	}
	for i := 1; i <= o.Resources; i++ {
		fmt.Fprintf(&b, "dn: cn=resource%d,ou=resources,%s\nobjectClass: device\nobjectClass: extensibleObject\ncn: resource%d\n"+
			"displayName: Resource %d\nmail: resource%d@example.com\n\n", i, o.Suffix, i, i, i)
	}
	return b.String()
}

func (o Organisation) person(b *strings.Builder, i int) {
	first, last := firstNames[i%len(firstNames)], lastNames[i/len(firstNames)%len(lastNames)]
	fmt.Fprintf(b, "dn: uid=user%d,ou=people,%s\nobjectClass: inetOrgPerson\nuid: user%d\ncn: %s %s\nsn: %s\ngivenName: %s\n"+
		"displayName: %s %s\nmail: user%d@example.com\nmail: u%d@mail.example.com\ntitle: Engineer\nmobile: +49 170 %07d\n"+
		"departmentNumber: %d\nuserPassword: secret-user%d\n\n",
		i, o.Suffix, i, first, last, last, first, first, last, i, i, i, i%20, i)
}

func (o Organisation) group(b *strings.Builder, i int) {
	fmt.Fprintf(b, "dn: cn=group%d,ou=groups,%s\nobjectClass: groupOfNames\ncn: group%d\ndescription: Group %d\n", i, o.Suffix, i, i)
	size := max(1, o.People/o.Groups)
	for m := range size {
		fmt.Fprintf(b, "member: uid=user%d,ou=people,%s\n", (i-1)*size+m+1, o.Suffix)
	}
	if i%10 == 0 {
		fmt.Fprintf(b, "member: cn=group%d,ou=groups,%s\n", i-1, o.Suffix)
	}
	b.WriteString("\n")
}
