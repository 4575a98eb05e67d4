package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// vdir is a folder of calendars that vdirsyncer keeps the same as Grace's.
type vdir struct {
	*instance
	program, dir string
}

// newVdir discovers Grace's calendars from the bare base URL. resolution is what vdirsyncer does with what was changed on
// both sides, in the words of its configuration; the folder is its side a.
func newVdir(t *testing.T, resolution string) *vdir {
	t.Helper()
	v := &vdir{program: stranger(t, "vdirsyncer"), instance: startDemo(t, t.TempDir()), dir: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(v.dir, "cal", "made-here"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(v.dir, "config"), `[general]
status_path = "`+v.dir+`/status/"
[pair cal]
a = "here"
b = "there"
collections = ["from a", "from b"]
conflict_resolution = `+resolution+`
metadata = ["displayname", "color"]
[storage here]
type = "filesystem"
path = "`+v.dir+`/cal/"
fileext = ".ics"
[storage there]
type = "caldav"
url = "`+v.origin+`/"
username = "grace"
password = "calport"
verify = "`+v.instance.dir+`/ca.pem"
`)
	v.must(t, "discover")
	return v
}

// run runs vdirsyncer, which is told yes.
func (v *vdir) run(command string) (out string, err error) {
	c := exec.Command(v.program, "-c", filepath.Join(v.dir, "config"), command)
	c.Stdin = strings.NewReader(strings.Repeat("y\n", 20))
	text, err := c.CombinedOutput()
	return string(text), err
}

func (v *vdir) must(t *testing.T, command string) {
	t.Helper()
	if out, err := v.run(command); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// local is a file on this side.
func (v *vdir) local(collection, name string) string {
	return filepath.Join(v.dir, "cal", collection, name)
}

// here and there are the text of an event of the calendar on each side, "" if there is none.
func (v *vdir) here(name string) string {
	text, _ := os.ReadFile(v.local("calendar", name))
	return string(text)
}

func (v *vdir) there(t *testing.T, name string) string {
	t.Helper()
	status, text, _ := v.do(t, "GET", graceCalendar+name, "grace", "")
	if status == http.StatusNotFound {
		return ""
	}
	return text
}

// change writes an event on the server.
func (v *vdir) change(t *testing.T, name, text string) {
	t.Helper()
	if status, body, _ := v.do(t, "PUT", graceCalendar+name, "grace", text, "Content-Type", "text/calendar"); status != http.StatusCreated && status != http.StatusNoContent {
		t.Fatalf("PUT: %d %s", status, body)
	}
}

const graceCalendar = "/calendars/users/grace/calendar/"

func vdirEvent(uid, summary string) string { return fmt.Sprintf(benchEvent, uid, summary) }

func TestVdirsyncerSynchronisesBothWays(t *testing.T) {
	v := newVdir(t, `"b wins"`)
	write(t, v.local("calendar", "from-here.ics"), vdirEvent("from-here", "Made here"))
	write(t, v.local("made-here", "own.ics"), vdirEvent("own", "In a calendar made here"))
	v.change(t, "from-there.ics", vdirEvent("from-there", "Made there"))
	v.must(t, "sync")
	for _, path := range []string{"calendar/from-here.ics", "made-here/own.ics"} {
		if status, body, _ := v.do(t, "GET", "/calendars/users/grace/"+path, "grace", ""); status != 200 || !strings.Contains(body, "ade here") {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if got := v.here("from-there.ics"); !strings.Contains(got, "Made there") {
		t.Errorf("from there: %s", got)
	}

	if status, body, _ := v.do(t, "DELETE", graceCalendar+"from-here.ics", "grace", ""); status != 204 {
		t.Fatalf("DELETE: %d %s", status, body)
	}
	write(t, v.local("calendar", "from-there.ics"), vdirEvent("from-there", "Changed here"))
	v.must(t, "sync")
	if v.here("from-here.ics") != "" {
		t.Error("what was removed there is still here")
	}
	if got := v.there(t, "from-there.ics"); !strings.Contains(got, "Changed here") {
		t.Errorf("what was changed here is there: %s", got)
	}
}

// What both sides changed is settled as the person wants, or left for the person; what one side removed and the other
// changed comes back. Nothing is lost that nobody gave up.
func TestVdirsyncerSettlesConflicts(t *testing.T) {
	for _, c := range []struct {
		resolution  string
		fails       bool
		here, there string // what is kept of what both sides changed
	}{
		{`null`, true, "Changed here", "Changed there"},
		{`"a wins"`, false, "Changed here", "Changed here"},
		{`"b wins"`, false, "Changed there", "Changed there"},
	} {
		t.Run(c.resolution, func(t *testing.T) {
			v := newVdir(t, c.resolution)
			for _, uid := range []string{"both", "gone-here", "gone-there", "quiet"} {
				v.change(t, uid+".ics", vdirEvent(uid, "First"))
			}
			v.must(t, "sync")

			write(t, v.local("calendar", "both.ics"), vdirEvent("both", "Changed here"))
			v.change(t, "both.ics", vdirEvent("both", "Changed there"))
			write(t, v.local("calendar", "new.ics"), vdirEvent("new", "Changed here")) // the same UID on both sides
			v.change(t, "new.ics", vdirEvent("new", "Changed there"))
			if err := os.Remove(v.local("calendar", "gone-here.ics")); err != nil {
				t.Fatal(err)
			}
			v.change(t, "gone-here.ics", vdirEvent("gone-here", "Changed there"))
			write(t, v.local("calendar", "gone-there.ics"), vdirEvent("gone-there", "Changed here"))
			if status, body, _ := v.do(t, "DELETE", graceCalendar+"gone-there.ics", "grace", ""); status != 204 {
				t.Fatalf("DELETE: %d %s", status, body)
			}

			out, err := v.run("sync")
			if c.fails != (err != nil) || c.fails && !strings.Contains(out, "conflict") {
				t.Errorf("sync: %v\n%s", err, out)
			}
			for name, want := range map[string]struct{ here, there string }{
				"both": {c.here, c.there}, "new": {c.here, c.there}, "quiet": {"First", "First"},
				"gone-here": {"Changed there", "Changed there"}, "gone-there": {"Changed here", "Changed here"},
			} {
				if here, there := v.here(name+".ics"), v.there(t, name+".ics"); !strings.Contains(here, want.here) || !strings.Contains(there, want.there) {
					t.Errorf("%s: here is\n%s\nthere is\n%s\nwant %q and %q", name, here, there, want.here, want.there)
				}
			}
		})
	}
}
