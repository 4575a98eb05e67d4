package ldap_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"calport/directory"
	"calport/directory/directorytest"
	"calport/directory/ldap"
)

// attributeTypes writes schema for a test: names with a syntax each (RFC 4517 section 3.3), as caseless texts,
// booleans, integers, times or octets.
func attributeTypes(names map[string]string) string {
	syntaxes := map[string]string{
		"text":    "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15",
		"boolean": "EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7",
		"integer": "EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27",
		"time":    "EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24",
		"octets":  "EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40",
	}
	var b strings.Builder
	n := 0
	for name, kind := range names {
		n++
		fmt.Fprintf(&b, "attributetype ( 1.3.6.1.4.1.32473.1.%d NAME '%s' %s )\n", n, name, syntaxes[kind])
	}
	return b.String()
}

// recognised makes a Directory that is told nothing but the server, and wants the flavour to be found out.
func recognised(t *testing.T, s *directorytest.Server, want string) *ldap.Directory {
	t.Helper()
	d := open(t, s, func(o *ldap.Options) {
		o.People, o.Groups, o.Log = ldap.Area{}, ldap.Area{}, slog.New(slog.DiscardHandler)
	})
	if status, err := d.Check(t.Context()); err != nil || status.Vendor != want {
		t.Fatalf("Check: got %+v, %v, want the flavour %s", status, err, want)
	}
	return d
}

func wantState(t *testing.T, d *ldap.Directory, login, password string, want directory.State) {
	t.Helper()
	var account *directory.AccountError
	if _, err := d.Authenticate(t.Context(), login, password); !errors.As(err, &account) || account.State != want {
		t.Errorf("%s: got %v, want an AccountError, %v", login, err, want)
	}
}

func TestFreeIPA(t *testing.T) {
	s := directorytest.Slapd{Suffix: "dc=ipa,dc=test", Schema: attributeTypes(map[string]string{
		"ipaUniqueID": "text", "krbPrincipalName": "text", "krbPrincipalAlias": "text", "krbPasswordExpiration": "time",
		"krbPrincipalExpiration": "time", "nsAccountLock": "boolean",
	}), LDIF: `
dn: cn=accounts,dc=ipa,dc=test
objectClass: applicationProcess
cn: accounts

dn: cn=users,cn=accounts,dc=ipa,dc=test
objectClass: applicationProcess
cn: users

dn: cn=groups,cn=accounts,dc=ipa,dc=test
objectClass: applicationProcess
cn: groups

dn: cn=compat,dc=ipa,dc=test
objectClass: applicationProcess
cn: compat

dn: uid=ada,cn=compat,dc=ipa,dc=test
objectClass: account
objectClass: posixAccount
uid: ada
cn: The copy in the compatibility tree
uidNumber: 1
gidNumber: 1
homeDirectory: /

dn: uid=ada,cn=users,cn=accounts,dc=ipa,dc=test
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: extensibleObject
uid: ada
cn: Ada Lovelace
displayName: Ada Lovelace
sn: Lovelace
givenName: Ada
mail: ada@ipa.test
krbPrincipalName: ada@IPA.TEST
krbPasswordExpiration: 20991231235959Z
uidNumber: 1
gidNumber: 1
homeDirectory: /
ipaUniqueID: 6ba7b810-9dad-11d1-80b4-00c04fd430c8
userPassword: ada

dn: uid=locked,cn=users,cn=accounts,dc=ipa,dc=test
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: extensibleObject
uid: locked
cn: Locked
sn: Locked
uidNumber: 2
gidNumber: 2
homeDirectory: /
nsAccountLock: TRUE
ipaUniqueID: 6ba7b811-9dad-11d1-80b4-00c04fd430c8
userPassword: locked

dn: uid=stale,cn=users,cn=accounts,dc=ipa,dc=test
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: extensibleObject
uid: stale
cn: Stale
sn: Stale
uidNumber: 3
gidNumber: 3
homeDirectory: /
krbPasswordExpiration: 20200101000000Z
ipaUniqueID: 6ba7b812-9dad-11d1-80b4-00c04fd430c8
userPassword: stale

dn: cn=analysts,cn=groups,cn=accounts,dc=ipa,dc=test
objectClass: groupOfNames
objectClass: extensibleObject
cn: analysts
ipaUniqueID: 6ba7b813-9dad-11d1-80b4-00c04fd430c8
member: uid=ada,cn=users,cn=accounts,dc=ipa,dc=test

dn: cn=employees,cn=groups,cn=accounts,dc=ipa,dc=test
objectClass: groupOfNames
objectClass: extensibleObject
cn: employees
ipaUniqueID: 6ba7b814-9dad-11d1-80b4-00c04fd430c8
member: cn=analysts,cn=groups,cn=accounts,dc=ipa,dc=test
`}.Start(t)
	d := recognised(t, s, "freeipa")
	directorytest.Contract(t, d, directorytest.Facts{Login: "ada", Password: "ada", Member: "ada", Group: "employees", People: 3})
	ada, err := d.Authenticate(t.Context(), "ada@IPA.TEST", "ada")
	if err != nil || ada.GUID != "6ba7b810-9dad-11d1-80b4-00c04fd430c8" {
		t.Errorf("signing in by Kerberos principal: got %+v, %v, want ada's ipaUniqueID", ada, err)
	}
	wantState(t, d, "locked", "locked", directory.Disabled)
	wantState(t, d, "stale", "stale", directory.Expired)
}

