package ldap_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/directorytest"
	"calport/directory/ldap"

	goldap "github.com/go-ldap/ldap/v3"
)

// quietly is nested without a log.
func quietly(o *ldap.Options) { nested(o); o.Log = slog.New(slog.DiscardHandler) }

// title changes ada's title, which is then waited for.
func title(t *testing.T, w *watched, c *goldap.Conn, text string) {
	t.Helper()
	if err := modify("uid=ada"+people, func(r *goldap.ModifyRequest) { r.Replace("title", []string{text}) })(c); err != nil {
		t.Fatal(err)
	}
	w.same("the title " + text)
}

func TestServerRestartsWhileWatched(t *testing.T) {
	s := syncprov(directorytest.Slapd{LDIF: nestedLDIF}).Start(t)
	w := run(t, open(t, s, quietly), nil).by("syncrepl")
	title(t, w, admin(t, s.URL, s.RootDN, s.RootPassword), "before")
	taken := w.Snapshot().Taken()
	s.Stop()
	w.until("noticing that the server is down", func() bool { return w.Health().Way == "" })
	if h := w.Health(); !errors.Is(h.WatchError, directory.ErrUnavailable) || !strings.Contains(h.Freshness(time.Now()).String(), "not watched now") {
		t.Errorf("health while the server is down: %+v", h)
	}
	s.Start()
	if _, err := w.d.Check(t.Context()); err != nil { // forgets that the server is avoided for a while
		t.Fatal(err)
	}
	w.by("syncrepl")
	title(t, w, admin(t, s.URL, s.RootDN, s.RootPassword), "after")
	if !w.Snapshot().Taken().Equal(taken) {
		t.Error("everything was read anew, want the watch resumed by its cookie")
	}
}

func TestChangesWhileTheConnectionIsCut(t *testing.T) {
	for _, sessionLog := range []string{"", "\nsyncprov-sessionlog 100"} {
		o := syncprov(directorytest.Slapd{LDIF: nestedLDIF})
		o.Database += sessionLog
		s := o.Start(t)
		wire := directorytest.NewWire(t, strings.TrimPrefix(s.URL, "ldap://"))
		w := run(t, open(t, s, func(o *ldap.Options) { quietly(o); o.Servers = []string{"ldap://" + wire.Address} }), nil).by("syncrepl")
		c := admin(t, s.URL, s.RootDN, s.RootPassword)
		taken := w.Snapshot().Taken()
		for _, step := range []change{
			{"a new person", add("uid=grace"+people, "objectClass: inetOrgPerson", "uid: grace", "cn: Grace Hopper", "sn: Hopper")},
			{"a deleted person", remove("uid=twin1" + people)},
			{"nothing at all", func(*goldap.Conn) error { return nil }},
		} {
			wire.Cut()
			w.until("noticing the cut", func() bool { return w.Health().Way == "" })
			if err := step.do(c); err != nil {
				t.Fatal(err)
			}
			wire.Mend()
			w.by("syncrepl")
			w.same(step.name)
		}
		if !w.Snapshot().Taken().Equal(taken) {
			t.Errorf("with %q everything was read anew, want the watch resumed by its cookie", sessionLog)
		}
	}
}

func TestWatchResumesAfterARestartOfOurs(t *testing.T) {
	s := syncprov(directorytest.Slapd{LDIF: nestedLDIF}).Start(t)
	keep := &drawer{}
	c := admin(t, s.URL, s.RootDN, s.RootPassword)
	w := run(t, open(t, s, quietly), keep).by("syncrepl")
	title(t, w, c, "before")
	taken := w.Snapshot().Taken()
	w.stop()
	if err := remove("uid=twin1" + people)(c); err != nil {
		t.Fatal(err)
	}
	w = run(t, open(t, s, quietly), keep).by("syncrepl")
	w.same("what happened while nobody watched")
	if h := w.Health(); !h.Taken.Equal(taken) || h.FromCopy {
		t.Errorf("everything was read anew, want the watch resumed by the cookie of the copy; %+v", h)
	}
	w.stop()
	w = run(t, open(t, s, func(o *ldap.Options) { quietly(o); o.Keep = append(o.Keep, "employeeType") }), keep).by("syncrepl")
	if w.Snapshot().Taken().Equal(taken) {
		t.Error("with another configuration the watch goes on by the old cookie, want everything read anew")
	}
}

