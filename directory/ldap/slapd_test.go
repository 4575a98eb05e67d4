package ldap_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/directorytest"
	"calport/directory/ldap"
)

// open makes a Directory for a running server, bound as its root and plain unless set says otherwise.
func open(t testing.TB, s *directorytest.Server, set func(*ldap.Options)) *ldap.Directory {
	t.Helper()
	o := ldap.Options{
		Servers: []string{s.URL}, AllowPlain: true, BindDN: s.RootDN, BindPassword: s.RootPassword, Timeout: 5 * time.Second,
		People: ldap.Area{Base: "ou=people," + s.Suffix}, Groups: ldap.Area{Base: "ou=groups," + s.Suffix},
	}
	if set != nil {
		set(&o)
	}
	d, err := ldap.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func withRooms(o *ldap.Options) {
	o.Rooms = ldap.Area{Base: "ou=rooms,dc=example,dc=com"}
	o.Resources = ldap.Area{Base: "ou=resources,dc=example,dc=com"}
	o.Attributes.AutoSchedule = []string{"description:auto-schedule-mode"}
	o.Attributes.Capacity = []string{"description:capacity"}
}

// nestedLDIF is a small organisation: staff contains teachers, which contain ada; delegates for a room and a person.
const nestedLDIF = `
dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups

dn: ou=rooms,dc=example,dc=com
objectClass: organizationalUnit
ou: rooms

dn: ou=delegates,dc=example,dc=com
objectClass: organizationalUnit
ou: delegates

dn: uid=ada,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: posixAccount
uid: augusta
uid: ada
cn: Ada Lovelace
sn: Lovelace
givenName: Ada
mail: ada@example.com
mail: lovelace@example.com
mobile: +44 20 1
title: Analyst
departmentNumber: 42
uidNumber: 1000
gidNumber: 500
homeDirectory: /home/ada
userPassword: correct horse

dn: uid=zoë,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: zoë
cn: Zoë Ångström
sn: Ångström
mail: zoe@example.com
userPassword: päss

dn: uid=twin1,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: twin1
cn: Twin One
sn: One
mail: twins@example.com
userPassword: same

dn: uid=twin2,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: twin2
cn: Twin Two
sn: Two
mail: twins@example.com
userPassword: same

dn: uid=nopass,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: nopass
cn: No Password
sn: Password

dn: uid=old,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: shadowAccount
uid: old
cn: Old Account
sn: Account
shadowExpire: 100
userPassword: old

dn: uid=room-turing,ou=rooms,dc=example,dc=com
objectClass: inetOrgPerson
uid: room-turing
cn: Turing
sn: Room
mail: turing@example.com
description: auto-schedule-mode=accept-if-free
description: auto-accept-group=staff
description: the nice one
l: Main building
userPassword: room

dn: cn=teachers,ou=groups,dc=example,dc=com
objectClass: groupOfUniqueNames
cn: teachers
uniqueMember: UID=ADA, ou=People,dc=example,dc=com

dn: cn=staff,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: staff
member: cn=teachers,ou=groups,dc=example,dc=com
member: cn=nobody,dc=example,dc=com

dn: cn=posix,ou=groups,dc=example,dc=com
objectClass: posixGroup
cn: posix
gidNumber: 500
memberUid: zoë

dn: cn=room-turing-write,ou=delegates,dc=example,dc=com
objectClass: groupOfNames
cn: room-turing-write
member: uid=ada,ou=people,dc=example,dc=com

dn: cn=ada-read,ou=delegates,dc=example,dc=com
objectClass: groupOfNames
cn: ada-read
member: uid=zoë,ou=people,dc=example,dc=com
member: cn=staff,ou=groups,dc=example,dc=com
`

func nested(o *ldap.Options) {
	o.Rooms = ldap.Area{Base: "ou=rooms,dc=example,dc=com"}
	o.Delegates = ldap.DelegateGroups{Base: "ou=delegates,dc=example,dc=com"}
	o.Attributes.AutoSchedule = []string{"description:auto-schedule-mode"}
	o.Attributes.AutoAcceptGroup = []string{"description:auto-accept-group"}
	o.Keep = []string{"departmentNumber"}
}

func TestOpenLDAPPassesTheContract(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	facts := directorytest.Facts{Login: "ada", Password: "correct horse", Member: "ada", Group: "staff", Room: "room-turing", People: 6}
	directorytest.Contract(t, open(t, s, nested), facts)
	t.Run("with everything below one base", func(t *testing.T) {
		directorytest.Contract(t, open(t, s, func(o *ldap.Options) {
			nested(o)
			o.People.Base, o.Groups.Base = "", ""
			o.Rooms = ldap.Area{Filter: "(uid=room-*)"}
			o.PageSize = 1
		}), facts)
	})
	t.Run("anonymously", func(t *testing.T) {
		directorytest.Contract(t, open(t, s, func(o *ldap.Options) { nested(o); o.BindDN, o.BindPassword = "", "" }), facts)
	})
}

func TestOpenLDAPReading(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	snapshot := directorytest.ReadAll(t, open(t, s, nested))
	ada := snapshot.ByName(directory.Individual, "ada")
	if ada == nil {
		t.Fatal("ada is not there, although her DN says which uid is hers")
	}
	if !slices.Equal(ada.LoginNames, []string{"augusta"}) {
		t.Errorf("login names of ada: got %q, want the other uid", ada.LoginNames)
	}
	if want := []string{"ada@example.com", "lovelace@example.com"}; !slices.Equal(ada.Mails, want) {
		t.Errorf("mails: got %q, want %q", ada.Mails, want)
	}
	if ada.JobTitle != "Analyst" || ada.MobilePhone != "+44 20 1" || ada.FirstName != "Ada" || ada.LastName != "Lovelace" {
		t.Errorf("got %+v", ada)
	}
	if got := ada.Attributes["departmentnumber"]; !slices.Equal(got, []string{"42"}) {
		t.Errorf("departmentnumber: got %q, want 42", got)
	}
	staff, posix := snapshot.ByName(directory.Group, "staff"), snapshot.ByName(directory.Group, "posix")
	zoe := snapshot.ByName(directory.Individual, "ZOË")
	if !snapshot.IsMember(zoe.GUID, posix.GUID) || !snapshot.IsMember(ada.GUID, posix.GUID) {
		t.Error("posix must have zoë by memberUid and ada by her gidNumber")
	}
	room := snapshot.ByName(directory.Room, "room-turing")
	if room.Place.AutoSchedule != directory.AcceptIfFree || room.Place.AutoAcceptGroup != staff.GUID || room.Place.Location != "Main building" {
		t.Errorf("room: got %+v", room.Place)
	}
	if !slices.Equal(room.Delegates.Write, []string{ada.GUID}) || len(room.Delegates.Read) > 0 {
		t.Errorf("delegates of the room: got %+v, want ada to write", room.Delegates)
	}
	if want := []string{zoe.GUID, staff.GUID}; !slices.Equal(ada.Delegates.Read, want) {
		t.Errorf("delegates of ada: got %q, want zoë and staff %q", ada.Delegates.Read, want)
	}
	if snapshot.ByName(directory.Group, "ada-read") != nil {
		t.Error("a group of delegates is a group")
	}
	if old := snapshot.ByName(directory.Individual, "old"); old.State != directory.Expired {
		t.Errorf("an account past shadowExpire is %v, want expired", old.State)
	}
}

func TestSignInRefusals(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	d := open(t, s, func(o *ldap.Options) {
		nested(o)
		o.People.Base = ""
	})
	for _, refused := range []struct{ login, password, why string }{
		{"twins@example.com", "same", "a mail address of two people"},
		{"nopass", "x", "an account without password"},
		{"room-turing", "room", "a room among the people"},
		{"zoe", "päss", "a name without its accent"},
	} {
		if _, err := d.Authenticate(t.Context(), refused.login, refused.password); !errors.Is(err, directory.ErrCredentials) {
			t.Errorf("%s: got %v, want ErrCredentials", refused.why, err)
		}
	}
	for _, login := range []string{"zoë", "ZOË", "zoe\u0308", "augusta"} {
		password := "päss"
		if login == "augusta" {
			password = "correct horse"
		}
		if _, err := d.Authenticate(t.Context(), login, password); err != nil {
			t.Errorf("signing in as %q: %v", login, err)
		}
	}
	var account *directory.AccountError
	if _, err := d.Authenticate(t.Context(), "old", "old"); !errors.As(err, &account) || account.State != directory.Expired {
		t.Errorf("an expired account with its right password: got %v, want an AccountError, expired", err)
	}
	if _, err := d.Authenticate(t.Context(), "old", "wrong"); !errors.Is(err, directory.ErrCredentials) {
		t.Errorf("an expired account with a wrong password: got %v, want ErrCredentials", err)
	}
}

func TestPasswordPolicyOfOpenLDAP(t *testing.T) {
	const policies = `
dn: cn=default,dc=example,dc=com
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdMustChange: TRUE

dn: uid=reset,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: reset
cn: Reset
sn: Reset
userPassword: initial
pwdReset: TRUE
`
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprintf("ppolicy_use_lockout=%v", told), func(t *testing.T) {
			lockout := ""
			if told {
				lockout = "\nppolicy_use_lockout"
			}
			s := directorytest.Slapd{LDIF: nestedLDIF + policies, Modules: []string{"ppolicy"},
				Database: "overlay ppolicy\nppolicy_default cn=default,dc=example,dc=com" + lockout}.Start(t)
			d := open(t, s, nil)
			wantState := func(login, password string, want directory.State) {
				t.Helper()
				var account *directory.AccountError
				if _, err := d.Authenticate(t.Context(), login, password); !errors.As(err, &account) || account.State != want {
					t.Errorf("%s: got %v, want an AccountError, %v", login, err, want)
				} else if account.Detail == "" {
					t.Errorf("%s: the error does not say what the directory said", login)
				}
			}
			wantState("reset", "initial", directory.MustChange)
			for range 3 {
				if _, err := d.Authenticate(t.Context(), "ada", "wrong"); !errors.Is(err, directory.ErrCredentials) {
					t.Fatalf("a wrong password: got %v, want ErrCredentials", err)
				}
			}
			wantState("ada", "correct horse", directory.Locked)
			if got := directorytest.ReadAll(t, d).ByName(directory.Individual, "ada").State; got != directory.Locked {
				t.Errorf("a locked account is read as %v, want locked", got)
			}
		})
	}
}

