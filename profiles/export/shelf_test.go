package export

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"calport/profiles"
	"calport/signing"
)

// plank is a Shelf in memory.
type plank struct {
	mu   sync.Mutex
	all  map[string]Kept
	puts int // calls of Keep
}

func (s *plank) Find(_ context.Context, keys []string) (map[string]Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]Kept{}
	for _, key := range keys {
		if k, ok := s.all[key]; ok {
			found[key] = k
		}
	}
	return found, nil
}

func (s *plank) Keep(_ context.Context, fresh []Kept) ([]Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]Kept{}
	}
	s.puts++
	now := make([]Kept, len(fresh))
	for n, k := range fresh {
		if there := s.all[k.Key]; there.Of(k.Content, k.Signer) {
			k = there
		}
		s.all[k.Key], now[n] = k, k
	}
	return now, nil
}

func TestSignedBytesAreTheSameEverywhereAndAfterARestart(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	shelf, list, dir := new(plank), people(3), t.TempDir()
	o := options(t, dir, list, signer)
	o.Shelf = shelf
	renderer := func() *Renderer { // of another process each time
		return &Renderer{Generator: o.Generator, Directory: o.Directory, Signer: signer, Cache: NewCache(1 << 20), Shelf: shelf}
	}
	first, err := renderer().Calendar(t.Context(), list[0], profiles.Any, true)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, o, Summary{Written: 3})
	if shelf.puts != 2 || len(shelf.all) != 3 {
		t.Errorf("%d people were kept in %d goes, want 3 in 2", len(shelf.all), shelf.puts)
	}
	for n, p := range list {
		written, err := os.ReadFile(filepath.Join(dir, FileName(p)+profiles.Extension))
		if err != nil {
			t.Fatal(err)
		}
		a, err := renderer().Calendar(t.Context(), p, profiles.Any, true)
		if err != nil || !bytes.Equal(a.Bytes, written) {
			t.Errorf("%s: the portal's bytes are not the export's (%v)", p.ShortName, err)
		}
		if n == 0 && a.SHA256 != first.SHA256 {
			t.Errorf("the ETag has changed")
		}
	}
	mustRun(t, o, Summary{Unchanged: 3})
}

func TestAFileThatTheShelfContradictsIsWrittenAnew(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	o := options(t, t.TempDir(), people(2), signer)
	mustRun(t, o, Summary{Written: 2})
	shelf := new(plank)
	o.Shelf = shelf
	mustRun(t, o, Summary{Unchanged: 2}) // an empty shelf contradicts nothing
	r := &Renderer{Generator: o.Generator, Directory: o.Directory, Signer: signer, Shelf: shelf}
	a, err := r.Calendar(t.Context(), person(1), profiles.Any, true)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, o, Summary{Written: 1, Unchanged: 1})
	if rows := manifest(t, o.Dir); rows[1].Signed.SHA256 != a.SHA256 {
		t.Errorf("the manifest has %s, the portal %s", rows[1].Signed.SHA256, a.SHA256)
	}
}

func TestTheShelfHasOneProfileForEachPersonAndPlatform(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	_, other := newSigner(t, signing.ECDSAP256)
	shelf := new(plank)
	for _, settings := range []string{"", "[everyone]\nport = 443\n"} {
		for _, by := range []Signer{signer, other} {
			r := &Renderer{Generator: newGenerator(t, settings), Directory: snapshot(people(1)), Signer: by, Shelf: shelf}
			for _, platform := range []profiles.Platform{profiles.Any, profiles.IOS} {
				a, err := r.Calendar(t.Context(), person(0), platform, true)
				if err != nil || !bytes.Equal(shelf.all[shelfKey(a.Profile)].Bytes, a.Bytes) {
					t.Errorf("what was handed out is not on the shelf (%v)", err)
				}
			}
		}
	}
	if len(shelf.all) != 2 {
		t.Errorf("%d profiles are kept, want 2", len(shelf.all))
	}
}