func TestOpenDirectory(t *testing.T) {
	s := directorytest.Slapd{Suffix: "dc=od,dc=test", Schema: attributeTypes(map[string]string{
		"apple-generateduid": "text", "apple-group-memberguid": "text", "apple-group-nestedgroup": "text",
		"apple-group-realname": "text", "authAuthority": "text", "apple-user-passwordpolicy": "text",
	}), LDIF: `
dn: cn=users,dc=od,dc=test
objectClass: applicationProcess
cn: users

dn: cn=groups,dc=od,dc=test
objectClass: applicationProcess
cn: groups

dn: cn=places,dc=od,dc=test
objectClass: applicationProcess
cn: places

dn: uid=ada,cn=users,dc=od,dc=test
objectClass: inetOrgPerson
objectClass: extensibleObject
uid: ada
uid: augusta
cn: Ada Lovelace
sn: Lovelace
givenName: Ada
mail: ada@od.test
gidNumber: 20
apple-generateduid: 0C8BDE62-E600-4696-83D3-8B5ECABDFD2E
authAuthority: ;ApplePasswordServer;0x1
userPassword: ada

dn: uid=off,cn=users,dc=od,dc=test
objectClass: inetOrgPerson
objectClass: extensibleObject
uid: off
cn: Off
sn: Off
apple-generateduid: 0C8BDE62-E600-4696-83D3-8B5ECABDFD2F
authAuthority: ;DisabledUser;;ApplePasswordServer;0x2
userPassword: off

dn: uid=new,cn=users,dc=od,dc=test
objectClass: inetOrgPerson
objectClass: extensibleObject
uid: new
cn: New
sn: New
apple-generateduid: 0C8BDE62-E600-4696-83D3-8B5ECABDFD30
apple-user-passwordpolicy: isDisabled=0 newPasswordRequired=1
userPassword: new

dn: cn=turing,cn=places,dc=od,dc=test
objectClass: device
objectClass: extensibleObject
cn: turing
apple-generateduid: 30000000-0000-0000-0000-000000000001

dn: cn=pupils,cn=groups,dc=od,dc=test
objectClass: posixGroup
objectClass: extensibleObject
cn: pupils
gidNumber: 1025
apple-group-realname: The Pupils
apple-generateduid: 20000000-0000-0000-0000-000000000001
apple-group-memberguid: 0c8bde62-e600-4696-83d3-8b5ecabdfd2e
memberUid: new

dn: cn=school,cn=groups,dc=od,dc=test
objectClass: posixGroup
objectClass: extensibleObject
cn: school
gidNumber: 1026
apple-generateduid: 20000000-0000-0000-0000-000000000002
apple-group-nestedgroup: 20000000-0000-0000-0000-000000000001

dn: cn=primary,cn=groups,dc=od,dc=test
objectClass: posixGroup
objectClass: extensibleObject
cn: primary
gidNumber: 20
apple-generateduid: 20000000-0000-0000-0000-000000000003
`}.Start(t)
	d := recognised(t, s, "opendirectory")
	directorytest.Contract(t, d, directorytest.Facts{Login: "ada", Password: "ada", Member: "ada", Group: "school", Room: "turing", People: 3})
	snapshot := directorytest.ReadAll(t, d)
	ada := snapshot.ByName(directory.Individual, "ada")
	if ada.GUID != "0C8BDE62-E600-4696-83D3-8B5ECABDFD2E" {
		t.Errorf("the GUID is %s, want it in the letter case of the directory", ada.GUID)
	}
	pupils := snapshot.ByName(directory.Group, "pupils")
	if pupils.FullName != "The Pupils" || len(snapshot.Members(pupils.GUID)) != 2 {
		t.Errorf("got %+v, want The Pupils with ada by GUID and new by name", pupils)
	}
	if !snapshot.IsMember(ada.GUID, "20000000-0000-0000-0000-000000000003") {
		t.Error("ada is not in her primary group")
	}
	wantState(t, d, "off", "off", directory.Disabled)
	wantState(t, d, "new", "new", directory.MustChange)
}

