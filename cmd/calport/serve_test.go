package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/directory/directorytest"
	"calport/signing"
)

// site is a folder with a configuration for serve, and a directory that the test can stop.
type site struct {
	dir, https, config string
	directory          *demo.Server
	now                func() time.Time // nil is time.Now
}

// newSite writes a configuration; extra is TOML that is put at its end.
func newSite(t testing.TB, extra string) *site {
	t.Helper()
	d, err := demo.Start(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	s := &site{dir: t.TempDir(), https: directorytest.FreeAddress(t), directory: d}
	s.config = filepath.Join(s.dir, "calport.toml")
	_, port, _ := strings.Cut(s.https, ":")
	text := fmt.Sprintf(`data = "."
[server]
public_host = "localhost"
public_port = %s
https = [%q]
http = []
[directory]
urls = [%q]
allow_plain = true
base = %q
[profiles]
organization = "Test"
identifier = "org.example.test"
%s`, port, s.https, d.URL(), demo.BaseDN, extra)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs calport serve until the test ends.
func (s *site) serve(t testing.TB) *instance {
	t.Helper()
	in := &instance{dir: s.dir, out: &buffer{}, log: &buffer{}, now: s.now}
	in.start(t, s.https, in.log.await("msg=listening"), "serve", "--config", s.config)
	return in
}

// refused runs calport serve, which must end by itself, and returns what it said.
func (s *site) refused(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var errs bytes.Buffer
	status := run(ctx, append([]string{"serve", "--config", s.config}, args...), stdio{strings.NewReader(""), io.Discard, &errs, func(string) string { return "" }})
	if status == 0 || ctx.Err() != nil {
		t.Errorf("it was served: status %d, %v", status, ctx.Err())
	}
	return errs.String()
}

func TestADeadDirectoryIs503AndKeepsThoseWhoAreIn(t *testing.T) {
	s := newSite(t, "")
	in := s.serve(t)
	if status, _, _ := in.do(t, "PROPFIND", "/principals/", "ada", "", "Depth", "0"); status != 207 {
		t.Fatalf("while the directory lives: got %d", status)
	}
	s.directory.Close()
	if status, _, _ := in.do(t, "PROPFIND", "/principals/", "ada", "", "Depth", "0"); status != 207 {
		t.Errorf("ada, who signed in before: got %d, want 207", status)
	}
	if status, _, h := in.do(t, "PROPFIND", "/principals/", "grace", "", "Depth", "0"); status != 503 || h.Get("Retry-After") == "" {
		t.Errorf("grace, who did not: got %d with Retry-After %q, want 503", status, h.Get("Retry-After"))
	}
	if status, _, _ := in.do(t, "GET", "/readyz", "", ""); status != 200 {
		t.Errorf("readyz: got %d", status)
	}
	in.stop()

	in = s.serve(t) // from the copy in the store
	if status, _, _ := in.do(t, "PROPFIND", "/principals/", "ada", "", "Depth", "0"); status != 503 {
		t.Errorf("after a start without directory: got %d, want 503", status)
	}
}

func TestServeExplainsWhatKeepsItFromStarting(t *testing.T) {
	expired := func(t *testing.T, s *site) {
		a, err := signing.NewAuthority(signing.AuthorityConfig{Name: "Old"}, time.Now().AddDate(-5, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		writeSigner(t, filepath.Join(s.dir, "signer.pem"), a, time.Now().AddDate(-5, 0, 0))
	}
	for _, c := range []struct {
		name, extra string
		prepare     func(*testing.T, *site)
		want        []string
	}{
		{"a data folder that is a file", "", func(t *testing.T, s *site) {
			write(t, filepath.Join(s.dir, "file"), "x")
			edit(t, s.config, `data = "."`, `data = "file/data"`)
		}, []string{"data folder", "writable"}},
		{"a truncated database", "", func(t *testing.T, s *site) {
			in := s.serve(t)
			in.stop()
			name := filepath.Join(s.dir, "calport.db")
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			write(t, name, string(data[:len(data)/2]))
		}, []string{"calport.db"}},
		{"a database that is none", "", func(t *testing.T, s *site) {
			write(t, filepath.Join(s.dir, "calport.db"), strings.Repeat("garbage", 1000))
		}, []string{"calport.db", "damaged"}},
		{"broken certificate files", "[tls]\nsource = \"files\"\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n", func(t *testing.T, s *site) {
			write(t, filepath.Join(s.dir, "c.pem"), "nonsense")
			write(t, filepath.Join(s.dir, "k.pem"), "nonsense")
		}, []string{"c.pem", "PEM"}},
		{"a missing signing identity", "[signing]\nsource = \"pem\"\nfiles = [\"signer.pem\"]\n", nil, []string{"signer.pem"}},
		{"an expired signing identity", "[signing]\nsource = \"pem\"\nfiles = [\"signer.pem\"]\n", expired, []string{"signer.pem", "expired"}},
		{"a missing password file", "", func(t *testing.T, s *site) {
			edit(t, s.config, "allow_plain = true", "allow_plain = true\nbind_dn = \"cn=x\"\npassword_file = \"absent\"")
		}, []string{"directory.password_file", "absent"}},
		{"a settings file with a mistake", "settings = \"s.toml\"\n", func(t *testing.T, s *site) {
			write(t, filepath.Join(s.dir, "s.toml"), "[everyone]\nuser_name = \"%nonsense%\"\n")
		}, []string{"s.toml", "nonsense"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.extra)
			if c.prepare != nil {
				c.prepare(t, s)
			}
			said := s.refused(t)
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("it lacks %q: %s", want, said)
				}
			}
		})
	}
}

func TestServeStartsWithoutAnyDirectoryAndSaysSo(t *testing.T) {
	s := newSite(t, "")
	s.directory.Close()
	in := s.serve(t)
	if status, body, _ := in.do(t, "GET", "/readyz", "", ""); status != 503 || !strings.Contains(body, "directory") {
		t.Errorf("readyz: got %d %q", status, body)
	}
	if !strings.Contains(in.log.String(), "nobody can sign in until it does") {
		t.Errorf("the log does not say so: %s", in.log)
	}
}

func TestMetricsAreServedOnTheirOwnAddress(t *testing.T) {
	s := newSite(t, "")
	metrics := directorytest.FreeAddress(t)
	edit(t, s.config, "http = []", fmt.Sprintf("http = []\nmetrics = %q", metrics))
	in := s.serve(t)
	in.do(t, "PROPFIND", "/principals/", "ada", "", "Depth", "0")
	r, err := in.client.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	for _, want := range []string{"calport_people 30", `calport_request_seconds_count{operation="PROPFIND`, "calport_signer_expiry_seconds"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if status, _, _ := in.do(t, "GET", "/metrics", "", ""); status != 404 {
		t.Errorf("on the public address: got %d, want 404", status)
	}
}

func TestASignerNearItsEndIsSaidAtStart(t *testing.T) {
	s := newSite(t, "[signing]\nsource = \"pem\"\nfiles = [\"signer.pem\"]\n")
	made := time.Now().AddDate(0, 0, -380) // such certificates live 396 days
	a, err := signing.NewAuthority(signing.AuthorityConfig{Name: "Old"}, made)
	if err != nil {
		t.Fatal(err)
	}
	writeSigner(t, filepath.Join(s.dir, "signer.pem"), a, made)
	in := s.serve(t)
	if log := in.log.String(); !strings.Contains(log, "the signing certificate expires in 1") || !strings.Contains(log, "same key") {
		t.Errorf("the log says:\n%s", log)
	}
}

// writeSigner writes a signing identity made by an authority as a PEM file.
func writeSigner(t *testing.T, file string, a *signing.Authority, made time.Time) {
	t.Helper()
	c, err := a.IssueTLS([]string{"signer"}, signing.ECDSAP256, made)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, der := range c.Certificate {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)))
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func edit(t testing.TB, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		t.Fatalf("%q is not in %s", from, file)
	}
	write(t, file, strings.Replace(string(data), from, to, 1))
}
