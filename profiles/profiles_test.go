package profiles

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"calport/directory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// groupsOf is a Directory of Ada and Zoë that knows everybody's groups.
type groupsOf map[string][]*directory.Principal

func (g groupsOf) MemberOf(guid string) []*directory.Principal { return g[guid] }

func (g groupsOf) ByLogin(login string) (*directory.Principal, error) {
	return directory.NewSnapshot([]*directory.Principal{ada, zoë}, time.Time{}).ByLogin(login)
}

// alone is the directory of one person.
func alone(p *directory.Principal) *directory.Snapshot {
	return directory.NewSnapshot([]*directory.Principal{p}, time.Time{})
}

var ada = &directory.Principal{
	Kind: directory.Individual, GUID: "6F1AB4C0-2D5E-4F8A-9B3C-0123456789AB", ShortName: "ada", FullName: "Ada Lovelace",
	FirstName: "Ada", LastName: "Lovelace", Mails: []string{"ada@example.com"}, JobTitle: "Analyst",
	Attributes: map[string][]string{"departmentnumber": {"1843"}},
}

var zoë = &directory.Principal{
	Kind: directory.Individual, GUID: "0b9d2f64-7777-4c1e-8d2a-ba9876543210", ShortName: "zoë", FullName: "Zoë <Åström> & Co",
}

// testRoot is a root made once and kept in testdata, so that the golden Trust profile stays the same.
func testRoot(t testing.TB) []byte {
	t.Helper()
	name := filepath.Join("testdata", "root.pem")
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) && *update {
		text = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newRoot(t)})
		err = os.WriteFile(name, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return block.Bytes
}

func newRoot(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func testServer() ServerConfig {
	return ServerConfig{Host: "calendar.example.com", Port: 8443, Organization: "Example", Prefix: "com.example.calport"}
}

func newGenerator(t testing.TB, config ServerConfig, document string) *Generator {
	t.Helper()
	d, err := ParseDocument("settings.toml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGenerator(config, d)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

const everySetting = `
[everyone]
display_name = "Calendars of %full_name% (%ldap:departmentNumber%)"
description = "For %email|nobody%, 100 %% yours on %ComputerName%"
consent = { default = "May we, %first_name%?", de = "Dürfen wir?" }
removal = "2027-06-30"
principal_url = true
user_name = "%email%"
`

const everySlot = `
[everyone]
removal = "30d"
removal_disallowed = true
removal_password = "open sesame"
roots = true
contacts = true
contacts_description = "Everybody at %ldap:departmentNumber%"
host = "calendar.example.net"
hosts = { "example.com" = "calendar.example.com" }
[everyone.account.choir]
description = "Choir of %first_name%"
host = "choir.example.net"
user_name = "%email%"
[everyone.account.old]
host = "calendar.example.com"
port = 8008
ssl = false
user_name = "old-%short_name%"
[everyone.subscription.holidays]
description = "Holidays"
url = "https://example.org/holidays.ics?a=1&b=2"
[everyone.subscription.menu]
url = "http://example.org/menu.ics"
user_name = "%short_name%"
`

func TestGoldenProfiles(t *testing.T) {
	config := testServer()
	config.Roots = [][]byte{testRoot(t)}
	plain := newGenerator(t, config, "")
	full := newGenerator(t, config, everySetting)
	slots := newGenerator(t, config, everySlot)
	removal := time.Date(2026, 12, 1, 18, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		name   string
		render func() (*Profile, error)
	}{
		{"calendar-any", func() (*Profile, error) { return plain.Calendar(groupsOf{}, ada, Any) }},
		{"calendar-ios", func() (*Profile, error) { return plain.Calendar(groupsOf{}, ada, IOS) }},
		{"calendar-macos", func() (*Profile, error) { return plain.Calendar(groupsOf{}, ada, MacOS) }},
		{"calendar-zoe", func() (*Profile, error) { return plain.Calendar(groupsOf{}, zoë, Any) }},
		{"calendar-full", func() (*Profile, error) { return full.Calendar(groupsOf{}, ada, Any) }},
		{"calendar-slots-any", func() (*Profile, error) { return slots.Calendar(groupsOf{}, ada, Any) }},
		{"calendar-slots-ios", func() (*Profile, error) { return slots.Calendar(groupsOf{}, ada, IOS) }},
		{"calendar-slots-macos", func() (*Profile, error) { return slots.Calendar(groupsOf{}, ada, MacOS) }},
		{"calendar-slots-password", func() (*Profile, error) {
			return slots.CalendarWithPassword(groupsOf{}, ada, IOS, "abcdefghijklmnopqrst")
		}},
		{"trust-any", func() (*Profile, error) { return plain.Trust(Any) }},
		{"trust-macos", func() (*Profile, error) { return plain.Trust(MacOS) }},
		{"diagnostics-http", func() (*Profile, error) { return plain.Diagnostics(LogHTTP, removal) }},
		{"diagnostics-everything", func() (*Profile, error) { return plain.Diagnostics(LogEverything, removal) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := test.render()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, test.name+Extension, p.Bytes())
			if found := Verify(p.Bytes()); found != nil {
				t.Errorf("Verify found %v", found)
			}
			again, err := test.render()
			if err != nil || !bytes.Equal(again.Bytes(), p.Bytes()) {
				t.Errorf("rendered again it differs, error %v", err)
			}
			sum := sha256.Sum256(p.Bytes())
			if got, want := p.SHA256(), hex.EncodeToString(sum[:]); got != want {
				t.Errorf("SHA256 %s, want %s", got, want)
			}
		})
	}
}