func TestRejectedCookieLeadsToReadingEverything(t *testing.T) {
	s := syncprov(directorytest.Slapd{LDIF: nestedLDIF}).Start(t)
	d := open(t, s, quietly)
	var cookie []byte
	enough := errors.New("enough")
	watch := func(from []byte) (first directory.Delta) {
		t.Helper()
		snapshot := directorytest.ReadAll(t, d)
		err := d.Watch(t.Context(), from, func() *directory.Snapshot { return snapshot }, func(delta directory.Delta) error { first = delta; return enough })
		if err != enough {
			t.Errorf("Watch: got %v, want the error of apply as it is", err)
		}
		return first
	}
	first := watch(nil)
	if cookie = first.Cookie; !first.Reread || len(cookie) == 0 || first.Way != "syncrepl" {
		t.Errorf("without a cookie: got %+v, want that everything be read", first)
	}
	if again := watch(cookie); again.Reread {
		t.Errorf("with the cookie: got %+v, want to go on", again)
	}
	for what, bad := range map[string][]byte{
		"no JSON":                      []byte("x"),
		"another server":               []byte(strings.Replace(string(cookie), "127.0.0.1", "127.0.0.2", 1)),
		"another way":                  []byte(strings.Replace(string(cookie), `"syncrepl"`, `"DirSync"`, 1)),
		"a cookie the server rejects":  tamper(t, cookie, "csn=21260101000000.000000Z#000000#000#000000"),
		"a cookie that makes no sense": tamper(t, cookie, "rubbish"),
	} {
		// A server may say no, or tell of everybody as if there were no cookie.
		if first := watch(bad); !first.Reread && len(first.Changed) < 10 {
			t.Errorf("%s: got %+v, want that everything be read", what, first)
		}
	}
}

