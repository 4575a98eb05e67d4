package export

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"calport/profiles"
	"calport/signing"
)

// skip ends the test for want of a stranger, unless all are required.
func skip(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CALPORT_REQUIRE_ALL") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// everyPayload makes each kind of payload there is.
const everyPayload = `
[everyone]
removal = "30d"
removal_disallowed = true
removal_password = "open sesame"
roots = true
contacts = true
consent = { default = "May we & you?", de = "Dürfen wir?" }
account = { choir = { description = "Choir <of> %full_name%", host = "choir.example.net" } }
subscription = { holidays = { description = "Holidays", url = "https://example.org/h.ics?a=1&b=2" } }
`

// The shared judge (openssl and python3) passes what an export leaves in the folder, signed and unsigned.
func TestJudgePassesExportedProfiles(t *testing.T) {
	for _, name := range []string{"openssl", "python3", "bash"} {
		if _, err := exec.LookPath(name); err != nil {
			skip(t, name+" is not installed")
		}
	}
	shared := os.Getenv("CALPORT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	judge := filepath.Join(shared, "reference", "check-signed-profile")
	if _, err := os.Stat(judge); err != nil {
		t.Skipf("%s is not there; CALPORT_SHARED can say where", judge) // outside this repository: never required
	}
	for name, key := range map[string]signing.KeyType{"RSA": signing.RSA2048, "ECDSA": signing.ECDSAP256} {
		t.Run(name, func(t *testing.T) {
			everything := newGenerator(t, everyPayload)
			authority, signer := newSigner(t, key)
			dir := t.TempDir()
			root := filepath.Join(dir, "root.pem")
			if err := os.WriteFile(root, authority.RootPEM(), 0o644); err != nil {
				t.Fatal(err)
			}
			list := people(3)
			list[1].ShortName, list[1].FullName = "zoë", "Zoë <Åström> & Co"
			for i, platform := range []profiles.Platform{profiles.Any, profiles.IOS, profiles.MacOS, profiles.IOS, profiles.MacOS} {
				who := list
				if i >= 3 {
					who = list[1:2]
				}
				o := options(t, filepath.Join(dir, strconv.Itoa(i)), who, signer)
				o.Format, o.Platform = Both, platform
				if i >= 3 {
					o.Generator = everything
				}
				mustRun(t, o, Summary{Written: len(who)})
				for _, e := range manifest(t, o.Dir) {
					out, err := exec.Command("bash", judge, filepath.Join(o.Dir, e.Signed.Path), root, filepath.Join(o.Dir, e.Unsigned.Path)).CombinedOutput()
					if err != nil || strings.Contains(string(out), "FAIL") {
						t.Errorf("%s for %s: %v\n%s", e.Name, platform, err, out)
					}
				}
			}
		})
	}
}
