package ldap_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/directorytest"
	"calport/directory/ldap"

	goldap "github.com/go-ldap/ldap/v3"
)

// admin is a connection that may change everything.
func admin(t testing.TB, url, dn, password string) *goldap.Conn {
	t.Helper()
	c, err := goldap.DialURL(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Bind(dn, password); err != nil {
		t.Fatal(err)
	}
	return c
}

// watched is a Live that runs.
type watched struct {
	*directory.Live
	t       testing.TB
	d       *ldap.Directory
	changes chan []string
	stop    func() // returns when Run has
}

func run(t testing.TB, d *ldap.Directory, keep directory.Keeper) *watched {
	t.Helper()
	l := directory.NewLive(d, keep, directory.LiveOptions{MaxLoss: 1, Log: slog.New(slog.DiscardHandler)})
	if err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &watched{Live: l, t: t, d: d, changes: make(chan []string, 10_000)}
	l.OnChange(func(changed []string) { w.changes <- changed })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { l.Run(ctx); close(ended) }()
	w.stop = func() { cancel(); <-ended }
	t.Cleanup(w.stop)
	return w
}

// until waits until something holds.
func (w *watched) until(what string, holds func() bool) {
	w.t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-look.C:
		case <-deadline:
			w.t.Fatalf("not within 20 seconds: %s; %s", what, w.Health().Freshness(time.Now()))
		}
	}
}

func (w *watched) by(way string) *watched {
	w.t.Helper()
	w.until("watching by "+way, func() bool { return w.Health().Way == way })
	return w
}

// picture is all that a snapshot tells, in a form that compares.
func picture(s *directory.Snapshot) string {
	return string(directory.EncodeSnapshot(directory.NewSnapshot(slices.Collect(s.All()), time.Time{})))
}

// same waits until the snapshot is what a reading of everything finds now.
func (w *watched) same(what string) {
	w.t.Helper()
	fresh := directorytest.ReadAll(w.t, w.d)
	want := picture(fresh)
	defer func() {
		if w.t.Failed() {
			for p := range fresh.All() {
				if q := w.Snapshot().ByGUID(p.GUID); q == nil || picture(directory.NewSnapshot([]*directory.Principal{p}, time.Time{})) != picture(directory.NewSnapshot([]*directory.Principal{q}, time.Time{})) {
					w.t.Logf("got %+v, want %+v", q, p)
				}
			}
		}
	}()
	w.until(what, func() bool { return picture(w.Snapshot()) == want })
}

// change is one change of a directory.
type change struct {
	name string
	do   func(c *goldap.Conn) error
}

func modify(dn string, change func(*goldap.ModifyRequest)) func(c *goldap.Conn) error {
	return func(c *goldap.Conn) error {
		r := goldap.NewModifyRequest(dn, nil)
		change(r)
		return c.Modify(r)
	}
}

// add makes an entry; the values are name: value lines.
func add(dn string, lines ...string) func(c *goldap.Conn) error {
	return func(c *goldap.Conn) error {
		r := goldap.NewAddRequest(dn, nil)
		values := make(map[string][]string)
		for _, line := range lines {
			name, value, _ := strings.Cut(line, ": ")
			values[name] = append(values[name], value)
		}
		for name, list := range values {
			r.Attribute(name, list)
		}
		return c.Add(r)
	}
}

func remove(dn string) func(c *goldap.Conn) error {
	return func(c *goldap.Conn) error { return c.Del(goldap.NewDelRequest(dn, nil)) }
}

func rename(dn, rdn string) func(c *goldap.Conn) error {
	return func(c *goldap.Conn) error { return c.ModifyDN(goldap.NewModifyDNRequest(dn, rdn, true, "")) }
}

const (
	people, groups, rooms, delegates = ",ou=people,dc=example,dc=com", ",ou=groups,dc=example,dc=com", ",ou=rooms,dc=example,dc=com", ",ou=delegates,dc=example,dc=com"
)