// OpenLDAP keeps pwdAccountLockedTime when a lock-out has ended by itself.
func TestALockOutOfOpenLDAPThatHasEnded(t *testing.T) {
	const policies = `
dn: cn=default,dc=example,dc=com
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdLockoutDuration: 60
pwdMaxFailure: 3

dn: cn=strict,dc=example,dc=com
objectClass: organizationalRole
objectClass: pwdPolicy
cn: strict
pwdAttribute: userPassword
pwdLockout: TRUE
pwdLockoutDuration: 86400
pwdMaxFailure: 1
`
	s := directorytest.Slapd{LDIF: nestedLDIF + policies, Modules: []string{"ppolicy"},
		Database: "overlay ppolicy\nppolicy_default cn=default,dc=example,dc=com"}.Start(t)
	later := time.Now()
	d := open(t, s, nil)
	d.SetNow(func() time.Time { return later })
	state := func() directory.State {
		t.Helper()
		return directorytest.ReadAll(t, d).ByName(directory.Individual, "ada").State
	}
	for range 3 {
		if _, err := d.Authenticate(t.Context(), "ada", "wrong"); !errors.Is(err, directory.ErrCredentials) {
			t.Fatalf("a wrong password: got %v, want ErrCredentials", err)
		}
	}
	if got := state(); got != directory.Locked {
		t.Errorf("at first the account is %v, want locked", got)
	}
	later = later.Add(23 * time.Hour)
	if got := state(); got != directory.Locked {
		t.Errorf("where some policies lock longer, the account is %v, want locked", got)
	}
	later = later.Add(2 * time.Hour)
	if got := state(); got != directory.Active {
		t.Errorf("after the longest lock-out the account is %v, want active", got)
	}
}

