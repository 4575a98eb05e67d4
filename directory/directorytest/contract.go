// Package directorytest holds what every directory.Directory must do, as tests, and starts real LDAP servers for
// tests. It is imported by tests only.
package directorytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"calport/directory"
)

// Facts are what a test knows of the directory that it hands to Contract.
type Facts struct {
	// Login and Password are the short name and password of an active person who has at least one mail address and
	// is the only one with any of their names.
	Login, Password string
	// Member is the short name of a person who is in Group only through another group. Both may be empty.
	Member, Group string
	// Room is the short name of a room; empty if the directory has none.
	Room string
	// People is the least number of people there are.
	People int
}

// Contract checks a Directory against what package directory promises.
func Contract(t *testing.T, d directory.Directory, f Facts) {
	t.Run("Read", func(t *testing.T) { contractRead(t, d, f) })
	t.Run("Authenticate", func(t *testing.T) { contractAuthenticate(t, d, f) })
	t.Run("Check", func(t *testing.T) {
		status, err := d.Check(t.Context())
		if err != nil {
			t.Fatalf("Check: %v", err)
		}
		if status.Server == "" || status.Vendor == "" || status.Latency <= 0 {
			t.Errorf("Check answers %+v, want a server, a vendor and a latency", status)
		}
		if f.Password != "" && strings.Contains(status.Server, "@") {
			t.Errorf("the server is %q, which contains credentials", status.Server)
		}
	})
}

// ReadAll reads a whole directory into a snapshot.
func ReadAll(t testing.TB, d directory.Directory) *directory.Snapshot {
	t.Helper()
	var all []*directory.Principal
	err := d.Read(t.Context(), func(p *directory.Principal) error {
		all = append(all, p)
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return directory.NewSnapshot(all, fixedTime)
}

func contractRead(t *testing.T, d directory.Directory, f Facts) {
	seen := make(map[string]*directory.Principal)
	err := d.Read(t.Context(), func(p *directory.Principal) error {
		if problem := unfit(p); problem != "" {
			t.Errorf("%s %q: %s", p.Kind, p.DN, problem)
		}
		if other := seen[directory.Fold(p.GUID)]; other != nil {
			t.Errorf("%q and %q have the same GUID %s", p.DN, other.DN, p.GUID)
		}
		seen[directory.Fold(p.GUID)] = p
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	for _, p := range seen {
		for _, guid := range slices.Concat(p.Members, p.Delegates.Read, p.Delegates.Write) {
			if seen[directory.Fold(guid)] == nil {
				t.Errorf("%q refers to %s, which is no principal", p.DN, guid)
			}
		}
	}
	s := ReadAll(t, d)
	if s.Count(directory.Individual) < f.People {
		t.Errorf("got %d people, want at least %d", s.Count(directory.Individual), f.People)
	}
	if f.Group != "" {
		contractNesting(t, s, f)
	}
	if f.Room != "" && s.ByName(directory.Room, f.Room) == nil {
		t.Errorf("there is no room %q", f.Room)
	}

	mine := errors.New("mine")
	calls := 0
	err = d.Read(t.Context(), func(*directory.Principal) error { calls++; return mine })
	if err != mine || calls != 1 {
		t.Errorf("after an error from yield: got %v and %d calls, want that error as it is and 1 call", err, calls)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Read(cancelled, func(*directory.Principal) error { return nil }); err == nil {
		t.Error("Read with a cancelled context succeeds")
	}
}

func unfit(p *directory.Principal) string {
	switch {
	case p.GUID == "" || p.ShortName == "" || p.FullName == "" || p.DN == "":
		return "GUID, short name, full name and DN must not be empty"
	case (p.Place != nil) != (p.Kind == directory.Room || p.Kind == directory.Resource):
		return "Place must be set for rooms and resources, and for nothing else"
	case p.Kind != directory.Group && len(p.Members) > 0:
		return "only groups have members"
	case slices.ContainsFunc(p.Mails, func(m string) bool { return m == "" || strings.Contains(m, ":") }):
		return fmt.Sprintf("mails must be bare addresses: %q", p.Mails)
	}
	return ""
}

func contractNesting(t *testing.T, s *directory.Snapshot, f Facts) {
	member, group := s.ByName(directory.Individual, f.Member), s.ByName(directory.Group, f.Group)
	if member == nil || group == nil {
		t.Fatalf("the person %q is %v and the group %q is %v, want both", f.Member, member, f.Group, group)
	}
	if slices.Contains(group.Members, member.GUID) {
		t.Errorf("%q is a direct member of %q, want one through another group", f.Member, f.Group)
	}
	if !s.IsMember(member.GUID, group.GUID) {
		t.Errorf("%q is no member of %q, want one through another group", f.Member, f.Group)
	}
}

func contractAuthenticate(t *testing.T, d directory.Directory, f Facts) {
	want, err := ReadAll(t, d).ByLogin(f.Login)
	if err != nil {
		t.Fatalf("%q is not in the directory: %v", f.Login, err)
	}
	if len(want.Mails) == 0 {
		t.Fatalf("%q has no mail address", f.Login)
	}
	for _, login := range slices.Concat([]string{f.Login, strings.ToUpper(f.Login), " " + f.Login + " "}, want.Mails, want.LoginNames) {
		got, err := d.Authenticate(t.Context(), login, f.Password)
		if err != nil {
			t.Errorf("signing in as %q: %v", login, err)
			continue
		}
		if got.GUID != want.GUID || got.ShortName != want.ShortName || got.FullName != want.FullName ||
			got.State != directory.Active || got.DN != want.DN || !slices.Equal(got.Mails, want.Mails) {
			t.Errorf("signing in as %q: got %+v, want %+v", login, got, want)
		}
	}
	for _, refused := range []struct{ login, password, why string }{
		{f.Login, "", "an empty password"},
		{f.Login, f.Password + "x", "a wrong password"},
		{f.Login, strings.ToUpper(f.Password) + " ", "a wrong password with a space"},
		{"", f.Password, "an empty login"},
		{"", "", "nothing at all"},
		{"nobody-of-this-name", f.Password, "an unknown login"},
		{f.Login[:1] + "*", f.Password, "an asterisk"},
		{"*", f.Password, "an asterisk alone"},
		{f.Login + ")(|(uid=*", f.Password, "an injected filter"},
		{f.Login + "\x00", f.Password, "a NUL"},
		{f.Login + "\xeb", f.Password, "a login in Latin-1"},
		{strings.Repeat("a", 100_000), f.Password, "a very long login"},
		{want.DN, f.Password, "a DN"},
	} {
		if p, err := d.Authenticate(t.Context(), refused.login, refused.password); !errors.Is(err, directory.ErrCredentials) {
			t.Errorf("with %s: got %v, %v, want ErrCredentials", refused.why, p, err)
		} else if f.Password != "" && refused.password != "" && strings.Contains(err.Error(), refused.password) {
			t.Errorf("with %s: the error contains the password", refused.why)
		}
	}
	contractConcurrency(t, d, f)
}

func contractConcurrency(t *testing.T, d directory.Directory, f Facts) {
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			password, want := f.Password, error(nil)
			if i%3 == 0 {
				password, want = "wrong", directory.ErrCredentials
			}
			if _, err := d.Authenticate(t.Context(), f.Login, password); !errors.Is(err, want) {
				t.Errorf("sign-in %d at once with others: got %v, want %v", i, err, want)
			}
		})
	}
	wg.Wait()
}