// changesOfNested lists changes of nestedLDIF, one after the other, of all that a snapshot tells.
var changesOfNested = []change{
	{"a title", modify("uid=ada"+people, func(r *goldap.ModifyRequest) { r.Replace("title", []string{"Countess"}) })},
	{"an address", modify("uid=ada"+people, func(r *goldap.ModifyRequest) { r.Replace("mail", []string{"countess@example.com"}) })},
	{"a kept attribute", modify("uid=ada"+people, func(r *goldap.ModifyRequest) { r.Delete("departmentNumber", nil) })},
	{"a new person", add("uid=grace"+people, "objectClass: inetOrgPerson", "uid: grace", "cn: Grace Hopper", "sn: Hopper")},
	{"a new member", modify("cn=staff"+groups, func(r *goldap.ModifyRequest) { r.Add("member", []string{"uid=grace" + people}) })},
	{"a member who is not there", modify("cn=staff"+groups, func(r *goldap.ModifyRequest) {
		r.Add("member", []string{"uid=linus" + people, "cn=kernel" + groups})
		r.Delete("member", []string{"uid=grace" + people})
	})},
	{"that member comes", add("uid=linus"+people, "objectClass: inetOrgPerson", "uid: linus", "cn: Linus", "sn: T")},
	{"that group comes", add("cn=kernel"+groups, "objectClass: groupOfNames", "cn: kernel", "member: uid=twin1"+people)},
	{"a member is renamed, and the group does not follow", rename("uid=linus"+people, "uid=linus2")},
	{"and back", rename("uid=linus2"+people, "uid=linus")},
	{"a group is renamed", rename("cn=teachers"+groups, "cn=lehrer")},
	{"and back", rename("cn=lehrer"+groups, "cn=teachers")},
	{"a member by short name", modify("cn=posix"+groups, func(r *goldap.ModifyRequest) { r.Replace("memberUid", []string{"twin1", "twin2"}) })},
	{"another primary group of a person", modify("uid=ada"+people, func(r *goldap.ModifyRequest) { r.Replace("gidNumber", []string{"501"}) })},
	{"that group comes", add("cn=fives"+groups, "objectClass: posixGroup", "cn: fives", "gidNumber: 501")},
	{"another member of it", modify("cn=fives"+groups, func(r *goldap.ModifyRequest) { r.Add("memberUid", []string{"old"}) })},
	{"it gets another number", modify("cn=fives"+groups, func(r *goldap.ModifyRequest) { r.Replace("gidNumber", []string{"502"}) })},
	{"a room", add("uid=room-hopper"+rooms, "objectClass: inetOrgPerson", "uid: room-hopper", "cn: Hopper", "sn: Room", "description: auto-accept-group=kernel")},
	{"another accept group of a room", modify("uid=room-turing"+rooms, func(r *goldap.ModifyRequest) {
		r.Replace("description", []string{"auto-schedule-mode=decline-always", "auto-accept-group=posix"})
	})},
	{"that group is renamed", rename("cn=posix"+groups, "cn=unix")},
	{"and back", rename("cn=unix"+groups, "cn=posix")},
	{"a group of delegates", add("cn=zoë-write"+delegates, "objectClass: groupOfNames", "cn: zoë-write", "member: uid=ada"+people, "member: uid=late"+people)},
	{"another delegate", modify("cn=zoë-write"+delegates, func(r *goldap.ModifyRequest) { r.Add("member", []string{"cn=staff" + groups}) })},
	{"a delegate comes", add("uid=late"+people, "objectClass: inetOrgPerson", "uid: late", "cn: Late", "sn: Late")},
	{"a delegate goes", remove("uid=late" + people)},
	{"a group of delegates goes", remove("cn=zoë-write" + delegates)},
	{"a group goes", remove("cn=kernel" + groups)},
	{"a room goes", remove("uid=room-hopper" + rooms)},
	{"a member goes", remove("uid=linus" + people)},
	{"somebody else of the same name", add("uid=linus"+people, "objectClass: inetOrgPerson", "uid: linus", "cn: Another Linus", "sn: T")},
	{"somebody moves to where no people are", func(c *goldap.Conn) error {
		return c.ModifyDN(goldap.NewModifyDNRequest("uid=linus"+people, "uid=linus", true, "ou=delegates,dc=example,dc=com"))
	}},
}

// syncprov makes slapd offer RFC 4533.
func syncprov(o directorytest.Slapd) directorytest.Slapd {
	o.Modules, o.Database = append(o.Modules, "syncprov"), o.Database+"\noverlay syncprov"
	return o
}

func TestSyncrepl(t *testing.T) {
	for _, kind := range []struct {
		name string
		set  func(*ldap.Options)
	}{
		{"areas of their own", nested},
		{"one base, and another stable id", func(o *ldap.Options) {
			nested(o)
			o.People.Base, o.Groups.Base, o.Rooms = "", "", ldap.Area{Filter: "(uid=room-*)"}
			o.Attributes.GUID = []string{"entryUUID", "employeeNumber"}
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			s := syncprov(directorytest.Slapd{LDIF: nestedLDIF}).Start(t)
			w := run(t, open(t, s, func(o *ldap.Options) { kind.set(o); o.Log = slog.New(slog.DiscardHandler) }), nil).by("syncrepl")
			follow(t, w, admin(t, s.URL, s.RootDN, s.RootPassword))
		})
	}
}

// follow makes the changes and wants the snapshot to be, after each, as a reading of everything would make it.
func follow(t *testing.T, w *watched, c *goldap.Conn) {
	taken := w.Snapshot().Taken()
	for _, step := range changesOfNested {
		before := picture(directorytest.ReadAll(t, w.d))
		if err := step.do(c); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if picture(directorytest.ReadAll(t, w.d)) == before {
			t.Fatalf("%s: this changes nothing", step.name)
		}
		w.same(step.name)
	}
	if !w.Snapshot().Taken().Equal(taken) {
		t.Error("everything was read anew, want the changes only")
	}
}

func TestModifyTimestamp(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	w := run(t, open(t, s, func(o *ldap.Options) { nested(o); o.Poll, o.Log = 10*time.Millisecond, slog.New(slog.DiscardHandler) }), nil).by("modifyTimestamp")
	c := admin(t, s.URL, s.RootDN, s.RootPassword)
	for _, step := range changesOfNested {
		if err := step.do(c); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if strings.Contains(step.name, " goes") || strings.Contains(step.name, " moves") {
			if err := w.Refresh(t.Context()); err != nil { // who is there no more is found so
				t.Fatal(err)
			}
		}
		w.same(step.name)
	}
}