func TestSizeLimitIsNoShortDirectory(t *testing.T) {
	s := directorytest.Slapd{LDIF: directorytest.Organisation{People: 300, Groups: 3}.LDIF(),
		Database: "limits anonymous size=100 size.prtotal=100"}.Start(t)
	anonymous := func(o *ldap.Options) { o.BindDN, o.BindPassword, o.PageSize = "", "", 50 }
	keep := &drawer{}
	live := directory.NewLive(open(t, s, nil), keep, directory.LiveOptions{})
	if err := live.Refresh(t.Context()); err != nil || live.Snapshot().Count(directory.Individual) != 300 {
		t.Fatalf("without limit: got %v and %d people, want 300", err, live.Snapshot().Count(directory.Individual))
	}
	limited := directory.NewLive(open(t, s, anonymous), keep, directory.LiveOptions{MaxLoss: 1})
	if err := limited.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := limited.Refresh(t.Context()); !errors.Is(err, directory.ErrIncomplete) {
		t.Errorf("beyond the size limit: got %v, want ErrIncomplete", err)
	}
	if got := limited.Snapshot().Count(directory.Individual); got != 300 {
		t.Errorf("after a reading that was cut short there are %d people, want the 300 from before", got)
	}
	if problem := limited.Health().Problem(); !strings.Contains(problem.String(), "size limit") {
		t.Errorf("health says %q, want the remedy", problem)
	}
}

