package ldap_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/directorytest"
	"calport/directory/ldap"
)

func TestTLS(t *testing.T) {
	authority, stranger := directorytest.NewAuthority(t), directorytest.NewAuthority(t)
	cert, key := authority.Issue(t, "ldap.example.com")
	s := directorytest.Slapd{LDIF: nestedLDIF, Cert: cert, Key: key, Global: "security simple_bind=128"}.Start(t)
	for _, kind := range []struct {
		name string
		set  func(*ldap.Options)
	}{
		{"ldaps", func(o *ldap.Options) { o.Servers, o.AllowPlain = []string{s.TLSURL}, false }},
		{"StartTLS", func(o *ldap.Options) { o.StartTLS, o.AllowPlain = true, false }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			options := func(ca []byte, name string) func(*ldap.Options) {
				return func(o *ldap.Options) { kind.set(o); o.CA, o.ServerName = ca, name }
			}
			d := open(t, s, options(authority.PEM, "ldap.example.com"))
			if _, err := d.Authenticate(t.Context(), "ada", "correct horse"); err != nil {
				t.Errorf("with the right authority and name: %v", err)
			}
			wantUnavailable(t, open(t, s, options(stranger.PEM, "ldap.example.com")), "set ca_file")
			wantUnavailable(t, open(t, s, options(authority.PEM, "")), "server_name")
		})
	}
	t.Run("plain", func(t *testing.T) { wantUnavailable(t, open(t, s, nil), "start_tls") })
	t.Run("ldaps to a port without TLS", func(t *testing.T) {
		wantUnavailable(t, open(t, s, func(o *ldap.Options) {
			o.Servers = []string{strings.Replace(s.URL, "ldap:", "ldaps:", 1)}
		}), "")
	})
}

// wantUnavailable wants reading and signing in to fail as they do when the server cannot be asked, with a remedy.
func wantUnavailable(t *testing.T, d *ldap.Directory, remedy string) {
	t.Helper()
	_, signIn := d.Authenticate(t.Context(), "ada", "correct horse")
	_, check := d.Check(t.Context())
	read := d.Read(t.Context(), func(*directory.Principal) error { return nil })
	for what, err := range map[string]error{"Authenticate": signIn, "Check": check, "Read": read} {
		if !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", what, err)
		} else if !strings.Contains(err.Error(), remedy) {
			t.Errorf("%s: the error %q lacks the remedy %q", what, err, remedy)
		} else if strings.Contains(err.Error(), "correct horse") || strings.Contains(err.Error(), "root secret") {
			t.Errorf("%s: the error %q contains a password", what, err)
		}
	}
}

func TestServerGoesAndComesBack(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	d := open(t, s, nil)
	signIn := func() error { _, err := d.Authenticate(t.Context(), "ada", "correct horse"); return err }
	if err := signIn(); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	wantUnavailable(t, d, "check that the server runs")
	s.Start()
	if _, err := d.Check(t.Context()); err != nil { // forgets that the server is avoided for a while
		t.Fatalf("after the server came back: %v", err)
	}
	if err := signIn(); err != nil {
		t.Errorf("after the server came back: %v", err)
	}
	s.Stop()
	s.Start() // the idle connections are dead, the server is well
	if err := signIn(); err != nil {
		t.Errorf("after the server restarted: %v", err)
	}
}

func TestWrongBindAccountIsNoWrongPassword(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	wantUnavailable(t, open(t, s, func(o *ldap.Options) { o.BindPassword = "not the root secret" }), "bind_dn")
}

func TestFailOver(t *testing.T) {
	first := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	second := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	d := open(t, first, func(o *ldap.Options) { o.Servers = []string{first.URL, second.URL} })
	wantServer := func(want *directorytest.Server) {
		t.Helper()
		if _, err := d.Authenticate(t.Context(), "ada", "correct horse"); err != nil {
			t.Errorf("Authenticate: %v", err)
		}
		if status, err := d.Check(t.Context()); err != nil || status.Server != want.URL {
			t.Errorf("Check: got %v, %v, want %s", status.Server, err, want.URL)
		}
	}
	wantServer(first)
	first.Stop()
	wantServer(second)
	first.Start()
	wantServer(first)
}

func TestStalledServer(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	second := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	t.Run("alone", func(t *testing.T) {
		address, stall := directorytest.Stall(t, strings.TrimPrefix(s.URL, "ldap://"))
		d := open(t, s, func(o *ldap.Options) { o.Servers, o.Timeout = []string{"ldap://" + address}, 300*time.Millisecond })
		if _, err := d.Authenticate(t.Context(), "ada", "correct horse"); err != nil {
			t.Fatal(err)
		}
		stall()
		wantUnavailable(t, d, "")
	})
	t.Run("before another", func(t *testing.T) {
		address, stall := directorytest.Stall(t, strings.TrimPrefix(s.URL, "ldap://"))
		d := open(t, s, func(o *ldap.Options) {
			o.Servers, o.Timeout = []string{"ldap://" + address, second.URL}, 300*time.Millisecond
		})
		if _, err := d.Authenticate(t.Context(), "ada", "correct horse"); err != nil {
			t.Fatal(err)
		}
		stall()
		if _, err := d.Authenticate(t.Context(), "ada", "correct horse"); err != nil {
			t.Errorf("with another server behind the stalled one: %v", err)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		address, stall := directorytest.Stall(t, strings.TrimPrefix(s.URL, "ldap://"))
		d := open(t, s, func(o *ldap.Options) { o.Servers, o.Timeout = []string{"ldap://" + address}, time.Hour })
		stall()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := d.Authenticate(ctx, "ada", "correct horse"); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	s := directorytest.Slapd{LDIF: nestedLDIF}.Start(t)
	before := runtime.NumGoroutine()
	d := open(t, s, func(o *ldap.Options) { o.Connections = 2 })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := d.Authenticate(t.Context(), "ada", "correct horse"); err != nil {
				t.Errorf("with more people than connections: %v", err)
			}
		})
	}
	wg.Wait()
	if err := d.Read(t.Context(), func(*directory.Principal) error { return nil }); err != nil {
		t.Error(err)
	}
	d.Close()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after Close", before, runtime.NumGoroutine())
		}
	}
}
