package caldav

import (
	"path/filepath"
	"runtime"
	"testing"

	"calport/server/store"
)

// Every request asks who acts for whom: none waits while that is read anew from a store that does not answer.
func TestNobodyWaitsForTheDelegatesToBeRead(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "calport.db"), Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SetValue(t.Context(), store.Delegates, "ada", []byte(`{"Read":["grace"]}`)); err != nil {
		t.Fatal(err)
	}
	d := &delegations{store: s}
	if err := d.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	loaded := make(chan error, 1)
	err = s.Read(t.Context(), func(*store.Tx) error { // the only one at a time
		go func() { loaded <- d.load(t.Context()) }()
		for d.reading.TryLock() {
			d.reading.Unlock()
			runtime.Gosched()
		}
		if got := d.namedBy("ada").Read; len(got) != 1 || len(d.owners("grace")) != 1 {
			t.Errorf("while they are read, ada's are %v", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-loaded; err != nil {
		t.Error(err)
	}
}