// drawer keeps the copy of a snapshot in memory.
type drawer struct{ data []byte }

func (k *drawer) LoadSnapshot(context.Context) ([]byte, error) { return k.data, nil }

func (k *drawer) SaveSnapshot(_ context.Context, data []byte) error {
	k.data = data
	return nil
}

func TestMissingBaseIsNoEmptyDirectory(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	d := open(t, s, func(o *ldap.Options) { o.People.Base = "ou=peple,dc=example,dc=com" })
	err := d.Read(t.Context(), func(*directory.Principal) error { return nil })
	if missing := (*ldap.NoBaseError)(nil); !errors.As(err, &missing) || missing.Base != "ou=peple,dc=example,dc=com" {
		t.Errorf("got %v, want a NoBaseError that names the base", err)
	}
	if _, err := d.Authenticate(t.Context(), "ada", "correct horse"); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("signing in: got %v, want ErrUnavailable: nobody's password is wrong", err)
	}
}

func TestMemberOfAndDelegatesAsAttributes(t *testing.T) {
	s := directorytest.Slapd{Modules: []string{"memberof"}, Database: "overlay memberof", LDIF: nestedLDIF + `
dn: uid=grace,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: extensibleObject
uid: grace
cn: Grace Hopper
sn: Hopper
memberOf: cn=staff,ou=groups,dc=example,dc=com
secretary: uid=ada,ou=people,dc=example,dc=com
secretary: cn=nobody,dc=example,dc=com
`}.Start(t)
	snapshot := directorytest.ReadAll(t, open(t, s, func(o *ldap.Options) { o.Attributes.DelegatesWrite = []string{"secretary"} }))
	grace, staff := snapshot.ByName(directory.Individual, "grace"), snapshot.ByName(directory.Group, "staff")
	if !slices.Contains(staff.Members, grace.GUID) {
		t.Error("grace is not in staff, although her memberOf says so")
	}
	if ada := snapshot.ByName(directory.Individual, "ada"); !slices.Equal(grace.Delegates.Write, []string{ada.GUID}) {
		t.Errorf("delegates: got %+v, want ada to write", grace.Delegates)
	}
}

