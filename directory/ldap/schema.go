package ldap

import (
	"fmt"
	"slices"
)

// Attributes names the attributes that principals are made of. Each field lists sources in order of preference. A
// source is an attribute name, or name:key for those values of the attribute that read key=value.
type Attributes struct {
	GUID      []string // stable id; objectGUID is read as the binary it is
	ShortName []string // of people, rooms and resources
	GroupName []string // short name of groups

	FullName, FirstName, LastName []string
	Mails                         []string // all sources together, the preferred address first
	LoginNames                    []string // further names for signing in
	JobTitle, MobilePhone         []string

	Members        []string // of a group: DNs, short names of people, or GUIDs
	MemberOf       []string // of a person: DNs of groups
	PrimaryGroup   []string // of a person: the number of a group
	PrimaryGroupID []string // of a group: that number

	AutoSchedule    []string // of a room or resource: a mode by its name
	AutoAcceptGroup []string // GUID, DN or short name of a group
	Capacity        []string
	Location        []string

	DelegatesRead, DelegatesWrite []string // DNs, short names of people, or GUIDs
}

// flavour is what a kind of directory calls things.
type flavour struct {
	name       string
	recognised func(*rootDSE) bool // nil for the one that is taken if no other is

	// A base here stands before the Base of the Options. Rooms and resources without filter are not looked for.
	people, groups, rooms, resources Area

	attributes Attributes
	state      []stateRule // of a person's account, the first that speaks decides
}

// mailPrefixed are the attributes that hold mail addresses behind a scheme, "smtp:" or "SMTP:" for mail.
var mailPrefixed = map[string]bool{"proxyaddresses": true}

// flavours is the table of what is known of directories. To support another one, add a row.
var flavours = []flavour{
	{ // [MS-ADTS]
		name:       "activedirectory",
		recognised: func(r *rootDSE) bool { return slices.Contains(r.capabilities, capabilityActiveDirectory) },
		people:     Area{Filter: "(&(objectCategory=person)(objectClass=user)(!(showInAdvancedViewOnly=TRUE)))"},
		groups:     Area{Filter: "(objectClass=group)"},
		rooms:      Area{Filter: "(msExchRecipientDisplayType=7)"},
		resources:  Area{Filter: "(msExchRecipientDisplayType=8)"},
		attributes: Attributes{
			GUID:      []string{"objectGUID"},
			ShortName: []string{"sAMAccountName"}, GroupName: []string{"sAMAccountName"},
			FullName: []string{"displayName", "cn"}, FirstName: []string{"givenName"}, LastName: []string{"sn"},
			Mails:      []string{"mail", "proxyAddresses"},
			LoginNames: []string{"userPrincipalName"},
			JobTitle:   []string{"title"}, MobilePhone: []string{"mobile", "telephoneNumber"},
			Members:      []string{"member"},
			PrimaryGroup: []string{"primaryGroupID"}, PrimaryGroupID: []string{"primaryGroupToken"},
			Capacity: []string{"msExchResourceCapacity"}, Location: []string{"physicalDeliveryOfficeName"},
		},
		state: []stateRule{userAccountControl, accountExpires, pwdLastSet, computedAccountControl},
	},
	{ // FreeIPA, on 389 Directory Server
		name:       "freeipa",
		recognised: func(r *rootDSE) bool { return r.defines("ipaUniqueID") },
		people:     Area{Base: "cn=users,cn=accounts", Filter: "(objectClass=posixAccount)"},
		groups:     Area{Base: "cn=groups,cn=accounts", Filter: "(|(objectClass=groupOfNames)(objectClass=posixGroup))"},
		attributes: Attributes{
			GUID:      []string{"ipaUniqueID"},
			ShortName: []string{"uid"}, GroupName: []string{"cn"},
			FullName: []string{"displayName", "cn"}, FirstName: []string{"givenName"}, LastName: []string{"sn"},
			Mails:      []string{"mail", "mailAlternateAddress"},
			LoginNames: []string{"krbPrincipalName", "krbPrincipalAlias"},
			JobTitle:   []string{"title"}, MobilePhone: []string{"mobile", "telephoneNumber"},
			Members:      []string{"member", "memberUid"},
			PrimaryGroup: []string{"gidNumber"}, PrimaryGroupID: []string{"gidNumber"},
			Capacity: []string{"capacity"}, Location: []string{"l"},
		},
		state: []stateRule{nsAccountLock, accountUnlockTime, krbPrincipalExpiration, krbPasswordExpiration},
	},
	{ // Apple's Open Directory, on OpenLDAP with apple.schema
		name:       "opendirectory",
		recognised: func(r *rootDSE) bool { return r.defines("apple-generateduid") },
		people:     Area{Base: "cn=users", Filter: "(&(objectClass=inetOrgPerson)(apple-generateduid=*))"},
		groups:     Area{Base: "cn=groups", Filter: "(&(objectClass=posixGroup)(apple-generateduid=*))"},
		rooms:      Area{Base: "cn=places", Filter: "(apple-generateduid=*)"},
		resources:  Area{Base: "cn=resources", Filter: "(apple-generateduid=*)"},
		attributes: Attributes{
			GUID:      []string{"apple-generateduid"},
			ShortName: []string{"uid", "cn"}, GroupName: []string{"cn"},
			FullName:  []string{"apple-group-realname", "cn"},
			FirstName: []string{"givenName"}, LastName: []string{"sn"},
			Mails:    []string{"mail", "apple-emailaliases"},
			JobTitle: []string{"title"}, MobilePhone: []string{"mobile", "telephoneNumber"},
			Members:      []string{"apple-group-memberguid", "apple-group-nestedgroup", "memberUid"},
			PrimaryGroup: []string{"gidNumber"}, PrimaryGroupID: []string{"gidNumber"},
			Capacity: []string{"apple-capacity"}, Location: []string{"l"},
		},
		state: []stateRule{authAuthority, applePasswordPolicy, shadowExpire},
	},
	{ // RFC 2798 and RFC 2307, OpenLDAP and most others
		name:   "openldap",
		people: Area{Filter: "(|(objectClass=inetOrgPerson)(objectClass=posixAccount))"},
		groups: Area{Filter: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=groupOfMembers))"},
		attributes: Attributes{
			GUID:      []string{"entryUUID"}, // RFC 4530
			ShortName: []string{"uid", "cn"}, GroupName: []string{"cn"},
			FullName: []string{"displayName", "cn"}, FirstName: []string{"givenName"}, LastName: []string{"sn"},
			Mails:    []string{"mail", "mailLocalAddress", "mailAlternateAddress"},
			JobTitle: []string{"title"}, MobilePhone: []string{"mobile", "telephoneNumber"},
			Members: []string{"member", "uniqueMember", "memberUid"}, MemberOf: []string{"memberOf"},
			PrimaryGroup: []string{"gidNumber"}, PrimaryGroupID: []string{"gidNumber"},
			Location: []string{"l"},
		},
		state: []stateRule{pwdAccountLockedTime, pwdEndTime, pwdReset, shadowExpire},
	},
}

