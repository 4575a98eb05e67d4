package signing

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// profile is a complete calendar profile, so that the judge in the shared folder accepts it.
var profile = []byte(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>CalDAVAccountDescription</key>
			<string>Calendars of Zoë</string>
			<key>CalDAVHostName</key>
			<string>calendar.example.org</string>
			<key>CalDAVPort</key>
			<integer>8443</integer>
			<key>CalDAVUseSSL</key>
			<true/>
			<key>CalDAVUsername</key>
			<string>zoë</string>
			<key>PayloadIdentifier</key>
			<string>org.example.calendar.1.caldav</string>
			<key>PayloadType</key>
			<string>com.apple.caldav.account</string>
			<key>PayloadUUID</key>
			<string>0C3AE7D3-55C7-5C62-A2F3-0B7B7A3A4B1C</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadDisplayName</key>
	<string>Calendar</string>
	<key>PayloadIdentifier</key>
	<string>org.example.calendar.1</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>7B0C2F61-0B0C-5C2A-9C54-9B7B0A9E0D11</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
`)

var (
	ecdsaAuthority = sync.OnceValue(func() *Authority { return mustAuthority(ECDSAP256) })
	rsaAuthority   = sync.OnceValue(func() *Authority { return mustAuthority(RSA2048) })
)

// authorities are made once: RSA keys are slow to make.
func authorities() map[string]*Authority {
	return map[string]*Authority{"ECDSA": ecdsaAuthority(), "RSA": rsaAuthority()}
}

func mustAuthority(key KeyType) *Authority {
	a, err := NewAuthority(AuthorityConfig{Name: "Example Calendars", Organization: "Example", Key: key}, time.Now())
	if err != nil {
		panic(err)
	}
	return a
}

func mustSign(t testing.TB, id *Identity, content []byte) []byte {
	t.Helper()
	signed, err := id.Sign(content)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func mustVerify(t testing.TB, signed []byte, roots *x509.CertPool) *Verification {
	t.Helper()
	v, err := Verify(signed, roots, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// tool returns the path of a program of this machine.
func tool(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		absent(t, program)
	}
	return path
}

func absent(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CALPORT_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is not installed", what)
	}
	t.Skipf("%s is not installed", what)
}

// sharedFile returns a file of the folder that is shared between projects. It need not be there, whatever is required.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	shared := os.Getenv("CALPORT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared") // beside the module
	}
	path, err := filepath.Abs(filepath.Join(shared, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there; CALPORT_SHARED can say where", name)
	}
	return path
}

// write puts data in a file of a temporary folder and returns its path.
func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// signerFiles writes leaf.pem, leaf.key, int.pem and root.pem for openssl.
func signerFiles(t testing.TB, a *Authority) (dir string) {
	t.Helper()
	dir = t.TempDir()
	key, err := keyPEM(a.Signer().key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "leaf.key", key)
	write(t, dir, "leaf.pem", certificatePEM(a.Signer().leaf))
	write(t, dir, "int.pem", certificatePEM(a.issuing.cert))
	write(t, dir, "root.pem", a.RootPEM())
	return dir
}

// run runs a program in dir and returns what it printed.
func run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	out, err := tryRun(t, dir, program, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return out
}

func tryRun(t testing.TB, dir, program string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, program), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SSL_CERT_DIR="+dir+"/none", "SSL_CERT_FILE="+dir+"/none") // the roots of the system do not count
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func pemOf(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}