func TestPeopleWithoutReadableGUIDAreAnError(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	d := open(t, s, func(o *ldap.Options) { o.Attributes.GUID = []string{"employeeNumber"} })
	err := d.Read(t.Context(), func(*directory.Principal) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "attributes.guid") {
		t.Errorf("got %v, want an error that names attributes.guid", err)
	}
}

func TestTenThousandPeople(t *testing.T) {
	org := directorytest.Organisation{People: 10_000, Groups: 100, Rooms: 50, Resources: 20}
	s := directorytest.Slapd{LDIF: org.LDIF()}.Start(t)
	snapshot := directorytest.ReadAll(t, open(t, s, withRooms))
	for kind, want := range map[directory.Kind]int{
		directory.Individual: 10_000, directory.Group: 100, directory.Room: 50, directory.Resource: 20,
	} {
		if got := snapshot.Count(kind); got != want {
			t.Errorf("%v: got %d, want %d", kind, got, want)
		}
	}
	tenth := snapshot.ByName(directory.Group, "group10")
	if got := len(snapshot.Members(tenth.GUID)); got != 200 {
		t.Errorf("group10 with group9 in it has %d members, want 200", got)
	}
	if room := snapshot.ByName(directory.Room, "room3"); room.Place.Capacity != 5 || room.Place.AutoSchedule != directory.AcceptIfFree {
		t.Errorf("room3: got %+v, want 5 seats and accept-if-free", room.Place)
	}
	if len(snapshot.Dropped()) > 0 {
		t.Errorf("%d principals were dropped, want none", len(snapshot.Dropped()))
	}
}

func TestConformanceDirectory(t *testing.T) {
	shared := os.Getenv("CALPORT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	ldif, err := os.ReadFile(filepath.Join(shared, "conformance", "directory.ldif"))
	if err != nil {
		t.Skipf("the conformance suite is not there: %v", err)
	}
	s := directorytest.Slapd{LDIF: string(ldif)}.Start(t)
	d := open(t, s, func(o *ldap.Options) {
		o.Rooms = ldap.Area{Base: "ou=locations,dc=example,dc=com"}
		o.Resources = ldap.Area{Base: "ou=resources,dc=example,dc=com"}
		o.Delegates = ldap.DelegateGroups{Base: "ou=delegates,dc=example,dc=com"}
		o.Attributes = ldap.Attributes{
			GUID: []string{"employeeNumber"}, GroupName: []string{"uid"},
			AutoSchedule:    []string{"description:auto-schedule-mode"},
			AutoAcceptGroup: []string{"description:auto-accept-group"},
		}
	})
	directorytest.Contract(t, d, directorytest.Facts{Login: "user01", Password: "user01", Member: "user06", Group: "group04", Room: "location01", People: 100})
	snapshot := directorytest.ReadAll(t, d)
	for kind, want := range map[directory.Kind]int{
		directory.Individual: 115, directory.Group: 40, directory.Room: 23, directory.Resource: 20,
	} {
		if got := snapshot.Count(kind); got != want {
			t.Errorf("%v: got %d, want %d", kind, got, want)
		}
	}
	resource := snapshot.ByName(directory.Resource, "resource01")
	if !slices.Equal(resource.Delegates.Write, []string{"10000000-0000-0000-0000-000000000001"}) ||
		!slices.Equal(resource.Delegates.Read, []string{"10000000-0000-0000-0000-000000000003"}) {
		t.Errorf("delegates of resource01: got %+v, want user01 to write and user03 to read", resource.Delegates)
	}
}
