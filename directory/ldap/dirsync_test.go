package ldap

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/directorytest"

	goldap "github.com/go-ldap/ldap/v3"
)

func TestDirSync(t *testing.T) {
	dc := directorytest.Samba(t, corp)
	d, err := New(Options{Servers: []string{dc.URL}, BindDN: dc.Administrator, BindPassword: dc.AdminPassword, Poll: 10 * time.Millisecond,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	l := directory.NewLive(d, nil, directory.LiveOptions{MaxLoss: 1, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { l.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })

	until := func(what string, holds func() bool) {
		t.Helper()
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for deadline := time.After(20 * time.Second); !holds(); {
			select {
			case <-look.C:
			case <-deadline:
				t.Fatalf("not within 20 seconds: %s; %s", what, l.Health().Freshness(time.Now()))
			}
		}
	}
	picture := func(s *directory.Snapshot) string {
		return string(directory.EncodeSnapshot(directory.NewSnapshot(slices.Collect(s.All()), time.Time{})))
	}
	until("watching by DirSync", func() bool { return l.Health().Way == "DirSync" })
	taken := l.Snapshot().Taken()

	users := ",CN=Users," + dc.Suffix
	modify := func(dn string, change func(*goldap.ModifyRequest)) func(*conn) error {
		return func(c *conn) error {
			r := goldap.NewModifyRequest(dn+users, nil)
			change(r)
			return c.Modify(r)
		}
	}
	add := func(dn string, class string, attributes map[string]string) func(*conn) error {
		return func(c *conn) error {
			r := goldap.NewAddRequest(dn+users, nil)
			r.Attribute("objectClass", []string{class})
			for name, value := range attributes {
				r.Attribute(name, []string{value})
			}
			return c.Add(r)
		}
	}
	for _, step := range []struct {
		name string
		do   func(*conn) error
	}{
		{"a title", modify("CN=ada", func(r *goldap.ModifyRequest) { r.Replace("title", []string{"Countess"}) })},
		{"a new person", add("CN=linus", "user", map[string]string{"sAMAccountName": "linus", "userAccountControl": "544"})},
		{"a new group", add("CN=kernel", "group", map[string]string{"sAMAccountName": "kernel"})},
		{"a new member", modify("CN=kernel", func(r *goldap.ModifyRequest) { r.Add("member", []string{"CN=linus" + users}) })},
		{"a group in a group", modify("CN=outer", func(r *goldap.ModifyRequest) { r.Add("member", []string{"CN=kernel" + users}) })},
		{"another primary group", modify("CN=linus", func(r *goldap.ModifyRequest) { r.Replace("primaryGroupID", []string{"513"}) })},
		{"a member leaves", modify("CN=inner", func(r *goldap.ModifyRequest) { r.Delete("member", []string{"CN=grace" + users}) })},
		{"a renamed person", func(c *conn) error {
			return c.ModifyDN(goldap.NewModifyDNRequest("CN=linus"+users, "CN=torvalds", true, ""))
		}},
		{"another short name", modify("CN=torvalds", func(r *goldap.ModifyRequest) { r.Replace("sAMAccountName", []string{"torvalds"}) })},
		{"a disabled account", modify("CN=torvalds", func(r *goldap.ModifyRequest) { r.Replace("userAccountControl", []string{"546"}) })},
		{"a person becomes hidden", modify("CN=torvalds", func(r *goldap.ModifyRequest) { r.Replace("showInAdvancedViewOnly", []string{"TRUE"}) })},
		{"and comes back", modify("CN=torvalds", func(r *goldap.ModifyRequest) { r.Replace("showInAdvancedViewOnly", []string{"FALSE"}) })},
		{"a deleted group", func(c *conn) error { return c.Del(goldap.NewDelRequest("CN=inner"+users, nil)) }},
		{"a deleted person", func(c *conn) error { return c.Del(goldap.NewDelRequest("CN=torvalds"+users, nil)) }},
	} {
		if err := d.searchers.with(t.Context(), step.do); err != nil {
			t.Logf("%s is refused by the server: %v", step.name, err)
			continue
		}
		want := picture(directorytest.ReadAll(t, d))
		until(step.name, func() bool { return picture(l.Snapshot()) == want })
	}
	if !l.Snapshot().Taken().Equal(taken) {
		t.Error("everything was read anew, want the changes only")
	}
}

func TestStalledServerIsNoticedByAWatch(t *testing.T) {
	s := directorytest.Slapd{Modules: []string{"syncprov"}, Database: "overlay syncprov", LDIF: directorytest.Organisation{People: 3, Groups: 1}.LDIF()}.Start(t)
	address, stall := directorytest.Stall(t, strings.TrimPrefix(s.URL, "ldap://"))
	d, err := New(Options{Servers: []string{"ldap://" + address}, AllowPlain: true, BindDN: s.RootDN, BindPassword: s.RootPassword, Timeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	d.beat = 10 * time.Millisecond
	snapshot := directorytest.ReadAll(t, d)
	heard := 0
	err = d.Watch(t.Context(), nil, func() *directory.Snapshot { return snapshot }, func(directory.Delta) error {
		if heard++; heard == 3 { // the beginning, and two signs of life
			stall()
		}
		return nil
	})
	if !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}
