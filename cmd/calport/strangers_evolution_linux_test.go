package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// namespaceEnv tells a copy of the test binary that it runs in namespaces of its own.
const namespaceEnv = "CALPORT_TEST_NAMESPACE"

// inOwnNamespaces runs the calling test in a copy of the test binary that has a network and mounts of its own: there
// the test may be the name server and the certificate store of a stranger's program. It answers true in the copy.
func inOwnNamespaces(t *testing.T) bool {
	t.Helper()
	if os.Getenv(namespaceEnv) != "" {
		loopbackUp(t)
		return true
	}
	copy := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	copy.Env = append(os.Environ(), namespaceEnv+"=1")
	copy.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := copy.CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), "--- PASS: "+t.Name()):
	case os.IsPermission(err):
		skipWithout(t, "network and mount namespaces need root: %v", err)
	default:
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// loopbackUp switches on the one interface of a new network.
func loopbackUp(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatalf("loopback: %v", err)
	}
}

// cover lays a text over a file of the system, in the mounts of this test alone.
func cover(t *testing.T, file, text string) {
	t.Helper()
	own := filepath.Join(t.TempDir(), "cover")
	write(t, own, text)
	if err := syscall.Mount(own, file, "", syscall.MS_BIND, ""); err != nil {
		t.Fatalf("mount over %s: %v", file, err)
	}
	t.Cleanup(func() { syscall.Unmount(file, syscall.MNT_DETACH) })
}

// Evolution finds the account from a bare mail address: it reads SRV and TXT from a name server that serves what
// `calport dns` printed, trusts what the machine trusts, and follows the properties to the calendars. The assistant's
// look-up is in libevolution, for the data server's own library has no SRV look-up.
func TestEvolutionFindsTheAccountFromAMailAddress(t *testing.T) {
	session := stranger(t, "dbus-run-session")
	const module = "/usr/lib/evolution/modules/module-config-lookup.so"
	if _, err := os.Stat(module); err != nil {
		skipWithout(t, "Debian's libevolution is not installed")
	}
	if exec.Command(stranger(t, python), "-c", "import gi; gi.require_version('EDataServer', '1.2')").Run() != nil {
		skipWithout(t, "python3-gi and gir1.2-edataserver-1.2 are not installed")
	}
	if !inOwnNamespaces(t) {
		return
	}
	s := newSite(t, "")
	edit(t, s.config, `public_host = "localhost"`, `public_host = "calendar.example.org"`)
	in := s.serve(t)
	status, zone, errs := in.calport(t, "dns")
	if status != 0 {
		t.Fatalf("dns: %d %s", status, errs)
	}
	nameServerOn(t, "127.0.0.1:53", zone+"calendar.example.org.\t3600\tIN\tA\t127.0.0.1\n")
	root, err := os.ReadFile(filepath.Join(s.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	cover(t, "/etc/resolv.conf", "nameserver 127.0.0.1\n")
	cover(t, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
	cover(t, "/etc/ssl/certs/ca-certificates.crt", string(root))

	home := t.TempDir()
	evolution := exec.Command(session, "--", python, "testdata/evolution.py", "ada@example.org", "calport")
	evolution.Env = []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home, "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"), "GSETTINGS_BACKEND=memory", "GIO_USE_VFS=local"}
	var warnings strings.Builder
	evolution.Stderr = &warnings
	out, err := evolution.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &warnings)
	}
	_, port, _ := net.SplitHostPort(s.https)
	origin := "https://calendar.example.org:" + port
	for _, want := range []string{
		"server " + origin + "/principals/", // SRV gave the host and the port, TXT the path
		"user ada@example.org",
		"address ada@example.org",
	} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("%q is missing in:\n%s%s", want, out, &warnings)
		}
	}
	// EWebDAVDiscoverSupports: events are 2, tasks 8, and 128 is that the server sends invitations.
	for name, supports := range map[string]int{"calendar": 2 | 128, "tasks": 8 | 128} {
		if want := fmt.Sprintf(`(?m)^calendar %s/calendars/\S+/%s/ %d `, regexp.QuoteMeta(origin), name, supports); !regexp.MustCompile(want).Match(out) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}
