package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/signing"
)

func TestRunWritesWhatVerifies(t *testing.T) {
	authority, signer := newSigner(t, signing.ECDSAP256)
	dir := filepath.Join(t.TempDir(), "new", "folder")
	list := people(2*chunkSize + 6)
	o := options(t, dir, list, signer)
	o.Format = Both
	mustRun(t, o, Summary{Written: len(list)})
	rows := manifest(t, dir)
	if len(rows) != len(list) {
		t.Fatalf("%d rows, want %d", len(rows), len(list))
	}
	for _, e := range rows {
		unsigned, err := os.ReadFile(filepath.Join(dir, e.Unsigned.Path))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := os.ReadFile(filepath.Join(dir, e.Signed.Path))
		if err != nil {
			t.Fatal(err)
		}
		v, err := signing.Verify(signed, authority.Pool(), time.Now())
		if err != nil || len(v.Findings) > 0 {
			t.Fatalf("%s: %v, %v", e.Signed.Path, err, v)
		}
		if !bytes.Equal(v.Content, unsigned) {
			t.Errorf("%s: signed and unsigned differ", e.Name)
		}
		if found := profiles.Verify(unsigned); found != nil {
			t.Errorf("%s: %v", e.Name, found)
		}
		sum, signedSum := sha256.Sum256(unsigned), sha256.Sum256(signed)
		if e.SHA256 != hex.EncodeToString(sum[:]) || e.Signed.SHA256 != hex.EncodeToString(signedSum[:]) || e.Signed.Signer != signer.Fingerprint() {
			t.Errorf("row of %s is wrong: %+v", e.Name, e)
		}
	}
}

func TestRunWritesNothingWhenNothingChanged(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	o := options(t, dir, people(40), signer)
	o.Format = Both
	mustRun(t, o, Summary{Written: 40})
	before := state(t, dir)
	counting := &countingSigner{Signer: signer}
	o.Signer = counting
	mustRun(t, o, Summary{Unchanged: 40})
	if after := state(t, dir); !slices.Equal(after, before) {
		t.Errorf("files changed:\n%v\n%v", before, after)
	}
	if n := counting.signed.Load(); n != 0 {
		t.Errorf("signed %d times, want 0", n)
	}
}

// countingSigner counts signatures, and may call after each.
type countingSigner struct {
	Signer
	signed atomic.Int64
	after  func(n int64)
}

func (s *countingSigner) Sign(content []byte) ([]byte, error) {
	n := s.signed.Add(1)
	if s.after != nil {
		s.after(n)
	}
	return s.Signer.Sign(content)
}

func TestRunRewritesOnlyWhatChanged(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	list := people(40)
	o := options(t, dir, list, signer)
	mustRun(t, o, Summary{Written: 40})

	changed := *list[7]
	changed.FullName = "Other Name"
	list[7] = &changed
	mustRun(t, o, Summary{Written: 1, Unchanged: 39})

	if err := os.Remove(filepath.Join(dir, FileName(list[3])+profiles.Extension)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, FileName(list[4])+profiles.Extension), 10); err != nil {
		t.Fatal(err)
	}
	mustRun(t, o, Summary{Written: 2, Unchanged: 38})

	_, o.Signer = newSigner(t, signing.ECDSAP256)
	mustRun(t, o, Summary{Written: 40})
}

func TestRunSkipsAndDeniesWithReasons(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	list := people(4)
	noMail := *list[1]
	noMail.Mails = nil
	colon := *list[2]
	colon.Mails = []string{"a:b@example.com"}
	list[1], list[2] = &noMail, &colon
	o := options(t, dir, list, signer)
	o.Generator = newGenerator(t, "[everyone]\nuser_name = \"%email%\"\n[[person]]\nname = \"user00003\"\ndeny = true\n")
	mustRun(t, o, Summary{Written: 1, Skipped: 2, Denied: 1})
	rows := manifest(t, dir)
	want := []string{"user00000 exported", "user00001 skipped", "user00002 skipped", "user00003 denied"}
	if got := statuses(rows); !slices.Equal(got, want) {
		t.Errorf("statuses %q, want %q", got, want)
	}
	for n, part := range map[int]string{1: "%email%", 2: "colon", 3: "deny"} {
		if !strings.Contains(rows[n].Reason, part) {
			t.Errorf("reason %q does not tell %q", rows[n].Reason, part)
		}
	}
	if got := (Summary{Written: 1, Skipped: 2}).ExitCode(); got != 3 {
		t.Errorf("exit code %d, want 3", got)
	}
}

