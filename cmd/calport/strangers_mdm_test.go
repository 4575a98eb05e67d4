package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"howett.net/plist"

	"calport/directory/directorytest"
)

// Parts of real MDM servers, built outside this module.
const (
	kmfddmModule = "github.com/jessepeterson/kmfddm@v0.8.3"
	kmfddm       = "github.com/jessepeterson/kmfddm/cmd/kmfddm@v0.8.3"
	nanohub      = "github.com/micromdm/nanohub/cmd/nanohub@v0.2.0" // NanoMDM, NanoCMD and KMFDDM in one program
)

// mdmServer is one of them, running.
type mdmServer struct {
	user string   // of its API
	env  []string // what its environment has more than ours
	url  string
	log  *buffer
}

const mdmKey = "geheim"

// startMDM starts a program that listens until the test ends.
func startMDM(t *testing.T, m *mdmServer, program string, args ...string) *mdmServer {
	t.Helper()
	listen := directorytest.FreeAddress(t)
	m.url, m.log = "http://"+listen, &buffer{}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	run := exec.CommandContext(ctx, program, append(args, "-listen", listen, "-storage", "inmem")...)
	run.Dir, run.Stdout, run.Stderr = t.TempDir(), m.log, m.log
	run.Env = append(os.Environ(), m.env...)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { run.Wait(); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	fetch(t, http.DefaultClient, m.url+"/version", ended)
	return m
}

// do sends a request; with a password unless a header says who sends it.
func (m *mdmServer) do(t *testing.T, method, path, body string, header ...string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, m.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(header) == 0 {
		r.SetBasicAuth(m.user, mdmKey)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

func (m *mdmServer) must(t *testing.T, method, path, body string, header ...string) string {
	t.Helper()
	status, text := m.do(t, method, path, body, header...)
	if status >= 300 {
		t.Fatalf("%s %s: %d %s\n%s", method, path, status, text, m.log)
	}
	return text
}

// moduleFolder is where the go command keeps a module's files.
func moduleFolder(t *testing.T, module string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), stranger(t, "go"), "mod", "download", "-json", module)
	c.Dir = t.TempDir()
	out, err := c.Output()
	var m struct{ Dir string }
	if err != nil || json.Unmarshal(out, &m) != nil || m.Dir == "" {
		skipWithout(t, "%s cannot be had from the Go module proxy: %v", module, err)
	}
	return m.Dir
}

// KMFDDM's own tool loads what calport export wrote, and a device gets from KMFDDM what the API says.
func TestKMFDDMServesOurDeclarations(t *testing.T) {
	python := stranger(t, "python3")
	server := startMDM(t, &mdmServer{user: "kmfddm"}, buildStranger(t, kmfddm), "-api", mdmKey)
	tool := filepath.Join(moduleFolder(t, kmfddmModule), "tools", "syncdir.py")
	in := startDemo(t, t.TempDir())
	out := filepath.Join(t.TempDir(), "declarations")
	sync := func() string {
		t.Helper()
		if status, _, errs := in.calport(t, "export", "--all", "--prune", "--layout", "kmfddm", "--out", out); status != 0 {
			t.Fatalf("export: %d %s", status, errs)
		}
		said, err := exec.Command(python, tool, out, "--apibaseurl", server.url+"/v1", "--key", mdmKey).CombinedOutput()
		if err != nil || strings.Contains(string(said), "ERROR") || strings.Contains(string(said), "WARNING: unknown") {
			t.Fatalf("syncdir.py: %v\n%s", err, said)
		}
		return string(said)
	}
	if said := sync(); !strings.Contains(said, "with set ada") {
		t.Errorf("ada has no set:\n%s", said)
	}
	if said := sync(); !strings.Contains(said, "no changed declarations or sets") {
		t.Errorf("nothing has changed, and syncdir.py says\n%s", said)
	}

	// A device of ada's.
	server.must(t, "PUT", "/v1/enrollment-sets/DEVICE?set=ada&nonotify=1", "")
	device := []string{"X-Enrollment-ID", "DEVICE"}
	var items struct {
		Declarations map[string][]struct{ Identifier, ServerToken string }
	}
	status, token, _ := in.calport(t, "token", "create", "mdm", "--scope", "read")
	if err := json.Unmarshal([]byte(server.must(t, "GET", "/declaration-items", "", device...)), &items); err != nil || status != 0 {
		t.Fatal(err, token)
	}
	count := 0
	for kind, path := range map[string]string{"Configurations": "configuration", "Assets": "asset", "Activations": "activation"} {
		for _, item := range items.Declarations[kind] {
			count++
			var got, want struct {
				Type, Identifier string
				Payload          any
			}
			_, ours, _ := in.do(t, "GET", "/api/v1/ddm/ada/declarations/"+item.Identifier, "", "", "Authorization", "Bearer "+strings.TrimSpace(token))
			theirs := server.must(t, "GET", "/declaration/"+path+"/"+item.Identifier, "", device...)
			if json.Unmarshal([]byte(theirs), &got) != nil || json.Unmarshal([]byte(ours), &want) != nil || fmt.Sprint(got) != fmt.Sprint(want) || want.Type == "" {
				t.Errorf("the device gets\n%s\nand the API says\n%s", theirs, ours)
			}
		}
	}
	if count != 3 {
		t.Errorf("the device gets %d declarations, want 3: %v", count, items)
	}

	// New settings change what is changed, and nothing else; who gets nothing any more has an empty set.
	settings := filepath.Join(t.TempDir(), "settings.toml")
	write(t, settings, "[[person]]\nname = \"grace\"\naccount_description = \"Grace’s calendars\"\n[[person]]\nname = \"ada\"\ndeny = true\n")
	if status, _, errs := in.calport(t, "settings", "import", settings); status != 0 {
		t.Fatalf("settings import: %s", errs)
	}
	said := sync()
	if !strings.Contains(said, "changed declarations (1)") || strings.Count(said, "from set ada") != 3 {
		t.Errorf("one account was renamed and ada denied, and syncdir.py says\n%s", said)
	}
	if left := server.must(t, "GET", "/declaration-items", "", device...); strings.Contains(left, "calport.") {
		t.Errorf("the device is still to have %s", left)
	}
}

// enrolled is a device as NanoMDM sees it behind a proxy that has checked its certificate.
type enrolled struct {
	*mdmServer
	header []string
	udid   string
}

// enrol makes a device known.
func enrol(t *testing.T, m *mdmServer, certificate []byte) *enrolled {
	t.Helper()
	d := &enrolled{mdmServer: m, udid: "00008030-000000000000002E"}
	d.header = []string{"X-Client-Cert", ":" + base64.StdEncoding.EncodeToString(certificate) + ":"} // RFC 9440
	d.send(t, map[string]any{"MessageType": "Authenticate", "Topic": pushTopic, "SerialNumber": "C02XK1"})
	d.send(t, map[string]any{"MessageType": "TokenUpdate", "Topic": pushTopic, "PushMagic": "magic", "Token": []byte("token")})
	return d
}

// send tells the server something, and reads the command that it answers with.
func (d *enrolled) send(t *testing.T, message map[string]any) (command map[string]any) {
	t.Helper()
	message["UDID"] = d.udid
	body, err := plist.Marshal(message, plist.XMLFormat)
	if err != nil {
		t.Fatal(err)
	}
	kind := "application/x-apple-aspen-mdm"
	if message["MessageType"] != nil {
		kind += "-checkin"
	}
	text := d.must(t, "PUT", "/mdm", string(body), append(d.header, "Content-Type", kind)...)
	if text == "" {
		return nil
	}
	var answer struct {
		CommandUUID string
		Command     map[string]any
	}
	if _, err := plist.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	answer.Command["uuid"] = answer.CommandUUID
	return answer.Command
}

const pushTopic = "com.apple.mgmt.test"

// pushCertificate is a certificate for APNs with its key, PEM.
func pushCertificate(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	subject := pkix.Name{CommonName: "push", ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: pushTopic}}}
	cert := &x509.Certificate{SerialNumber: big.NewInt(3), Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...))
}

