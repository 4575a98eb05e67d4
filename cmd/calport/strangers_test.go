package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

func TestVdirsyncerSynchronisesBothWays(t *testing.T) {
	vdirsyncer := stranger(t, "vdirsyncer")
	in := startDemo(t, t.TempDir())
	dir := t.TempDir()
	config := `[general]
status_path = "` + dir + `/status/"
[pair cal]
a = "here"
b = "there"
collections = ["from a", "from b"]
conflict_resolution = "b wins"
metadata = ["displayname", "color"]
[storage here]
type = "filesystem"
path = "` + dir + `/cal/"
fileext = ".ics"
[storage there]
type = "caldav"
url = "` + in.origin + `/"
username = "grace"
password = "calport"
verify = "` + in.dir + `/ca.pem"
`
	if err := os.MkdirAll(filepath.Join(dir, "cal", "made-here"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "config"), config)
	sync := func(command ...string) {
		t.Helper()
		c := exec.Command(vdirsyncer, append([]string{"-c", filepath.Join(dir, "config")}, command...)...)
		c.Stdin = strings.NewReader(strings.Repeat("y\n", 20))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	local := func(collection, name string) string { return filepath.Join(dir, "cal", collection, name) }
	event := func(uid, summary string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nSUMMARY:" + summary + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}

	sync("discover")
	write(local("calendar", "from-here.ics"), event("from-here", "Made here"))
	write(local("made-here", "own.ics"), event("own", "In a calendar made here"))
	if status, body, _ := in.do(t, "PUT", "/calendars/users/grace/calendar/from-there.ics", "grace", event("from-there", "Made there"), "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	sync("sync")
	for _, path := range []string{"calendar/from-here.ics", "made-here/own.ics"} {
		if status, body, _ := in.do(t, "GET", "/calendars/users/grace/"+path, "grace", ""); status != 200 || !strings.Contains(body, "ade here") {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if data, err := os.ReadFile(local("calendar", "from-there.ics")); err != nil || !strings.Contains(string(data), "Made there") {
		t.Errorf("from there: %v %s", err, data)
	}

	if status, body, _ := in.do(t, "DELETE", "/calendars/users/grace/calendar/from-here.ics", "grace", ""); status != 204 {
		t.Fatalf("DELETE: %d %s", status, body)
	}
	write(local("calendar", "from-there.ics"), event("from-there", "Changed here"))
	sync("sync")
	if _, err := os.Stat(local("calendar", "from-here.ics")); err == nil {
		t.Error("what was removed there is still here")
	}
	if _, body, _ := in.do(t, "GET", "/calendars/users/grace/calendar/from-there.ics", "grace", ""); !strings.Contains(body, "Changed here") {
		t.Errorf("what was changed here is there: %s", body)
	}
}
