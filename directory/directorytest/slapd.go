package directorytest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var fixedTime = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// Slapd describes an OpenLDAP server for a test. Its zero value is a plain server for dc=example,dc=com with the
// schemas core, cosine, inetorgperson and nis.
type Slapd struct {
	Suffix string // empty means dc=example,dc=com
	// LDIF is loaded before the server starts, the suffix entry first unless it is in there.
	LDIF string
	// Schema holds attributetype and objectclass lines of slapd.conf(5).
	Schema string
	// Global and Database hold further lines of slapd.conf(5) for these two sections, Modules the overlays to load.
	Global, Database string
	Modules          []string
	// Cert and Key are PEM; with them the server speaks StartTLS and ldaps too.
	Cert, Key []byte
}

// Server is a running slapd.
type Server struct {
	// URL is ldap://127.0.0.1:port, TLSURL ldaps://127.0.0.1:port if there is a certificate.
	URL, TLSURL string
	Suffix      string
	// RootDN and RootPassword may do everything and know no size limit.
	RootDN, RootPassword string

	t      testing.TB
	binary string
	conf   string
	mu     sync.Mutex
	stop   func()
}

// Start starts slapd in a temporary directory on loopback and stops it when the test ends. Without slapd on the
// machine the test is skipped, or fails if CALPORT_REQUIRE_ALL is 1.
func (o Slapd) Start(t testing.TB) *Server {
	t.Helper()
	binary := Stranger(t, "slapd", "/usr/sbin/slapd")
	if o.Suffix == "" {
		o.Suffix = "dc=example,dc=com"
	}
	dir := t.TempDir()
	s := &Server{
		Suffix: o.Suffix, RootDN: "cn=root," + o.Suffix, RootPassword: "root secret",
		t: t, binary: binary, conf: filepath.Join(dir, "slapd.conf"),
	}
	o.write(t, dir, s)
	s.load(filepath.Join(dir, "data.ldif"))
	s.URL = "ldap://" + FreeAddress(t)
	if o.Cert != nil {
		s.TLSURL = "ldaps://" + FreeAddress(t)
	}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Stranger finds a program that is not ours. Without it the test is skipped, or fails if CALPORT_REQUIRE_ALL is 1.
func Stranger(t testing.TB, name string, elsewhere ...string) string {
	t.Helper()
	for _, candidate := range append([]string{name}, elsewhere...) {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	if os.Getenv("CALPORT_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is not installed, and CALPORT_REQUIRE_ALL is 1", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// write puts the configuration and the data into dir.
func (o Slapd) write(t testing.TB, dir string, s *Server) {
	t.Helper()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	var conf strings.Builder
	for _, schema := range []string{"core", "cosine", "inetorgperson", "nis"} {
		fmt.Fprintf(&conf, "include /etc/ldap/schema/%s.schema\n", schema)
	}
	fmt.Fprintf(&conf, "include %s\n", put("extra.schema", []byte(o.Schema)))
	fmt.Fprintf(&conf, "pidfile %s/slapd.pid\nargsfile %s/slapd.args\n", dir, dir)
	fmt.Fprintf(&conf, "modulepath /usr/lib/ldap\nmoduleload back_mdb\n")
	for _, module := range o.Modules {
		fmt.Fprintf(&conf, "moduleload %s\n", module)
	}
	if o.Cert != nil {
		fmt.Fprintf(&conf, "TLSCertificateFile %s\nTLSCertificateKeyFile %s\n", put("cert.pem", o.Cert), put("key.pem", o.Key))
	}
	fmt.Fprintf(&conf, "%s\ndatabase mdb\nsuffix \"%s\"\nrootdn \"%s\"\nrootpw \"%s\"\n", o.Global, o.Suffix, s.RootDN, s.RootPassword)
	fmt.Fprintf(&conf, "directory %s/db\nmaxsize 1073741824\ndbnosync\n", dir)
	fmt.Fprintf(&conf, "index objectClass,uid,mail,cn,entryUUID eq\nindex member,memberUid eq\n%s\n", o.Database)
	put("slapd.conf", []byte(conf.String()))
	put("data.ldif", []byte(suffixEntry(o.Suffix, o.LDIF)+o.LDIF))
}

// suffixEntry is the entry at the top, empty if the data has it.
func suffixEntry(suffix, ldif string) string {
	if strings.HasPrefix(ldif, "dn: "+suffix+"\n") || strings.Contains(ldif, "\ndn: "+suffix+"\n") {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(suffix, "dc="), ",")
	return fmt.Sprintf("dn: %s\nobjectClass: dcObject\nobjectClass: organization\ndc: %s\no: Example\n\n", suffix, name)
}

// load runs slapadd, which is slapd by another name.
func (s *Server) load(ldif string) {
	s.t.Helper()
	add := exec.Command(s.binary, "-Ta", "-q", "-f", s.conf, "-l", ldif)
	if out, err := add.CombinedOutput(); err != nil {
		s.t.Fatalf("slapadd: %v\n%s", err, out)
	}
}

// FreeAddress answers a loopback address that nothing listens on. Its port is below those that the system gives to
// outgoing connections, so that no connection of another test takes it before the server of this one does.
func FreeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(22000)))
		if err != nil {
			continue
		}
		defer l.Close()
		return l.Addr().String()
	}
	t.Fatal("no port from 10000 to 31999 is free on 127.0.0.1")
	return ""
}

// guarded runs a program that ends with this process even if this process is killed: its guard reads from a pipe
// that nobody writes to until it closes.
const guarded = `exec 3<&0; "$@" & p=$!; (cat <&3 >/dev/null; kill $p) & g=$!; wait $p; kill $g 2>/dev/null`

// Start starts a stopped server on its old addresses and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	urls := strings.Fields(s.URL + " " + s.TLSURL)
	c := exec.Command("/bin/sh", "-c", guarded, "sh", s.binary, "-f", s.conf, "-h", strings.Join(urls, " "), "-d", "0")
	var log bytes.Buffer
	c.Stderr = &log
	pipe, err := c.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatalf("slapd: %v", err)
	}
	ended := make(chan struct{})
	go func() { c.Wait(); close(ended) }()
	s.stop = func() { pipe.Close(); <-ended }
	for _, url := range urls { // slapd begins to listen at one after the other
		_, address, _ := strings.Cut(url, "://")
		if err := listens("tcp", address, ended); err != nil {
			s.stop()
			s.t.Fatalf("slapd: %v\n%s", err, log.String())
		}
	}
}

// Stop stops the server; it does nothing if it is stopped.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// Stall listens in front of a server and passes everything on until stalled; from then on it accepts and keeps
// connections, but nothing goes through. It answers the address.
func Stall(t testing.TB, server string) (address string, stall func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		stalled = make(chan struct{})
		wg      sync.WaitGroup
		mu      sync.Mutex
		conns   []net.Conn
	)
	keep := func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, c)
	}
	pass := func(to, from net.Conn) {
		room := make([]byte, 16<<10)
		for {
			n, err := from.Read(room)
			select {
			case <-stalled:
				return
			default:
			}
			if n > 0 {
				to.Write(room[:n])
			}
			if err != nil {
				if err == io.EOF {
					to.Close()
				}
				return
			}
		}
	}
	wg.Go(func() {
		for {
			front, err := l.Accept()
			if err != nil {
				return
			}
			keep(front)
			back, err := net.Dial("tcp", server)
			if err != nil {
				front.Close()
				continue
			}
			keep(back)
			wg.Go(func() { pass(back, front) })
			wg.Go(func() { pass(front, back) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String(), sync.OnceFunc(func() { close(stalled) })
}