// apns takes Apple's place, so that nothing leaves this machine: a proxy leads every connection to a server that accepts
// every push.
type apns struct {
	env    []string // of who shall believe it
	pushes chan struct{}
}

// await waits until something has been pushed.
func (a *apns) await(t *testing.T) {
	t.Helper()
	select {
	case <-a.pushes:
	case <-time.After(time.Minute):
		t.Fatal("nothing has been pushed for a minute")
	}
}

func startAPNs(t *testing.T) *apns {
	t.Helper()
	authority := directorytest.NewAuthority(t)
	certificate, key := authority.Issue(t, "api.push.apple.com")
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &apns{pushes: make(chan struct{}, 100)}
	apple := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("apns-id", "1")
		a.pushes <- struct{}{}
	}))
	apple.EnableHTTP2, apple.TLS = true, &tls.Config{Certificates: []tls.Certificate{pair}}
	apple.StartTLS()
	t.Cleanup(apple.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := net.Dial("tcp", apple.Listener.Addr().String())
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		defer out.Close()
		in, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer in.Close()
		io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(out, in); out.Close() }()
		io.Copy(in, out)
	}))
	t.Cleanup(proxy.Close)
	file := filepath.Join(t.TempDir(), "apple.pem")
	write(t, file, string(authority.PEM))
	a.env = []string{"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + t.TempDir()}
	return a
}

// newMDMDevice makes an authority, PEM, and the certificate of one device, DER.
func newMDMDevice(t *testing.T) (authority string, device []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "MDM"}, NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "device"}, NotBefore: from, NotAfter: to, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	root, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if device, err = x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), key); err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})), device
}

