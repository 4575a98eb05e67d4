package export

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calport/directory"
	"calport/profiles"
	"calport/signing"
)

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNanoCMDLayoutIsItsListAndItsProfiles(t *testing.T) {
	dir, list := t.TempDir(), people(70)
	odd := *list[3]
	odd.ShortName = "-a,b c"
	list[3] = &odd
	o := options(t, dir, list, nil)
	o.Layout, o.Format = NanoCMD, Unsigned
	mustRun(t, o, Summary{Written: 70})
	var index map[string]NanoProfile
	if err := json.Unmarshal([]byte(read(t, dir, "profiles.json")), &index); err != nil || len(index) != 70 {
		t.Fatalf("%d names, %v", len(index), err)
	}
	for _, p := range list {
		of := index[NanoName(p)]
		text := read(t, dir, NanoName(p)+".mobileconfig")
		if of.UUID == "" || !strings.Contains(text, "<string>"+of.UUID+"</string>") || !strings.Contains(text, "<string>"+of.Identifier+"</string>") {
			t.Errorf("%s: %+v is not what the profile says", p.ShortName, of)
		}
	}
	if NanoName(&odd) != strings.ToLower(odd.GUID) {
		t.Errorf("a name with a comma and a hyphen before is %q", NanoName(&odd))
	}
	before := state(t, dir)
	mustRun(t, o, Summary{Unchanged: 70})
	if after := state(t, dir); !slices.Equal(after, before) {
		t.Errorf("files changed:\n%v\n%v", before, after)
	}
	o.Format = Both
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "choose signed or unsigned") {
		t.Errorf("both: got %v", err)
	}
}

func TestFleetLayoutIsUnsignedProfiles(t *testing.T) {
	dir, list := t.TempDir(), people(3)
	o := options(t, dir, list, nil)
	o.Layout = Fleet
	mustRun(t, o, Summary{Written: 3})
	for _, p := range list {
		if text := read(t, dir, FileName(p)+".mobileconfig"); !strings.HasPrefix(text, "<?xml") {
			t.Errorf("%s: got %.20q", p.ShortName, text)
		}
	}
	mustRun(t, o, Summary{Unchanged: 3})
}

