package export

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"calport/profiles"
	"calport/signing"
)

func TestRenderedBytesAreTheExports(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	dir := t.TempDir()
	o := options(t, dir, people(1), signer)
	o.Format = Both
	mustRun(t, o, Summary{Written: 1})
	r := &Renderer{Generator: o.Generator, Directory: o.Directory, Signer: signer}
	a, err := r.Calendar(t.Context(), person(0), profiles.Any, false)
	if err != nil {
		t.Fatal(err)
	}
	e := manifest(t, dir)[0]
	want, err := os.ReadFile(filepath.Join(dir, e.Unsigned.Path))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes, want) || a.SHA256 != e.Unsigned.SHA256 || a.Signer != "" {
		t.Errorf("artefact %s differs from the export's %s", a.SHA256, e.Unsigned.SHA256)
	}
}

func TestSignedBytesStayTheSameWhileCached(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	_, other := newSigner(t, signing.ECDSAP256)
	r := &Renderer{Generator: newGenerator(t, ""), Directory: snapshot(people(1)), Signer: signer, Cache: NewCache(1 << 20)}
	var group sync.WaitGroup
	artefacts := make([]*Artefact, 8)
	for i := range artefacts {
		group.Go(func() {
			a, err := r.Calendar(t.Context(), person(0), profiles.Any, true)
			if err != nil {
				t.Error(err)
			}
			artefacts[i] = a
		})
	}
	group.Wait()
	for _, a := range artefacts {
		if a.SHA256 != artefacts[0].SHA256 || a.Signer != signer.Fingerprint() {
			t.Errorf("artefact %s by %s, want %s by %s", a.SHA256, a.Signer, artefacts[0].SHA256, signer.Fingerprint())
		}
	}
	r.Signer = other
	a, err := r.Calendar(t.Context(), person(0), profiles.Any, true)
	if err != nil || a.SHA256 == artefacts[0].SHA256 {
		t.Errorf("another signer gave the same bytes (%v)", err)
	}
}

func TestCacheForgetsTheLeastRecentlyUsed(t *testing.T) {
	c := NewCache(10)
	key := func(s string) cacheKey { return cacheKey{content: s} }
	c.add(key("a"), []byte("aaaa"))
	c.add(key("b"), []byte("bbbb"))
	c.get(key("a"))
	c.add(key("c"), []byte("cccc"))
	for name, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if got := c.get(key(name)) != nil; got != want {
			t.Errorf("%s remembered: %v, want %v", name, got, want)
		}
	}
	if got := c.add(key("a"), []byte("new")); string(got) != "aaaa" {
		t.Errorf("the second to add got %q, want what the first added", got)
	}
	c.add(key("huge"), make([]byte, 11))
	if c.get(key("huge")) != nil || c.now > 10 {
		t.Errorf("the cache holds %d bytes, want at most 10", c.now)
	}
	var none *Cache
	if got := none.add(key("a"), []byte("x")); string(got) != "x" || none.get(key("a")) != nil {
		t.Error("a nil cache remembered something")
	}
}

func TestSignedNeedsASigner(t *testing.T) {
	r := &Renderer{Generator: newGenerator(t, ""), Directory: snapshot(people(1))}
	if _, err := r.Calendar(t.Context(), person(0), profiles.Any, true); !errors.Is(err, errNoSigner) {
		t.Errorf("error %v, want %v", err, errNoSigner)
	}
	if _, err := Run(t.Context(), options(t, t.TempDir(), people(1), nil)); !errors.Is(err, errNoSigner) {
		t.Errorf("error %v, want %v", err, errNoSigner)
	}
}

func TestAProfileWithAPasswordIsRememberedNowhere(t *testing.T) {
	_, signer := newSigner(t, signing.ECDSAP256)
	r := &Renderer{Generator: newGenerator(t, ""), Directory: snapshot(people(1)), Signer: signer, Cache: NewCache(1 << 20)}
	a, err := r.CalendarWithPassword(t.Context(), person(0), profiles.IOS, "secretsecret", true)
	if err != nil || !bytes.Contains(a.Bytes, []byte("secretsecret")) || a.Signer != signer.Fingerprint() {
		t.Fatalf("got %+v, %v", a, err)
	}
	if r.Cache.now != 0 || r.Cache.recent.Len() != 0 {
		t.Errorf("the cache holds %d bytes", r.Cache.now)
	}
}