// NanoCMD's profile workflow installs, through NanoMDM, what it was given from our NanoCMD-shaped source; when our UUID is on
// the device already it leaves the device alone, and when that has changed it installs again.
func TestNanoCMDInstallsOurProfile(t *testing.T) {
	authority, certificate := newMDMDevice(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	write(t, file, authority)
	apple := startAPNs(t)
	server := startMDM(t, &mdmServer{user: "nanohub", env: apple.env}, buildStranger(t, nanohub), "-ca", file, "-api-key", mdmKey, "-cert-header", "X-Client-Cert")
	server.must(t, "PUT", "/api/v1/nanomdm/pushcert", pushCertificate(t))
	device := enrol(t, server, certificate)
	in := startDemo(t, t.TempDir())
	status, token, errs := in.calport(t, "token", "create", "mdm")
	if status != 0 {
		t.Fatal(errs)
	}
	basic := []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("nanocmd:"+strings.TrimSpace(token)))}

	type listed map[string]struct{ Identifier, UUID string }
	// pull gives NanoCMD the profiles whose UUIDs it does not have, as its own API names them.
	pull := func() (moved int) {
		t.Helper()
		var ours, theirs listed
		_, list, _ := in.do(t, "GET", "/v1/profiles?name=ada&name=grace", "", "", basic...)
		if err := json.Unmarshal([]byte(list), &ours); err != nil || len(ours) != 2 {
			t.Fatalf("%v in %s", err, list)
		}
		if _, list := server.do(t, "GET", "/api/v1/nanocmd/profiles", ""); json.Unmarshal([]byte(list), &theirs) != nil {
			theirs = nil
		}
		for name, of := range ours {
			if theirs[name] == of {
				continue
			}
			_, profile, _ := in.do(t, "GET", "/v1/profile/"+url.PathEscape(name), "", "", basic...)
			server.must(t, "PUT", "/api/v1/nanocmd/profile/"+url.PathEscape(name), profile)
			moved++
		}
		return moved
	}
	if moved := pull(); moved != 2 {
		t.Errorf("%d profiles were moved, want 2", moved)
	}
	if moved := pull(); moved != 0 {
		t.Errorf("%d profiles were moved though none has changed: NanoCMD reads another identifier or UUID than we list", moved)
	}

	// run starts the workflow and is the device, which has what installed says, until it has been given count profiles.
	run := func(names string, count int, installed ...any) (payloads []string) {
		t.Helper()
		server.must(t, "POST", "/api/v1/nanocmd/workflow/io.micromdm.wf.profile.v1/start?id="+device.udid+"&context="+names, "")
		for len(payloads) < count {
			apple.await(t)
			for command := device.send(t, map[string]any{"Status": "Idle"}); command != nil; {
				answer := map[string]any{"Status": "Acknowledged", "CommandUUID": command["uuid"]}
				switch command["RequestType"] {
				case "ProfileList":
					answer["ProfileList"] = installed
				case "InstallProfile":
					payloads = append(payloads, string(command["Payload"].([]byte)))
				default:
					t.Fatalf("the device is told %v", command)
				}
				command = device.send(t, answer)
			}
		}
		return payloads
	}
	ours := func(name string) (profile string, row map[string]any) {
		t.Helper()
		_, profile, _ = in.do(t, "GET", "/v1/profile/"+name, "", "", basic...)
		if _, err := plist.Unmarshal([]byte(profile), &row); err != nil {
			t.Fatal(err)
		}
		return profile, map[string]any{"PayloadIdentifier": row["PayloadIdentifier"], "PayloadUUID": row["PayloadUUID"], "PayloadVersion": 1, "PayloadContent": []any{}}
	}
	ada, row := ours("ada")
	if got := run("ada", 1); got[0] != ada {
		t.Fatalf("the device was given\n%s\nwant ours\n%s", got[0], ada)
	}
	grace, _ := ours("grace")
	if got := run("ada,grace", 1, row); got[0] != grace {
		t.Errorf("the device has ada's and was to get grace's; it was given\n%s", got[0])
	}
	settings := filepath.Join(t.TempDir(), "settings.toml")
	write(t, settings, "[[person]]\nname = \"ada\"\naccount_description = \"Work\"\n")
	if status, _, errs := in.calport(t, "settings", "import", settings); status != 0 {
		t.Fatalf("settings import: %s", errs)
	}
	if moved := pull(); moved != 1 {
		t.Errorf("ada's has changed, and %d profiles were moved", moved)
	}
	if got := run("ada", 1, row); !strings.Contains(got[0], "<string>Work</string>") {
		t.Errorf("in place of the old profile the device was given\n%s", got[0])
	}
}

// buildStranger builds a program from the module proxy, or skips the test by name.
func buildStranger(t *testing.T, pkg string) (program string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := t.TempDir()
	build := exec.CommandContext(ctx, stranger(t, "go"), "install", pkg)
	build.Dir = dir // outside any module: our go.mod stays as it is
	build.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-mod=mod")
	if out, err := build.CombinedOutput(); err != nil {
		skipWithout(t, "%s cannot be built from the Go module proxy: %v\n%s", pkg, err, out)
	}
	path, _, _ := strings.Cut(pkg, "@")
	return filepath.Join(dir, filepath.Base(path))
}
