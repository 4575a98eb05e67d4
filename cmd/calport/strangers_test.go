package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// python is Debian's interpreter, whose packages python3-caldav is among.
const python = "/usr/bin/python3"

func TestPythonCaldavWalksAnAccount(t *testing.T) {
	in := pythonCaldav(t)
	out, err := exec.Command(python, "testdata/pycaldav.py", in.origin+"/", filepath.Join(in.dir, "ca.pem"), "linus", "calport").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// pythonCaldav starts a demo, where python3-caldav is installed.
func pythonCaldav(t *testing.T) *instance {
	t.Helper()
	if exec.Command(stranger(t, python), "-c", "import caldav").Run() != nil {
		if os.Getenv("CALPORT_REQUIRE_ALL") != "" {
			t.Fatal("python3-caldav is not installed, and CALPORT_REQUIRE_ALL is set")
		}
		t.Skip("python3-caldav is not installed")
	}
	return startDemo(t, t.TempDir())
}

func TestPythonCaldavInvites(t *testing.T) {
	in := pythonCaldav(t)
	out, err := exec.Command(python, "testdata/pyinvite.py", in.origin+"/", filepath.Join(in.dir, "ca.pem"), "calport",
		"ada", mailOf["ada"], "grace", mailOf["grace"]).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestThreePythonCaldavsMeetInARoom(t *testing.T) {
	in := pythonCaldav(t)
	out, err := exec.Command(python, "testdata/pythree.py", in.origin+"/", filepath.Join(in.dir, "ca.pem"), "calport").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestPythonCaldavMeetsConflicts(t *testing.T) {
	in := pythonCaldav(t)
	out, err := exec.Command(python, "testdata/pyconflict.py", in.origin+"/", filepath.Join(in.dir, "ca.pem"), "linus", "calport").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
