package profiles

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// stranger finds a program that is not ours, or skips.
func stranger(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CALPORT_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

func goldenFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*"+Extension))
	if err != nil || len(files) == 0 {
		t.Fatal("no golden profiles", err)
	}
	return files
}

// Python's plistlib reads the golden profiles, and agrees about the UUIDs by its own uuid5.
func TestPythonAgrees(t *testing.T) {
	const script = `
import hashlib, plistlib, sys, uuid
space = uuid.uuid5(uuid.NAMESPACE_DNS, "com.example.calport")
for name in sys.argv[1:]:
    content = open(name, "rb").read()
    profile = plistlib.loads(content)
    assert profile["PayloadType"] == "Configuration" and type(profile["PayloadVersion"]) is int, name
    line = "\t\t<key>PayloadUUID</key>\n\t\t<string>%s</string>\n" % profile["PayloadUUID"]
    assert content.count(line.encode()) == 1, name
    rest = content.replace(line.encode(), b"")
    assert str(uuid.uuid5(space, hashlib.sha256(rest).hexdigest())).upper() == profile["PayloadUUID"], name
    for payload in profile["PayloadContent"]:
        if payload["PayloadType"] == "com.apple.caldav.account":
            guid = profile["PayloadIdentifier"].removeprefix("com.example.calport.calendar.")
            slot = payload["PayloadIdentifier"].removeprefix(profile["PayloadIdentifier"] + ".")
            assert str(uuid.uuid5(space, guid + slot)).upper() == payload["PayloadUUID"], name
            if slot == "caldav":
                assert payload["CalDAVPort"] == 8443 and payload["CalDAVUseSSL"] is True, name
    del profile["PayloadUUID"]
    assert plistlib.loads(rest) == profile, name
`
	out, err := exec.Command(stranger(t, "python3"), append([]string{"-c", script}, goldenFiles(t)...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// plistutil turns each golden profile into the binary form, which Verify reads, and back.
func TestPlistutilAgrees(t *testing.T) {
	program := stranger(t, "plistutil")
	for _, name := range goldenFiles(t) {
		binary := filepath.Join(t.TempDir(), "binary")
		if out, err := exec.Command(program, "-i", name, "-o", binary, "-f", "bin").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		content, err := os.ReadFile(binary) // plistutil ends with 0 even when it could not convert
		if err != nil || !bytes.HasPrefix(content, []byte("bplist00")) {
			t.Fatalf("%s: no binary property list came out (%v)", name, err)
		}
		if found := Verify(content); found != nil {
			t.Errorf("%s as binary: %v", name, found)
		}
	}
}
