package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/acme/autocert"

	"calport/directory/directorytest"
	"calport/server/store"
	"calport/server/store/postgrestest"
)

// node writes the configuration of one more node of s: the same but for its data folder and where it listens.
func (s *site) node(t *testing.T) *site {
	t.Helper()
	other := &site{dir: t.TempDir(), https: directorytest.FreeAddress(t), directory: s.directory}
	other.config = filepath.Join(other.dir, "calport.toml")
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, other.config, strings.Replace(string(text), fmt.Sprintf("https = [%q]", s.https), fmt.Sprintf("https = [%q]", other.https), 1))
	return other
}

// command runs another command on the configuration.
func (s *site) command(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out bytes.Buffer
	status = run(t.Context(), append(args, "--config", s.config), stdio{strings.NewReader(""), &out, &out, func(string) string { return "" }})
	return status, out.String()
}

// shareKeys makes a key file and puts it into the configuration.
func (s *site) shareKeys(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "sealing.key")
	if status, said := s.command(t, "keys", "create", file); status != 0 {
		t.Fatalf("keys create: %d %s", status, said)
	}
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.config, string(text)+fmt.Sprintf("\n[secrets]\nkey_file = %q\n", file))
	return file
}

func TestTwoNodesVouchWithOneVoice(t *testing.T) {
	one := newSite(t, "[sign_in]\napp_passwords = \"offered\"\n")
	edit(t, one.config, `data = "."`, fmt.Sprintf("data = \".\"\ndatabase = %q", postgrestest.Database(t)))
	one.shareKeys(t)
	two := one.node(t)
	a, b := one.serve(t), two.serve(t)

	ca := func(s *site) string {
		text, err := os.ReadFile(filepath.Join(s.dir, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if ca(one) != ca(two) {
		t.Fatal("the nodes have different authorities")
	}
	b.client.Transport = a.client.Transport // trusts what the first node showed
	for _, s := range []*site{one, two} {
		if _, err := os.Stat(filepath.Join(s.dir, "authority")); err == nil {
			t.Errorf("%s holds keys of its own", s.dir)
		}
	}

	visit := a.portalOf(t, "ada")
	b.client.Jar = a.client.Jar // one origin, two nodes behind it
	_, signed, _ := a.do(t, "GET", "/portal/profile/calendar.mobileconfig", "", "")
	status, again, _ := b.do(t, "GET", "/portal/profile/calendar.mobileconfig", "", "")
	if status != 200 || signed == "" || again != signed {
		t.Errorf("the other node's profile: %d, %d bytes, the same: %v", status, len(again), again == signed)
	}

	// A secret sealed into the session on one node is put into a profile by the other.
	if status, said := visit("POST", "/portal/app-passwords", url.Values{"for": {"this"}, "name": {"phone"}}); status != 200 {
		t.Fatalf("making a password: %d %s", status, said)
	}
	if status, with, _ := b.do(t, "GET", "/portal/profile/calendar.mobileconfig?password=app", "", ""); status != 200 || !strings.Contains(with, "CalDAVPassword") {
		t.Errorf("the profile with the password, from the other node: %d %.100s", status, with)
	}
	status, secret := one.command(t, "token", "create", "mdm")
	if status != 0 {
		t.Fatal(secret)
	}
	secret, _, _ = strings.Cut(secret, "\n")
	if status, _, _ := b.do(t, "GET", "/api/v1/profiles", "", "", "Authorization", "Bearer "+secret); status != 200 {
		t.Errorf("a token, on the other node: %d", status)
	}
}

func TestKeysMoveIntoTheDatabase(t *testing.T) {
	s := newSite(t, "")
	in := s.serve(t)
	before, signed := in.client, ""
	visit := in.portalOf(t, "ada")
	_, signed = visit("GET", "/portal/profile/calendar.mobileconfig", nil)
	in.stop()

	file := s.shareKeys(t)
	if said := s.refused(t); !strings.Contains(said, "calport keys move") {
		t.Errorf("with the keys in the folder still: %s", said)
	}
	if status, said := s.command(t, "keys", "move"); status != 0 || !strings.Contains(said, "8 files") { // authority, signer, two TLS certificates
		t.Fatalf("keys move: %d %s", status, said)
	}
	if status, said := s.command(t, "keys", "move"); status != exitFailed || !strings.Contains(said, "already") {
		t.Errorf("a second time: %d %s", status, said)
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "authority")); err != nil {
		t.Fatal(err)
	}
	in = s.serve(t)
	in.client.Transport = before.Transport // the same authority
	in.client.Jar = before.Jar
	if status, again, _ := in.do(t, "GET", "/portal/profile/calendar.mobileconfig", "", ""); status != 200 || again != signed {
		t.Errorf("afterwards: %d, the same profile: %v", status, again == signed)
	}
	in.stop()

	// The database alone, or with another key, is refused, and says what to do.
	key, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(strings.SplitN(string(key), "\n", 2)[1])
	other := newKeyLine()
	for what, c := range map[string]struct{ text, want string }{
		"another key": {other, "sealed with another key"}, "no key": {"# none\n", "holds no key"}, "half a key": {line[:30], "line 1: a key is 64"},
	} {
		write(t, file, c.text)
		if said := s.refused(t); !strings.Contains(said, c.want) || strings.Contains(said, line[:30]) {
			t.Errorf("%s: %s", what, said)
		}
	}
	write(t, file, string(key))
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if said := s.refused(t); !strings.Contains(said, "chmod 600") {
		t.Errorf("a key that everybody can read: %s", said)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}

	// A new key comes first, everything is sealed with it, and the old one can go.
	write(t, file, other+"\n"+line+"\n")
	if status, said := s.command(t, "keys", "reseal"); status != 0 || !strings.Contains(said, "8 values") {
		t.Fatalf("reseal: %d %s", status, said)
	}
	write(t, file, other+"\n")
	in = s.serve(t)
	in.client.Transport, in.client.Jar = before.Transport, before.Jar
	if status, again, _ := in.do(t, "GET", "/portal/profile/calendar.mobileconfig", "", ""); status != 200 || again != signed {
		t.Errorf("under another key: %d, the same profile: %v", status, again == signed)
	}
	in.stop()
	edit(t, s.config, "[secrets]", "#")
	edit(t, s.config, "key_file", "#")
	if said := s.refused(t); !strings.Contains(said, "secrets.key_file is not set") {
		t.Errorf("without a key file: %s", said)
	}
}

// What ACME gave is kept sealed, moves with the other keys, and is a miss where there is nothing.
func TestCertificatesByACMEAreShared(t *testing.T) {
	s := newSite(t, "")
	file := s.shareKeys(t)
	o := store.Options{Path: filepath.Join(t.TempDir(), "calport.db")}
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.SetValue(t.Context(), acmeBucket, "calendar.example.org", []byte("the key")); err != nil {
		t.Fatal(err)
	}
	v, err := openVault(t.Context(), db, file)
	if err != nil {
		t.Fatal(err)
	}
	if moved, err := v.move(t.Context(), &Config{Data: t.TempDir()}); err != nil || moved != 1 {
		t.Fatalf("moved %d, %v", moved, err)
	}
	if _, err := db.Value(t.Context(), acmeBucket, "calendar.example.org"); err != store.ErrNotFound {
		t.Errorf("it is there unsealed still: %v", err)
	}
	cache := vaultCache{v}
	if got, err := cache.Get(t.Context(), "calendar.example.org"); err != nil || string(got) != "the key" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := cache.Put(t.Context(), "other", []byte("another key")); err != nil {
		t.Fatal(err)
	}
	all, err := db.Values(t.Context(), vaultBucket)
	if err != nil || len(all) != 2 || bytes.Contains(all["acme/other"], []byte("key")) {
		t.Errorf("the database keeps %q, %v", all, err)
	}
	if err := cache.Delete(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Get(t.Context(), "other"); err != autocert.ErrCacheMiss {
		t.Errorf("deleted: got %v", err)
	}
}

func TestSealedValuesKeepTheirPlaceAndTheirBits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	write(t, file, newKeyLine()+"\n")
	keys, err := readSealingKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	sealed := keys.close("authority/root.key", []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("it can be read")
	}
	if v, err := keys.open("authority/root.key", sealed); err != nil || string(v) != "secret" {
		t.Errorf("got %q, %v", v, err)
	}
	if _, err := keys.open("authority/root.pem", sealed); err == nil {
		t.Error("it opens under another name")
	}
	for i := range sealed {
		spoilt := bytes.Clone(sealed)
		spoilt[i] ^= 1
		if _, err := keys.open("authority/root.key", spoilt); err == nil {
			t.Errorf("it opens with octet %d changed", i)
		}
		if _, err := keys.open("authority/root.key", sealed[:i]); err == nil {
			t.Errorf("it opens cut to %d octets", i)
		}
	}
}