func TestPruneDeletesOnlyWhatTheManifestNames(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	list := people(5)
	o := options(t, dir, list, signer)
	o.Format = Both
	mustRun(t, o, Summary{Written: 5})
	foreign := filepath.Join(dir, "user00000_mine.mobileconfig")
	if err := os.WriteFile(foreign, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}

	o.Format, o.People = Signed, seq(list[:3])
	mustRun(t, o, Summary{Unchanged: 3, Gone: 2})
	if got := len(names(t, dir)); got != 2+1+10 {
		t.Errorf("without pruning %d files are left, want 13", got)
	}
	if got, want := statuses(manifest(t, dir))[3], "user00003 gone"; got != want {
		t.Errorf("row %q, want %q", got, want)
	}

	o.Prune, o.DryRun = true, true
	before := state(t, dir)
	mustRun(t, o, Summary{Unchanged: 3, Gone: 2, Pruned: 3 + 4})
	if after := state(t, dir); !slices.Equal(after, before) {
		t.Errorf("a dry run changed files:\n%v\n%v", before, after)
	}

	o.DryRun = false
	mustRun(t, o, Summary{Unchanged: 3, Gone: 2, Pruned: 3 + 4})
	want := []string{
		"manifest.csv", "manifest.json", FileName(list[0]) + ".mobileconfig", FileName(list[1]) + ".mobileconfig",
		FileName(list[2]) + ".mobileconfig", "user00000_mine.mobileconfig",
	}
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	mustRun(t, o, Summary{Unchanged: 3})
}

func TestPruneFollowsNoManifestOutOfTheFolder(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	victim := filepath.Join(parent, "victim.mobileconfig")
	if err := os.WriteFile(victim, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(inside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	evil := manifestHead + `{"name":"a","guid":"1","platform":"any","signed":{"path":"../victim.mobileconfig"},"unsigned":{"path":"notes.txt"},"status":"exported"}` + manifestTail
	if err := os.WriteFile(filepath.Join(dir, manifestName), []byte(evil), 0o644); err != nil {
		t.Fatal(err)
	}
	o := options(t, dir, people(1), signer)
	o.Prune = true
	mustRun(t, o, Summary{Written: 1, Gone: 1})
	for _, path := range []string{victim, inside} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestRunOfSomeKeepsTheOthers(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	list := people(5)
	o := options(t, dir, list, signer)
	mustRun(t, o, Summary{Written: 5})
	o.Everyone, o.Prune, o.People = false, true, seq(list[2:3])
	mustRun(t, o, Summary{Unchanged: 1})
	if rows := manifest(t, dir); len(rows) != 5 {
		t.Errorf("%d rows are left, want 5", len(rows))
	}
}

func TestRunStoppedGoesOnFromThere(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	const n = 300
	o := options(t, dir, people(n), signer)
	ctx, cancel := context.WithCancel(t.Context())
	o.Signer = &countingSigner{Signer: signer, after: func(n int64) {
		if n == 100 {
			cancel()
		}
	}}
	first, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want %v", err, context.Canceled)
	}
	if first.Written < 90 || first.Written > 200 || first.Written+first.Remaining != n || first.ExitCode() != 1 {
		t.Errorf("summary %+v, exit code %d", first, first.ExitCode())
	}
	if got := len(manifest(t, dir)); got != first.Written {
		t.Errorf("manifest has %d rows, want %d", got, first.Written)
	}
	mustRun(t, o, Summary{Written: n - first.Written, Unchanged: first.Written})
	for _, name := range names(t, dir) {
		if strings.HasPrefix(name, ".") {
			t.Errorf("%s was left behind", name)
		}
	}
}

// A crash leaves a partial manifest, torn in the middle of a row, and files that are not in their places.
func TestRunGoesOnAfterACrash(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	const n = 80
	o := options(t, dir, people(n), signer)
	mustRun(t, o, Summary{Written: n})
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	torn := append(bytes.Join(lines[:51], nil), lines[51][:20]...) // the head and 50 rows
	for name, content := range map[string][]byte{partialOf(manifestName): torn, stagePrefix + "0-3.tmp": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, o, Summary{Written: n - 50, Unchanged: 50})
	if got := names(t, dir); len(got) != n+2 {
		t.Errorf("%d files, want %d: %q", len(got), n+2, got)
	}
}

func TestRunRefusesADamagedManifest(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	for _, text := range []string{"", "{}", "[]", `{"format":2,"people":[]}`, manifestHead + `{"name":1}`, manifestHead + `{"name":"a"}`, "\x00"} {
		dir := t.TempDir()
		path := filepath.Join(dir, manifestName)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), options(t, dir, people(3), signer)); !errors.Is(err, errManifest) {
			t.Errorf("%q: error %v, want %v", text, err, errManifest)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q was changed to %q", text, got)
		}
	}
}

