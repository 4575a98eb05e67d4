package demo

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// openLDAP runs one of OpenLDAP's commands against the server and answers its output and exit code, which is the
// result code of LDAP.
func openLDAP(t *testing.T, s *Server, command string, args ...string) (string, int) {
	t.Helper()
	path, err := exec.LookPath(command)
	if err != nil {
		if os.Getenv("CALPORT_REQUIRE_ALL") == "1" {
			t.Fatalf("%s is missing; install ldap-utils", command)
		}
		t.Skipf("%s is not installed", command)
	}
	run := exec.CommandContext(t.Context(), path, append([]string{"-x", "-H", s.URL(), "-o", "nettimeout=10"}, args...)...)
	run.Env = append(os.Environ(), "LDAPNOINIT=1")
	out, err := run.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), run.ProcessState.ExitCode()
}

func TestOpenLDAPsCommandsUnderstandTheServer(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		command string
		args    []string
		code    int
		want    string
	}{
		{"ldapsearch", []string{"-b", BaseDN, "-E", "pr=7/noprompt", "(objectClass=inetOrgPerson)", "uid"}, 0, "numEntries: 30"},
		{"ldapsearch", []string{"-b", "", "-s", "base", "+"}, 0, "supportedControl: " + oidPaged},
		{"ldapsearch", []string{"-b", BaseDN, "-z", "2", "(uid=*)"}, 4, "Size limit exceeded"},
		{"ldapsearch", []string{"-b", "ou=nowhere," + BaseDN}, 32, "matchedDN: " + BaseDN},
		{"ldapsearch", []string{"-ZZ", "-b", BaseDN}, 1, "StartTLS is not supported"},
		{"ldapwhoami", []string{"-D", personDN("zoë"), "-w", Password}, 0, "dn:" + personDN("zoë")},
		{"ldapwhoami", nil, 0, "anonymous"},
		{"ldapwhoami", []string{"-D", personDN("ada"), "-w", "wrong"}, 49, "Invalid credentials"},
		{"ldapcompare", []string{personDN("ada"), "sn:BYRON"}, 6, "TRUE"},
		{"ldapdelete", []string{personDN("ada")}, 53, "read-only"},
	} {
		out, code := openLDAP(t, s, test.command, test.args...)
		if code != test.code || !strings.Contains(out, test.want) {
			t.Errorf("%s %q: got code %d, want %d and %q in\n%s", test.command, test.args, code, test.code, test.want, out)
		}
	}
}
