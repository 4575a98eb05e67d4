package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
	"calport/server/store"
	"calport/signing"
)

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: path, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestTheShelfOutlivesTheProcessAndTheFirstStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calport.db")
	first := openStore(t, path)
	ada := export.Kept{Key: "ada any", Content: "c1", Signer: "s1", Bytes: []byte("first\nof ada")}
	if _, err := (shelf{first}).Keep(t.Context(), []export.Kept{ada, {Key: "zoë any", Content: "c1", Signer: "s1", Bytes: []byte("zoë")}}); err != nil {
		t.Fatal(err)
	}
	first.Close()

	s := shelf{openStore(t, path)}
	found, err := s.Find(t.Context(), []string{"ada any", "nobody any"})
	if err != nil || len(found) != 1 || !found["ada any"].Of("c1", "s1") || string(found["ada any"].Bytes) != "first\nof ada" {
		t.Fatalf("got %v, %v", found, err)
	}
	again := export.Kept{Key: "ada any", Content: "c1", Signer: "s1", Bytes: []byte("second")}
	other := export.Kept{Key: "zoë any", Content: "c2", Signer: "s1", Bytes: []byte("changed")}
	now, err := s.Keep(t.Context(), []export.Kept{other, again})
	if err != nil || string(now[0].Bytes) != "changed" || string(now[1].Bytes) != "first\nof ada" {
		t.Errorf("got %v, %v; want the changed one and the first of the same", now, err)
	}
	if all, err := s.store.Values(t.Context(), shelfBucket); err != nil || len(all) != 2 {
		t.Errorf("%d profiles are kept (%v), want 2", len(all), err)
	}
}

// BenchmarkExportToShelf measures a full export of 10,000 people whose signed profiles go onto the shelf, and the next.
func BenchmarkExportToShelf(b *testing.B) {
	const n = 10_000
	people := make([]*directory.Principal, n)
	for i := range people {
		people[i] = &directory.Principal{
			Kind: directory.Individual, GUID: fmt.Sprintf("%08x-0000-4000-8000-%012x", i*7919, i), ShortName: fmt.Sprintf("user%05d", i), FullName: fmt.Sprint("Person ", i),
		}
	}
	generator, err := profiles.NewGenerator(profiles.ServerConfig{Host: "calendar.example.com", Port: 8443, Prefix: "com.example.calport"}, &profiles.Document{})
	if err != nil {
		b.Fatal(err)
	}
	authority, err := signing.NewAuthority(signing.AuthorityConfig{Name: "Test", Key: signing.ECDSAP256}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	snapshot := directory.NewSnapshot(slices.Clone(people), time.Time{})
	for i := 0; b.Loop(); i++ {
		dir := b.TempDir()
		o := export.Options{Dir: filepath.Join(dir, "out"), Everyone: true, People: slices.Values(people), Directory: snapshot,
			Generator: generator, Signer: authority.Signer(), Shelf: shelf{openStore(b, filepath.Join(dir, "calport.db"))}}
		start := time.Now()
		if s, err := export.Run(b.Context(), o); err != nil || s.Written != n {
			b.Fatal(s, err)
		}
		full := time.Since(start)
		if s, err := export.Run(b.Context(), o); err != nil || s.Unchanged != n {
			b.Fatal(s, err)
		}
		b.ReportMetric(full.Seconds(), "s/full")
		b.ReportMetric((time.Since(start) - full).Seconds(), "s/unchanged")
	}
}