// tamper puts another cookie of the server into ours.
func tamper(t *testing.T, cookie []byte, with string) []byte {
	t.Helper()
	changed, err := ldap.WithServerCookie(cookie, []byte(with))
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestManyDeletionsAreNotApplied(t *testing.T) {
	s := syncprov(directorytest.Slapd{LDIF: directorytest.Organisation{People: 100, Groups: 5}.LDIF()}).Start(t)
	d := open(t, s, func(o *ldap.Options) { o.Log = slog.New(slog.DiscardHandler) })
	l := directory.NewLive(d, nil, directory.LiveOptions{Log: slog.New(slog.DiscardHandler)})
	w := &watched{Live: l, t: t, d: d}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { l.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	w.by("syncrepl")
	c := admin(t, s.URL, s.RootDN, s.RootPassword)
	for i := range 10 { // one at a time, as an administrator's mistake arrives
		if err := remove("uid=user" + string(rune('0'+i)) + people)(c); err != nil && i > 0 {
			t.Fatal(err)
		}
	}
	w.until("refusing", func() bool { return l.Health().Refused != nil })
	if got := l.Snapshot().Count(directory.Individual); got < 95 {
		t.Errorf("%d of 100 people are left, want no fewer than 95", got)
	}
	if err := l.Confirm(t.Context()); err != nil {
		t.Errorf("confirmed: %v", err)
	}
	w.same("the confirmed loss")
	w.by("syncrepl")
}

func TestOnlyWhomItConcernsIsTold(t *testing.T) {
	s := syncprov(directorytest.Slapd{LDIF: nestedLDIF}).Start(t)
	w := run(t, open(t, s, quietly), nil).by("syncrepl")
	c := admin(t, s.URL, s.RootDN, s.RootPassword)
	for len(w.changes) > 0 {
		<-w.changes
	}
	guid := func(k directory.Kind, name string) string { return w.Snapshot().ByName(k, name).GUID }
	ada, zoe, twin := guid(directory.Individual, "ada"), guid(directory.Individual, "zoë"), guid(directory.Individual, "twin1")
	staff, teachers, posix := guid(directory.Group, "staff"), guid(directory.Group, "teachers"), guid(directory.Group, "posix")
	for _, step := range []struct {
		change
		want []string
	}{
		{change{"a title", modify("uid=ada"+people, func(r *goldap.ModifyRequest) { r.Replace("title", []string{"x"}) })}, []string{ada}},
		{change{"an attribute that is not used, then one that is", func(c *goldap.Conn) error {
			return errors.Join(modify("uid=zoë"+people, func(r *goldap.ModifyRequest) { r.Replace("roomNumber", []string{"7"}) })(c),
				modify("uid=twin1"+people, func(r *goldap.ModifyRequest) { r.Replace("title", []string{"x"}) })(c))
		}}, []string{twin}},
		{change{"a nested group leaves", modify("cn=staff"+groups, func(r *goldap.ModifyRequest) {
			r.Delete("member", []string{"cn=teachers" + groups})
		})}, []string{ada, staff, teachers}},
		{change{"another primary group", modify("uid=ada"+people, func(r *goldap.ModifyRequest) { r.Replace("gidNumber", []string{"7"}) })}, []string{ada, posix}},
		{change{"a renamed group", rename("cn=posix"+groups, "cn=unix")}, []string{posix, zoe}},
	} {
		if err := step.do(c); err != nil {
			t.Fatal(err)
		}
		slices.Sort(step.want)
		select {
		case got := <-w.changes:
			if !slices.Equal(got, step.want) {
				t.Errorf("%s: told %q, want %q", step.name, got, step.want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: nothing was told", step.name)
		}
		w.same(step.name)
	}
}

func TestDirectoryThatCannotBeWatched(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF, Database: "access to attrs=modifyTimestamp by * none\naccess to * by * read"}.Start(t)
	d := open(t, s, func(o *ldap.Options) { quietly(o); o.BindDN, o.BindPassword = "", "" })
	err := d.Watch(t.Context(), nil, func() *directory.Snapshot { return directory.NewSnapshot(nil, time.Time{}) },
		func(directory.Delta) error { return errors.New("a delta") })
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without a modifyTimestamp to be seen: got %v, want ErrUnsupported", err)
	}
	w := run(t, d, nil)
	w.until("reading everything", func() bool { return w.Snapshot().Count(directory.Individual) > 0 && w.Health().OK() })
	if h := w.Health(); h.Way != "" || !strings.Contains(h.Freshness(time.Now()).String(), "cannot be watched") {
		t.Errorf("health: %+v, %s", h, h.Freshness(time.Now()))
	}
}

func TestDemoDirectoryIsWatched(t *testing.T) {
	server, err := demo.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	d, err := ldap.New(ldap.Options{Servers: []string{server.URL()}, AllowPlain: true, Poll: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w := run(t, d, nil).by("modifyTimestamp")
	heard := w.Health().Heard
	w.until("hearing again", func() bool { return w.Health().Heard.After(heard) })
	w.same("nothing has changed")
}

func TestSyncControlWithoutOverlayFallsBack(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF, Modules: []string{"syncprov"}}.Start(t) // loaded, not used
	w := run(t, open(t, s, func(o *ldap.Options) { quietly(o); o.Poll = 10 * time.Millisecond }), nil).by("modifyTimestamp")
	title(t, w, admin(t, s.URL, s.RootDN, s.RootPassword), "after all")
}

func TestWatchLeavesNothingRunning(t *testing.T) {
	s := syncprov(directorytest.Slapd{LDIF: nestedLDIF}).Start(t)
	wire := directorytest.NewWire(t, strings.TrimPrefix(s.URL, "ldap://"))
	before := runtime.NumGoroutine()
	var wg sync.WaitGroup
	for range 3 {
		d := open(t, s, func(o *ldap.Options) { quietly(o); o.Servers = []string{"ldap://" + wire.Address} })
		w := run(t, d, nil).by("syncrepl")
		wire.Cut()
		w.until("noticing the cut", func() bool { return w.Health().Way == "" })
		wire.Mend()
		w.by("syncrepl")
		w.stop()
		d.Close()
	}
	wg.Wait()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}
