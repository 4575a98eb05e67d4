package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, row := range commands {
		var out bytes.Buffer
		status := run(t.Context(), append(strings.Fields(row.name), "--help"), stdio{strings.NewReader(""), &out, &out, os.Getenv})
		if status != 0 || !strings.Contains(out.String(), "calport "+row.name) || row.short == "" {
			t.Errorf("%s --help: %d\n%s", row.name, status, out.String())
		}
	}
}

func TestWrongCommandLinesEndWithStatus2(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"no-such-command"}, {"profile", "no-such-command"}, {"demo", "--no-such-flag"}, {"profile", "show"}, {"token", "create"}, {"serve", "extra"},
		{"export", "--all"}, {"export", "--out", "x"}, {"export", "--out", "x", "--all", "--group", "y"},
		{"export", "--out", "x", "--all", "--format", "pdf"}, {"export", "--out", "x", "--all", "--layout", "tar"}, {"export", "--out", "x", "--all", "--layout", "zip", "--prune"},
		{"export", "--out", "x", "--all", "--layout", "kmfddm", "--format", "signed"}, {"export", "--out", "x", "--all", "--layout", "nanocmd", "--format", "both"}, {"export", "--out", "x", "--all", "--progress", "loud"},
		{"export", "--out", "x", "--all", "--layout", "fleet", "--format", "signed"}, {"export", "--out", "x", "--all", "--since", "1", "--prune"}, {"export", "--out", "x", "--all", "--dry-run", "--verify"}, {"lint"},
		{"export", "--out", "x", "--all", "--app-password", "phone"}, {"export", "--out", "x", "--all", "--mint"}, {"export", "--out", "x", "--person", "ada", "--layout", "kmfddm", "--app-password", "phone"},
		{"serve"}, {"serve", "--config", "absent.toml"},
	} {
		var errs bytes.Buffer
		status := run(t.Context(), args, stdio{strings.NewReader(""), io.Discard, &errs, func(string) string { return "" }})
		if status != exitUsage || errs.Len() == 0 {
			t.Errorf("%q: got %d %q, want %d and a reason", args, status, errs.String(), exitUsage)
		}
	}
}