func TestEveryFileIsReadBack(t *testing.T) {
	dir, list := t.TempDir(), people(3)
	_, signer := newSigner(t, signing.ECDSAP256)
	o := options(t, dir, list, signer)
	o.Format = Both
	mustRun(t, o, Summary{Written: 3})
	count, wrong := 0, []string{}
	back := func() error {
		count, wrong = 0, nil
		return EachFile(t.Context(), dir, Flat, func(path string, content []byte, err error) {
			if count++; err != nil || len(content) == 0 {
				wrong = append(wrong, path)
			}
		})
	}
	if err := back(); err != nil || count != 6 || len(wrong) > 0 {
		t.Errorf("got %v, %d files, wrong %q", err, count, wrong)
	}
	gone, altered := FileName(list[0])+".mobileconfig", FileName(list[1])+".mobileconfig"
	if err := errors.Join(os.Remove(filepath.Join(dir, gone)), os.WriteFile(filepath.Join(dir, altered), []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := back(); err != nil || !slices.Equal(wrong, []string{gone, altered}) {
		t.Errorf("got %v, wrong %q", err, wrong)
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := back(); !errors.Is(err, errManifest) {
		t.Errorf("of a damaged manifest: got %v", err)
	}
}

func TestNanoCMDLayoutOfNobodyIsAnEmptyList(t *testing.T) {
	o := options(t, t.TempDir(), nil, nil)
	o.Layout, o.Format = NanoCMD, Unsigned
	mustRun(t, o, Summary{})
	if text := read(t, o.Dir, "profiles.json"); text != "{}\n" {
		t.Errorf("got %q", text)
	}
}

func TestKMFDDMLayoutHoldsDeclarationsAndSets(t *testing.T) {
	dir, list := t.TempDir(), people(70)
	o := options(t, dir, list, nil)
	o.Layout = KMFDDM
	mustRun(t, o, Summary{Written: 70})
	identifiers := map[string]bool{}
	for _, name := range names(t, dir) {
		id, ok := strings.CutSuffix(name, ".json")
		if !ok {
			continue
		}
		var d struct{ Identifier, Type, ServerToken string }
		if err := json.Unmarshal([]byte(read(t, dir, name)), &d); err != nil || d.Identifier != id || d.Type == "" || d.ServerToken == "" {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		identifiers[id] = true
	}
	held := 0
	for _, p := range list {
		for line := range strings.Lines(read(t, dir, "set."+NanoName(p)+".txt")) {
			if held++; !identifiers[strings.TrimSpace(line)] {
				t.Errorf("the set of %s names %q", p.ShortName, line)
			}
		}
	}
	if held != 3*70 || len(identifiers) != held {
		t.Errorf("%d declarations, sets hold %d, want 210", len(identifiers), held)
	}
	before := state(t, dir)
	mustRun(t, o, Summary{Unchanged: 70})
	if after := state(t, dir); !slices.Equal(after, before) {
		t.Errorf("files changed:\n%v\n%v", before, after)
	}
}

// Who gets nothing any more keeps an empty set, so that KMFDDM takes out what it held.
func TestKMFDDMSetsAreEmptiedOfWhatHasGone(t *testing.T) {
	dir, list := t.TempDir(), people(3)
	o := options(t, dir, list, nil)
	o.Layout, o.Prune, o.Everyone = KMFDDM, true, true
	o.Generator = newGenerator(t, "[everyone]\ncontacts = true\n")
	mustRun(t, o, Summary{Written: 3})
	set := func(p *directory.Principal) []string { return strings.Fields(read(t, dir, "set."+NanoName(p)+".txt")) }
	all := set(list[0])
	if len(all) != 5 {
		t.Fatalf("the set holds %q", all)
	}

	o.Generator = newGenerator(t, "") // no contacts
	mustRun(t, o, Summary{Written: 3, Pruned: 2 * 3})
	less := set(list[0])
	taken := slices.DeleteFunc(slices.Clone(less), func(id string) bool { return !strings.HasPrefix(id, "-") })
	if len(less) != 5 || len(taken) != 2 {
		t.Errorf("without contacts the set's file says %q", less)
	}
	mustRun(t, o, Summary{Unchanged: 3})

	o.Generator = newGenerator(t, "[[person]]\nname = \""+list[1].ShortName+"\"\ndeny = true\n")
	o.People = seq(list[1:])
	mustRun(t, o, Summary{Unchanged: 1, Denied: 1, Gone: 1, Pruned: 2 * 3})
	for _, p := range list[:2] {
		lines := set(p)
		if len(lines) != 5 || slices.ContainsFunc(lines, func(id string) bool { return !strings.HasPrefix(id, "-") }) {
			t.Errorf("the set of %s says %q", p.ShortName, lines)
		}
	}
	before := state(t, dir)
	mustRun(t, o, Summary{Unchanged: 1, Denied: 1, Gone: 1})
	if after := state(t, dir); !slices.Equal(after, before) {
		t.Errorf("files changed:\n%v\n%v", before, after)
	}
	o.People, o.Generator = seq(list), newGenerator(t, "[everyone]\ncontacts = true\n")
	mustRun(t, o, Summary{Written: 3})
	if again := set(list[0]); !slices.Equal(again, all) {
		t.Errorf("back again the set's file says %q, want %q", again, all)
	}
}

func TestZipHoldsWhatTheFolderHoldsAndIsAlwaysTheSame(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir, list := t.TempDir(), people(2*chunkSize+6)
	without := *list[5]
	without.Mails = nil
	list[5] = &without
	o := options(t, dir, list, signer)
	o.Format, o.Shelf, o.Generator = Both, new(plank), newGenerator(t, "[everyone]\ndescription = \"Of %email%\"\n")
	want := Summary{Written: len(list) - 1, Skipped: 1}
	mustRun(t, o, want)
	var first, second bytes.Buffer
	for _, w := range []io.Writer{&first, &second} {
		if got, err := Zip(t.Context(), w, o); err != nil || got != want {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same people gave another archive")
	}
	archive, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var inside []string
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || string(content) != read(t, dir, f.Name) {
			t.Errorf("%s differs from the folder's (%v)", f.Name, err)
		}
		inside = append(inside, f.Name)
	}
	slices.Sort(inside)
	folder := slices.DeleteFunc(names(t, dir), func(name string) bool { return strings.HasPrefix(name, ".") })
	if !slices.Equal(inside, folder) {
		t.Errorf("%d files, the folder has %d", len(inside), len(folder))
	}
}

func TestWriteFileIsWholeOrNotAtAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "all.zip")
	put := func(text string, err error) error {
		return WriteFile(file, func(w io.Writer) error {
			_, failed := io.WriteString(w, text)
			return errors.Join(failed, err)
		})
	}
	if err := put("one", nil); err != nil {
		t.Fatal(err)
	}
	before := state(t, filepath.Dir(file))
	broken := errors.New("broken")
	for _, text := range []string{"one", "other", "on", "one more"} {
		if err := put(text, broken); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
	if err := put("one", nil); err != nil {
		t.Error(err)
	}
	if after := state(t, filepath.Dir(file)); !slices.Equal(after, before) {
		t.Errorf("got %v, want %v", after, before)
	}
	if err := put("on", nil); err != nil || read(t, file) != "on" {
		t.Errorf("got %q, %v", read(t, file), err)
	}
}

type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("the reader has gone")
	}
	return len(p), nil
}

func TestZipEndsWithItsReader(t *testing.T) {
	o := options(t, "", people(1000), nil)
	o.Format = Unsigned
	if _, err := Zip(t.Context(), &failingWriter{10_000}, o); err == nil || !strings.Contains(err.Error(), "has gone") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Zip(ctx, io.Discard, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestEachKeepsTheOrderAndStopsWhenTold(t *testing.T) {
	list := people(5*chunkSize + 1)
	r := &Renderer{Generator: newGenerator(t, ""), Directory: snapshot(list)}
	n := 0
	err := r.Each(t.Context(), seq(list), profiles.Any, false, func(one Rendered) error {
		if one.Person != list[n] || one.Profile == nil || one.Err != nil {
			t.Fatalf("%d: got %+v", n, one)
		}
		n++
		return nil
	})
	if err != nil || n != len(list) {
		t.Errorf("%d people, %v", n, err)
	}
	stop := errors.New("enough")
	if err := r.Each(t.Context(), seq(list), profiles.Any, false, func(Rendered) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
	if err := r.Each(t.Context(), seq(list), profiles.Any, true, func(Rendered) error { return nil }); err != errNoSigner {
		t.Errorf("without a signer: got %v", err)
	}
}

// Files with a password in them are for their owner's eyes.
func TestFilesWithASecretAreReadableByTheirOwnerOnly(t *testing.T) {
	o := options(t, t.TempDir(), people(1), nil)
	o.Format, o.Generator = Unsigned, newGenerator(t, "[everyone]\nremoval_password = \"geheim\"\n")
	mustRun(t, o, Summary{Written: 1})
	info, err := os.Stat(filepath.Join(o.Dir, FileName(people(1)[0])+unsignedExtension))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestPasswordsAreMadeForWhoGetsAProfileAndKeptNowhereElse(t *testing.T) {
	dir, list := t.TempDir(), people(3)
	list[1].ShortName, list[1].Mails = "", nil // gets none
	_, signer := newSigner(t, signing.ECDSAP256)
	o := options(t, dir, list, signer)
	o.Shelf = forbidden{t}
	made := 0
	o.Password = func(_ context.Context, p *directory.Principal) (string, error) {
		if made++; p == list[2] {
			return "", errors.New("there are too many")
		}
		return "5ecret", nil
	}
	o.DryRun = true
	mustRun(t, o, Summary{Written: 2, Skipped: 1})
	if made != 0 {
		t.Errorf("a dry run has made %d passwords", made)
	}
	o.DryRun = false
	mustRun(t, o, Summary{Written: 1, Skipped: 1, Failed: 1})
	name := filepath.Join(dir, FileName(list[0])+profiles.Extension)
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(read(t, name), "5ecret") {
		t.Errorf("got %v, %v", info, err)
	}
	o.Layout = KMFDDM
	if _, err := Run(t.Context(), o); err == nil {
		t.Error("declarations hold passwords")
	}
}

// forbidden is a shelf that must not be asked.
type forbidden struct{ t *testing.T }

func (f forbidden) Find(context.Context, []string) (map[string]Kept, error) {
	f.t.Error("the shelf is looked into")
	return nil, nil
}

func (f forbidden) Keep(context.Context, []Kept) ([]Kept, error) {
	f.t.Error("a profile with a password is kept")
	return nil, nil
}