// TestActiveDirectoryAttributes proves the attributes on slapd; what only a domain controller does, such as its
// sub-codes and its loose comparison, is in TestActiveDirectory.
func TestActiveDirectoryAttributes(t *testing.T) {
	s := directorytest.Slapd{Suffix: "dc=corp,dc=test", Schema: attributeTypes(map[string]string{
		"objectGUID": "octets", "sAMAccountName": "text", "userPrincipalName": "text", "proxyAddresses": "text",
		"userAccountControl": "integer", "accountExpires": "integer", "pwdLastSet": "integer", "objectCategory": "text",
		"primaryGroupID": "integer", "primaryGroupToken": "integer", "msExchRecipientDisplayType": "integer",
		"showInAdvancedViewOnly": "boolean", "msExchResourceCapacity": "integer", "nETBIOSName": "text",
	}) + "objectclass ( 1.3.6.1.4.1.32473.2.1 NAME 'user' SUP inetOrgPerson STRUCTURAL )\n" +
		"objectclass ( 1.3.6.1.4.1.32473.2.2 NAME 'group' SUP top STRUCTURAL MUST cn )\n", LDIF: `
dn: cn=Ada Lovelace,dc=corp,dc=test
objectClass: user
objectClass: extensibleObject
objectCategory: person
cn: Ada Lovelace
sn: Lovelace
sAMAccountName: ada
userPrincipalName: ada.lovelace@corp.example
mail: ada@corp.example
proxyAddresses: SMTP:ada@corp.example
proxyAddresses: smtp:countess@corp.example
proxyAddresses: X500:/o=corp/cn=ada
objectGUID:: YtSLDAAGlkaD04teyr39Lg==
userAccountControl: 512
accountExpires: 9223372036854775807
pwdLastSet: 132000000000000000
primaryGroupID: 513
userPassword: ada

dn: cn=Off,dc=corp,dc=test
objectClass: user
objectClass: extensibleObject
objectCategory: person
cn: Off
sn: Off
sAMAccountName: off
objectGUID:: YtSLDAAGlkaD04teyr39Lw==
userAccountControl: 514
userPassword: off

dn: cn=Turing,dc=corp,dc=test
objectClass: user
objectClass: extensibleObject
objectCategory: person
cn: Turing
sn: Turing
sAMAccountName: turing
msExchRecipientDisplayType: 7
msExchResourceCapacity: 12
objectGUID:: YtSLDAAGlkaD04teyr39MA==
userAccountControl: 514
userPassword: turing

dn: cn=Domain Users,dc=corp,dc=test
objectClass: group
objectClass: extensibleObject
cn: Domain Users
sAMAccountName: Domain Users
primaryGroupToken: 513
objectGUID:: YtSLDAAGlkaD04teyr39MQ==

dn: cn=Staff,dc=corp,dc=test
objectClass: group
objectClass: extensibleObject
cn: Staff
sAMAccountName: Staff
objectGUID:: YtSLDAAGlkaD04teyr39Mg==
member: cn=Domain Users,dc=corp,dc=test
`}.Start(t)
	d := open(t, s, func(o *ldap.Options) {
		o.People, o.Groups, o.Flavour, o.Domain = ldap.Area{}, ldap.Area{}, "activedirectory", "CORP"
	})
	directorytest.Contract(t, d, directorytest.Facts{Login: "ada", Password: "ada", Member: "ada", Group: "Staff", Room: "turing", People: 2})
	ada := directorytest.ReadAll(t, d).ByName(directory.Individual, "ada")
	if ada.GUID != "0c8bd462-0600-4696-83d3-8b5ecabdfd2e" {
		t.Errorf("objectGUID is read as %s, want 0c8bd462-0600-4696-83d3-8b5ecabdfd2e", ada.GUID)
	}
	if want := []string{"ada@corp.example", "countess@corp.example"}; !slices.Equal(ada.Mails, want) {
		t.Errorf("mails: got %q, want %q", ada.Mails, want)
	}
	if want := []string{"ada.lovelace@corp.example", "ada@corp.test", `CORP\ada`}; !slices.Equal(ada.LoginNames, want) {
		t.Errorf("login names: got %q, want %q", ada.LoginNames, want)
	}
	wantState(t, d, "off", "off", directory.Disabled)
	if _, err := d.Authenticate(t.Context(), "turing", "turing"); !errors.Is(err, directory.ErrCredentials) {
		t.Errorf("a room: got %v, want ErrCredentials", err)
	}
}
