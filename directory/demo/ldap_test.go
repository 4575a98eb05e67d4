package demo_test

import (
	"context"
	"slices"
	"testing"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/directorytest"
	"calport/directory/ldap"
)

// options are how package directory/ldap reads the sample directory.
func options(s *demo.Server) ldap.Options {
	return ldap.Options{
		Servers: []string{s.URL()}, AllowPlain: true, // loopback
		BindDN: demo.ReaderDN, BindPassword: demo.Password,
		Flavour: demo.Flavour, Base: demo.BaseDN,
		People: ldap.Area{Base: demo.PeopleDN}, Groups: ldap.Area{Base: demo.GroupsDN},
		Rooms:     ldap.Area{Base: demo.RoomsDN, Filter: demo.RoomFilter},
		Resources: ldap.Area{Base: demo.ResourcesDN, Filter: demo.ResourceFilter},
		Attributes: ldap.Attributes{
			AutoSchedule: []string{demo.AutoSchedule}, AutoAcceptGroup: []string{demo.AutoAcceptGroup}, Capacity: []string{demo.Capacity},
		},
		Delegates: ldap.DelegateGroups{Base: demo.DelegatesDN},
	}
}

func open(t *testing.T) directory.Directory {
	t.Helper()
	s, err := demo.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d, err := ldap.New(options(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestContract(t *testing.T) {
	for _, login := range []string{"ada", "zoë"} {
		t.Run(login, func(t *testing.T) {
			directorytest.Contract(t, open(t), directorytest.Facts{
				Login: login, Password: demo.Password, Member: "grace", Group: "engineering", Room: "room-turing", People: 30,
			})
		})
	}
}

func TestTheOrganisationAsCalportSeesIt(t *testing.T) {
	s := directorytest.ReadAll(t, open(t))
	for kind, want := range map[directory.Kind]int{directory.Individual: 30, directory.Group: 9, directory.Room: 4, directory.Resource: 2} {
		if got := s.Count(kind); got != want {
			t.Errorf("%v: got %d, want %d", kind, got, want)
		}
	}
	find := func(kind directory.Kind, name string) *directory.Principal {
		t.Helper()
		p := s.ByName(kind, name)
		if p == nil {
			t.Fatalf("there is no %v %q", kind, name)
		}
		return p
	}
	for _, login := range []string{"grace", "linus", "ZOË", "zoe.vermeulen@example.org", "tanaka@example.org", "admin"} {
		if _, err := s.ByLogin(login); err != nil {
			t.Errorf("login %q: %v", login, err)
		}
	}
	if got := find(directory.Individual, "tanaka").FullName; got != "田中 陽子" {
		t.Errorf("tanaka: got %q", got)
	}
	everybody := find(directory.Group, demo.Everybody)
	if got := len(s.Members(everybody.GUID)); got != 30 {
		t.Errorf("%s has %d members, want 30", everybody.FullName, got)
	}
	hall, teaching := find(directory.Room, "room-noether"), find(directory.Group, "teaching")
	if got := *hall.Place; got != (directory.Place{AutoSchedule: directory.DeclineIfBusy, AutoAcceptGroup: teaching.GUID, Capacity: 40, Location: "2nd floor, lecture hall"}) {
		t.Errorf("%s: got %+v", hall.FullName, got)
	}
	if ada, karen := find(directory.Individual, "ada"), find(directory.Individual, "karen"); !slices.Equal(ada.Delegates.Write, []string{karen.GUID}) {
		t.Errorf("ada's delegates: got %q", ada.Delegates)
	}
}