func TestConfigIsPrintedAndChecked(t *testing.T) {
	var out bytes.Buffer
	world := stdio{strings.NewReader(""), &out, &out, os.Getenv}
	if status := run(t.Context(), []string{"config"}, world); status != 0 || !strings.Contains(out.String(), "# The host name that profiles") {
		t.Fatalf("config: %d\n%s", status, out.String())
	}
	file := filepath.Join(t.TempDir(), "calport.toml")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := run(t.Context(), []string{"config", "--check", file}, world); status != 0 {
		t.Errorf("the example is refused: %s", out.String())
	}
	if err := os.WriteFile(file, append(out.Bytes(), "\nsurprise = 1\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := run(t.Context(), []string{"config", "--check", file}, world); status != exitUsage {
		t.Errorf("a broken file is accepted")
	}
}

func TestExportVerifyAndTheSourceAgree(t *testing.T) {
	in := startDemo(t, t.TempDir())
	dir := filepath.Join(t.TempDir(), "profiles")
	if status, _, errs := in.calport(t, "export", "--all", "--out", dir, "--format", "both"); status != 0 || !strings.Contains(errs, "30 written") {
		t.Fatalf("export: %d %s", status, errs)
	}
	if status, _, errs := in.calport(t, "export", "--all", "--out", dir, "--format", "both", "--progress", "plain"); status != 0 || !strings.Contains(errs, "30 unchanged") {
		t.Errorf("second export: %d %s", status, errs)
	}
	signed := one(t, filepath.Join(dir, "ada_????????.mobileconfig"))
	unsigned := one(t, filepath.Join(dir, "ada_????????.unsigned.mobileconfig"))

	t.Run("ours is in order", func(t *testing.T) {
		if status, out, errs := in.calport(t, "profile", "verify", signed, unsigned); status != 0 || strings.Count(out, "nothing is wrong") != 2 {
			t.Errorf("got %d\n%s%s", status, out, errs)
		}
	})
	t.Run("a tampered one is not", func(t *testing.T) {
		data, err := os.ReadFile(signed)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "tampered.mobileconfig")
		if err := os.WriteFile(file, bytes.Replace(data, []byte("<string>ada</string>"), []byte("<string>eve</string>"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		if status, out, _ := in.calport(t, "profile", "verify", file); status != 1 || !strings.Contains(out, "ERROR") {
			t.Errorf("got %d\n%s", status, out)
		}
	})
	t.Run("a file that cannot be read does not end the run", func(t *testing.T) {
		spoilt := filepath.Join(t.TempDir(), "spoilt.mobileconfig")
		data, err := os.ReadFile(unsigned)
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.Replace(data, []byte("<string>ada</string>"), []byte("<string>%short_name%</string>"), 1)
		data = bytes.Replace(data, []byte("<key>CalDAVHostName</key>"), []byte("<key>CalDAVHost</key>"), 1)
		if err := os.WriteFile(spoilt, data, 0o600); err != nil {
			t.Fatal(err)
		}
		status, out, _ := in.calport(t, "profile", "verify", "absent.mobileconfig", spoilt, signed)
		for _, want := range []string{
			"absent.mobileconfig\n  ERROR: file: ", "\n  1 error\n" + spoilt, "%short_name% has not been filled in", "caution", signed + "\n  signed by", "nothing is wrong",
		} {
			if status != 1 || !strings.Contains(out, want) {
				t.Errorf("got %d without %q:\n%s", status, want, out)
			}
		}
		if strings.Contains(out, "error: ") {
			t.Errorf("an error is announced twice:\n%s", out)
		}
	})
	t.Run("the shared judge agrees", func(t *testing.T) {
		stranger(t, "openssl")
		judge := filepath.Join(shared(t), "reference", "check-signed-profile")
		if out, err := exec.Command(judge, signed, filepath.Join(in.dir, "ca.pem"), unsigned).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("every layout is written, and nothing twice", func(t *testing.T) {
		for layout, file := range map[string]string{"nanocmd": "ada.mobileconfig", "fleet": "", "kmfddm": "set.ada.txt", "zip": ""} {
			out := filepath.Join(t.TempDir(), layout)
			args := []string{"export", "--all", "--layout", layout, "--out", out, "--progress", "plain", "--verify"}
			if layout == "zip" {
				args = args[:len(args)-1]
			}
			if status, _, errs := in.calport(t, args...); status != 0 || layout != "zip" && !strings.Contains(errs, "read back, nothing is wrong") {
				t.Fatalf("%s: %d %s", layout, status, errs)
			}
			before, err := os.Stat(filepath.Join(out, file))
			if err != nil {
				t.Fatal(err)
			}
			if status, _, errs := in.calport(t, "export", "--all", "--layout", layout, "--out", out); status != 0 {
				t.Fatalf("%s again: %d %s", layout, status, errs)
			}
			if after, err := os.Stat(filepath.Join(out, file)); err != nil || !os.SameFile(before, after) {
				t.Errorf("%s: written again (%v)", layout, err)
			}
		}
	})
	t.Run("what is read back is judged", func(t *testing.T) {
		out := t.TempDir()
		export := func(args ...string) (int, string) {
			status, _, errs := in.calport(t, append([]string{"export", "--out", out, "--progress", "json"}, args...)...)
			return status, errs
		}
		if status, errs := export("--all", "--format", "both", "--verify"); status != 0 || !strings.Contains(errs, "files read back, nothing is wrong") {
			t.Fatalf("got %d %s", status, errs)
		}
		files, err := filepath.Glob(filepath.Join(out, "ada_*.mobileconfig"))
		if err != nil || len(files) != 2 {
			t.Fatalf("got %v, %v", files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)/2] ^= 1 // of the same size, so that it is not written anew
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if status, errs := export("--person", "grace", "--format", "both", "--verify"); status != exitFailed || !strings.Contains(errs, "2 errors") || strings.Count(errs, "not the one that the manifest describes") != 2 {
			t.Errorf("got %d %s", status, errs)
		}
	})
	t.Run("an app password is made for each run, and signs in", func(t *testing.T) {
		out, before := t.TempDir(), ""
		for range 2 {
			status, _, errs := in.calport(t, "export", "--out", out, "--person", "ada", "--format", "both", "--app-password", "A <phone>", "--verify")
			if status != 0 || !strings.Contains(errs, "1 written") {
				t.Fatalf("got %d %s", status, errs)
			}
			file := one(t, filepath.Join(out, "ada_*.unsigned.mobileconfig"))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			secret := firstOf(t, `<string>([a-z2-7]{28})</string>`, string(text))
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || secret == before {
				t.Errorf("the file has mode %v, %v; the password is new: %v", info.Mode(), err, secret != before)
			}
			if status := in.dav(t, "ada", secret); status != 207 {
				t.Errorf("the password: got %d", status)
			}
			if before != "" && in.dav(t, "ada", before) != 401 {
				t.Error("the password of the run before works still")
			}
			before = secret
		}
		status, _, errs := in.calport(t, "export", "--out", out, "--all", "--format", "both", "--app-password", "A <phone>", "--mint", "--dry-run")
		if status != 0 || !strings.Contains(errs, "30 written") || in.dav(t, "ada", before) != 207 {
			t.Errorf("a dry run: got %d %s", status, errs)
		}
	})
	t.Run("what has changed since is exported alone", func(t *testing.T) {
		out := t.TempDir()
		since := func(revision string) (status int, errs string) {
			status, _, errs = in.calport(t, "export", "--out", out, "--all", "--since", revision, "--progress", "json")
			return status, errs
		}
		status, errs := since("0")
		if status != 0 || strings.Contains(errs, `"written":0,"unchanged":0`) {
			t.Fatalf("got %d %s", status, errs)
		}
		revision := firstOf(t, `\{"revision":(\d+)\}`, errs)
		if status, errs := since(revision); status != 0 || !strings.Contains(errs, `"total":0`) || !strings.Contains(errs, `{"revision":`+revision+`}`) {
			t.Errorf("nothing has changed: got %d %s", status, errs)
		}
		if status, errs := since(revision + "0"); status != exitUsage || !strings.Contains(errs, "no such revision; the latest is "+revision) {
			t.Errorf("a revision to come: got %d %s", status, errs)
		}
	})
	t.Run("the payload source gives the same bytes", func(t *testing.T) {
		for _, args := range [][]string{{"--scope", "write"}, {"--expires", "0d"}, {"--expires", "soon"}, {"--expires", "2001-01-01"}} {
			if status, out, _ := in.calport(t, append([]string{"token", "create", "wrong"}, args...)...); status != exitUsage || out != "" {
				t.Errorf("%q: got %d %q", args, status, out)
			}
		}
		if status, _, errs := in.calport(t, "token", "create", "wrong", "--group", "nobody"); status != exitFailed || !strings.Contains(errs, "no group") {
			t.Errorf("an unknown group: %d %s", status, errs)
		}
		status, few, errs := in.calport(t, "token", "create", "few", "--group", "engineering", "--scope", "list", "--expires", "90d")
		if status != 0 {
			t.Fatalf("token create: %s", errs)
		}
		status, all, _ := in.do(t, "GET", "/api/v1/profiles", "", "", "Authorization", "Bearer "+strings.TrimSpace(few))
		if status != 200 || !strings.Contains(all, `"ada"`) || strings.Contains(all, `"karen"`) {
			t.Errorf("list of a group: %d %s", status, all)
		}
		status, secret, errs := in.calport(t, "token", "create", "mdm")
		if status != 0 {
			t.Fatalf("token create: %s", errs)
		}
		bearer := []string{"Authorization", "Bearer " + strings.TrimSpace(secret)}
		status, list, _ := in.do(t, "GET", "/api/v1/profiles", "", "", bearer...)
		if status != 200 || !strings.Contains(list, `"ada"`) {
			t.Errorf("list: %d %s", status, list)
		}
		want, err := os.ReadFile(unsigned)
		if err != nil {
			t.Fatal(err)
		}
		status, got, header := in.do(t, "GET", "/api/v1/profiles/ada.mobileconfig", "", "", bearer...)
		if status != 200 || got != string(want) {
			t.Errorf("ada's profile: %d, %d bytes; the export has %d", status, len(got), len(want))
		}
		if status, _, _ = in.do(t, "GET", "/api/v1/profiles/ada.mobileconfig", "", "", append(bearer, "If-None-Match", header.Get("ETag"))...); status != 304 {
			t.Errorf("with its ETag: got %d, want 304", status)
		}
		if want, err = os.ReadFile(signed); err != nil {
			t.Fatal(err)
		}
		if status, got, _ = in.do(t, "GET", "/api/v1/profiles/ada.mobileconfig?signed=1", "", "", bearer...); status != 200 || got != string(want) {
			t.Errorf("ada's signed profile: %d, and other bytes than the export's", status)
		}
		if status, out, _ := in.calport(t, "token", "list"); status != 0 || !strings.Contains(out, "mdm") || strings.Contains(out, strings.TrimSpace(secret)) {
			t.Errorf("token list: %d %s", status, out)
		}
		if status, _, errs := in.calport(t, "token", "revoke", "mdm"); status != 0 {
			t.Errorf("revoke: %s", errs)
		}
		if status, _, _ = in.do(t, "GET", "/api/v1/profiles", "", "", bearer...); status != 401 {
			t.Errorf("a revoked token: got %d, want 401", status)
		}
	})
}

// The name in the rendered profile is one that the server takes.
func TestTheProfilesUserNameSignsIn(t *testing.T) {
	in := startDemo(t, t.TempDir())
	for _, person := range []string{"ada", "zoë"} {
		status, plist, errs := in.calport(t, "profile", "show", person, "--plist")
		if status != 0 {
			t.Fatalf("%s: %s", person, errs)
		}
		_, rest, _ := strings.Cut(plist, "<key>CalDAVUsername</key>")
		_, rest, _ = strings.Cut(rest, "<string>")
		name, _, _ := strings.Cut(rest, "</string>")
		if status, body, _ := in.do(t, "PROPFIND", "/principals/", name, "", "Depth", "0"); status != http.StatusMultiStatus {
			t.Errorf("%q of %s's profile: %d %s", name, person, status, body)
		}
	}
}

func TestSettingsGoOutAndIn(t *testing.T) {
	in := startDemo(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "settings.toml")
	if status, out, _ := in.calport(t, "settings", "export"); status != 0 || !strings.Contains(out, "# [[group]]") || !strings.Contains(out, "# user_name = ") {
		t.Errorf("export of nothing: %d\n%s", status, out)
	}
	text := "[everyone]\naccount_description = \"Work\"\n\n[[person]]\nname = \"grace\"\nuser_name = \"%email%\"\n\n[[group]]\nname = \"admins\"\ndeny = true\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := in.calport(t, "settings", "import", file); status != 0 {
		t.Fatalf("import: %s", errs)
	}
	status, out, _ := in.calport(t, "settings", "export")
	if status != 0 || !strings.Contains(out, "Work") || !strings.Contains(out, "grace") {
		t.Errorf("export: %d\n%s", status, out)
	}
	if _, out, _ := in.calport(t, "profile", "show", "grace"); !strings.Contains(line(out, "user_name"), "@") || !strings.Contains(line(out, "user_name"), "person") {
		t.Errorf("grace: %s", out)
	}
	if status, _, errs := in.calport(t, "profile", "show", "admin"); status != 1 || !strings.Contains(errs, "deny") {
		t.Errorf("admin: got %d %s", status, errs)
	}
	if status, _, errs := in.calport(t, "export", "--all", "--out", filepath.Join(t.TempDir(), "x")); status != 0 || !strings.Contains(errs, "1 denied") {
		t.Errorf("export with a denied person: %d %s", status, errs)
	}

	t.Run("a mistake changes nothing", func(t *testing.T) {
		for _, bad := range []string{"[everyone]\nuser_name = \"%nonsense%\"\n", "[[group]]\nname = \"no such group\"\n", "[everyone]\nport = \"x\"\n", "[everyone\n"} {
			if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if status, _, errs := in.calport(t, "settings", "import", file); status != 1 || errs == "" {
				t.Errorf("%q: got %d %s", bad, status, errs)
			}
		}
		if _, after, _ := in.calport(t, "settings", "export"); after != out {
			t.Errorf("the settings changed:\n%s", after)
		}
	})
}

func TestSkippedPeopleGiveStatus3(t *testing.T) {
	in := startDemo(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "settings.toml")
	if err := os.WriteFile(file, []byte("[everyone]\ndescription = \"Room %ldap:roomNumber%\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := in.calport(t, "settings", "import", file); status != 0 {
		t.Fatal(errs)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if status, _, errs := in.calport(t, "export", "--all", "--out", dir); status != exitSkipped || !strings.Contains(errs, "skipped") {
		t.Errorf("got %d %s", status, errs)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.csv"))
	if err != nil || !strings.Contains(string(manifest), "roomnumber") && !strings.Contains(string(manifest), "roomNumber") {
		t.Errorf("the manifest does not say why: %v\n%s", err, manifest)
	}
}

// one is the only file of a pattern.
func one(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v", pattern, found, err)
	}
	return found[0]
}

// shared is the folder of references beside the project, where it is there.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CALPORT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the folder of references is not here; set CALPORT_SHARED")
	}
	return dir
}