func TestRunSaysThatTheFolderCannotBeWritten(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), options(t, file, people(3), signer)); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v does not name %s", err, file)
	}
	if os.Getuid() == 0 {
		t.Skip("the rest needs a user who is not root: root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), options(t, dir, people(3), signer)); !errors.Is(err, os.ErrPermission) {
		t.Errorf("error %v, want %v", err, os.ErrPermission)
	}
}

// A folder where a file belongs keeps one person's file from its place, and nobody else's.
func TestRunGoesOnAfterOnePersonsFailure(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	list := people(40)
	if err := os.MkdirAll(filepath.Join(dir, FileName(list[5])+profiles.Extension, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustRun(t, options(t, dir, list, signer), Summary{Written: 39, Failed: 1})
	if e := manifest(t, dir)[5]; e.Status != StatusFailed || e.Reason == "" || e.Signed != nil {
		t.Errorf("row %+v", e)
	}
}

func TestRunKeepsOthersOut(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("folders cannot be locked on Windows")
	}
	_, signer := newSigner(t, signing.ECDSAP256)
	o := options(t, t.TempDir(), people(2), signer)
	var second error
	inner := o
	o.Signer = &countingSigner{Signer: signer, after: func(n int64) {
		if n == 1 {
			_, second = Run(t.Context(), inner)
		}
	}}
	mustRun(t, o, Summary{Written: 2})
	if !errors.Is(second, ErrLocked) {
		t.Errorf("error %v, want %v", second, ErrLocked)
	}
}

func TestDryRunTouchesNothing(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := filepath.Join(t.TempDir(), "absent")
	o := options(t, dir, people(3), signer)
	o.Format, o.DryRun = Both, true
	mustRun(t, o, Summary{Written: 3})
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestPeopleWithTheSameFileName(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	a, b := person(1), person(1)
	b.GUID, b.Mails = a.GUID[:8]+"-ffff-4000-8000-000000000000", []string{"other@example.com"}
	o := options(t, t.TempDir(), []*directory.Principal{a, b}, signer)
	o.Generator = newGenerator(t, "[everyone]\nuser_name = \"%email%\"\n")
	mustRun(t, o, Summary{Written: 1, Failed: 1})
}

func TestManifestCSVSaysTheSame(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	mustRun(t, options(t, dir, people(3), signer), Summary{Written: 3})
	f, err := os.Open(filepath.Join(dir, csvName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(table[0], csvHead) {
		t.Errorf("head %q, want %q", table[0], csvHead)
	}
	for i, e := range manifest(t, dir) {
		if !slices.Equal(table[i+1], e.record()) {
			t.Errorf("row %q, want %q", table[i+1], e.record())
		}
	}
}

func TestManifestIsInOneOrder(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	list := people(50)
	first, second := t.TempDir(), t.TempDir()
	o := options(t, first, list, signer)
	o.Format, o.Jobs = Unsigned, 1
	mustRun(t, o, Summary{Written: 50})
	slices.Reverse(list)
	o = options(t, second, list, signer)
	o.Format, o.Jobs = Unsigned, 7
	mustRun(t, o, Summary{Written: 50})
	for _, name := range []string{manifestName, csvName} {
		a, errA := os.ReadFile(filepath.Join(first, name))
		b, errB := os.ReadFile(filepath.Join(second, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs (%v, %v)", name, errA, errB)
		}
	}
}

func TestProgressEndsWithAll(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	o := options(t, t.TempDir(), people(100), signer)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o.Now = func() time.Time { now = now.Add(time.Second); return now }
	var all []Progress
	o.Progress = func(p Progress) { all = append(all, p) }
	mustRun(t, o, Summary{Written: 100})
	if len(all) < 2 {
		t.Fatalf("%d reports, want several", len(all))
	}
	last := all[len(all)-1]
	if last.Done != 100 || last.Total != 100 || !last.Final || last.ETA != 0 || last.Rate <= 0 {
		t.Errorf("last report %+v", last)
	}
	if first := all[0]; first.ETA <= 0 || first.Done >= 100 {
		t.Errorf("first report %+v", first)
	}
}