// Flavours lists the kinds of directories that are known.
func Flavours() []string {
	var names []string
	for _, f := range flavours {
		names = append(names, f.name)
	}
	return names
}

func flavourNamed(name string) *flavour {
	for i := range flavours {
		if flavours[i].name == name {
			return &flavours[i]
		}
	}
	return nil
}

// attributeFields is the one list of the fields of Attributes, with the name that an option has and the kinds of
// entries whose reading needs the field.
var attributeFields = []struct {
	name string
	of   entryKinds
	get  func(*Attributes) *[]string
}{
	{"guid", anyEntry, func(a *Attributes) *[]string { return &a.GUID }},
	{"short_name", person | place, func(a *Attributes) *[]string { return &a.ShortName }},
	{"group_name", group, func(a *Attributes) *[]string { return &a.GroupName }},
	{"full_name", anyEntry, func(a *Attributes) *[]string { return &a.FullName }},
	{"first_name", person, func(a *Attributes) *[]string { return &a.FirstName }},
	{"last_name", person, func(a *Attributes) *[]string { return &a.LastName }},
	{"mails", anyEntry, func(a *Attributes) *[]string { return &a.Mails }},
	{"login_names", person, func(a *Attributes) *[]string { return &a.LoginNames }},
	{"job_title", person, func(a *Attributes) *[]string { return &a.JobTitle }},
	{"mobile_phone", person, func(a *Attributes) *[]string { return &a.MobilePhone }},
	{"members", group, func(a *Attributes) *[]string { return &a.Members }},
	{"member_of", person, func(a *Attributes) *[]string { return &a.MemberOf }},
	{"primary_group", person, func(a *Attributes) *[]string { return &a.PrimaryGroup }},
	{"primary_group_id", group, func(a *Attributes) *[]string { return &a.PrimaryGroupID }},
	{"auto_schedule", place, func(a *Attributes) *[]string { return &a.AutoSchedule }},
	{"auto_accept_group", place, func(a *Attributes) *[]string { return &a.AutoAcceptGroup }},
	{"capacity", place, func(a *Attributes) *[]string { return &a.Capacity }},
	{"location", place, func(a *Attributes) *[]string { return &a.Location }},
	{"delegates_read", person | place, func(a *Attributes) *[]string { return &a.DelegatesRead }},
	{"delegates_write", person | place, func(a *Attributes) *[]string { return &a.DelegatesWrite }},
}

// entryKinds is a set of kinds of entries.
type entryKinds uint8

const (
	person entryKinds = 1 << iota
	group
	place    // rooms and resources
	anyEntry = person | group | place
)

func (a *Attributes) validate() error {
	for _, field := range attributeFields {
		for _, source := range *field.get(a) {
			if name, _ := splitSource(source); !attributeName(name) {
				return fmt.Errorf("attributes.%s: %q is neither an attribute name nor name:key", field.name, source)
			}
		}
	}
	return nil
}

// overriddenBy answers a with the fields that are set in o.
func (a Attributes) overriddenBy(o Attributes) Attributes {
	for _, field := range attributeFields {
		if set := *field.get(&o); len(set) > 0 {
			*field.get(&a) = set
		}
	}
	return a
}

// needed lists the attributes to ask for when reading entries of some kinds.
func (a *Attributes) needed(of entryKinds) []string {
	var names []string
	for _, field := range attributeFields {
		if field.of&of == 0 {
			continue
		}
		for _, source := range *field.get(a) {
			name, _ := splitSource(source)
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
