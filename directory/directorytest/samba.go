package directorytest

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// DomainController is a running Samba Active Directory domain controller of the domain CORP, corp.test.
type DomainController struct {
	URL                          string // ldapi://
	Suffix                       string
	Administrator, AdminPassword string // a DN and its password
}

// Samba provisions a domain controller, runs python with a SamDB named db to fill it, and serves it on a socket in a
// temporary directory until the test ends. Its TCP ports are fixed, so it runs in a network namespace of its own, for
// which the test must be root; otherwise the test is skipped.
func Samba(t testing.TB, python string) *DomainController {
	t.Helper()
	if testing.Short() {
		t.Skip("provisioning a domain takes ten seconds")
	}
	samba, tool := Stranger(t, "samba", "/usr/sbin/samba"), Stranger(t, "samba-tool")
	if out, err := exec.Command("unshare", "-n", "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil || os.Getuid() != 0 {
		t.Skipf("Samba AD DC needs root and a network namespace of its own: uid %d, %v %s", os.Getuid(), err, out)
	}
	dir := t.TempDir()
	dc := &DomainController{
		URL: "ldapi://" + url.PathEscape(filepath.Join(dir, "private", "ldapi")), Suffix: "DC=corp,DC=test",
		Administrator: "CN=Administrator,CN=Users,DC=corp,DC=test", AdminPassword: "Admin-secret-1",
	}
	run(t, tool, "domain", "provision", "--realm=CORP.TEST", "--domain=CORP", "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1",
		"--targetdir="+dir, "--adminpass="+dc.AdminPassword, "--option=interfaces=lo", "--option=bind interfaces only=yes")
	conf := filepath.Join(dir, "smb.conf")
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(smbConf, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cache", "ncalrpc", "ntp", "winbindd"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "/usr/bin/python3", "-c", openSamDB+python, conf)
	serveSamba(t, samba, conf, filepath.Join(dir, "private", "ldapi"))
	return dc
}

// smbConf serves LDAP and nothing else, with every path in DIR.
const smbConf = `[global]
netbios name = DC1
realm = CORP.TEST
workgroup = CORP
server role = active directory domain controller
server services = ldap
dcerpc endpoint servers =
ldap server require strong auth = no
interfaces = lo
bind interfaces only = yes
private dir = DIR/private
state directory = DIR/state
lock directory = DIR
cache directory = DIR/cache
pid directory = DIR
log file = DIR/log
ncalrpc dir = DIR/ncalrpc
ntp signd socket directory = DIR/ntp
winbindd socket directory = DIR/winbindd
`

const openSamDB = `
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm()
lp.load(sys.argv[1])
db = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp)
`

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func serveSamba(t testing.TB, samba, conf, socket string) {
	t.Helper()
	c := exec.Command("/bin/sh", "-c", guarded, "sh", "unshare", "-n", "/bin/sh", "-c", `ip link set lo up; exec "$@"`, "sh",
		samba, "-s", conf, "-i", "-M", "single", "-d1")
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	pipe, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { c.Wait(); close(ended) }()
	t.Cleanup(func() { pipe.Close(); <-ended })
	if err := listens("unix", socket, ended); err != nil {
		pipe.Close()
		<-ended
		t.Fatalf("Samba: %v\n%s", err, log.String())
	}
}

// listens waits until something listens.
func listens(network, address string, ended <-chan struct{}) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		c, err := net.Dial(network, address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended before it listened at %s", address)
		case <-deadline:
			return fmt.Errorf("it does not listen at %s: %w", address, err)
		case <-tick.C:
		}
	}
}
