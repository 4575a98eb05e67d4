package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A copy made while others write is one moment of the database: whatever of a transaction is in it, all of it is.
func TestCopyIsOneMoment(t *testing.T) {
	s := openTestSQLite(t)
	one, two := newHome(t, s, "one").Collection("calendar"), newHome(t, s, "two").Collection("calendar")
	both := func(i int) error {
		return s.Write(t.Context(), func(tx *Tx) error {
			for _, c := range []*Collection{one, two} {
				if _, _, err := tx.PutObject(c.ID, numberedEvent(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	const before = 300
	for i := range before {
		if err := both(i); err != nil {
			t.Fatal(err)
		}
	}
	begun, end := make(chan bool, 1), make(chan bool)
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := before; ; i++ {
			if err := both(i); err != nil {
				t.Error(err)
				return
			}
			select {
			case begun <- true:
			case <-end:
				return
			default:
			}
		}
	})
	<-begun
	to := filepath.Join(t.TempDir(), "copy ?#.db")
	var done, all int64
	err := CopySQLite(t.Context(), sqliteOf(s).path, to, func(d, a int64) { done, all = d, a })
	close(end)
	writer.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil || info.Size() != all || done != all || info.Mode().Perm() != 0o600 {
		t.Errorf("told %d of %d octets; the copy: %v, %v", done, all, info, err)
	}
	copied, err := Open(t.Context(), Options{Path: to})
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if n, m := len(listed(t, copied, one)), len(listed(t, copied, two)); n != m || n < before {
		t.Errorf("%d objects in one calendar, %d in the other, want as many, and %d at least", n, m, before)
	}
}

func TestCopyThatFailsLeavesNothing(t *testing.T) {
	s := openTestSQLite(t)
	filledCalendar(t, s, 1000)
	dir := t.TempDir()
	to := filepath.Join(dir, "copy.db")
	ctx, cancel := context.WithCancel(t.Context())
	err := CopySQLite(ctx, sqliteOf(s).path, to, func(_, _ int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := CopySQLite(t.Context(), filepath.Join(dir, "absent.db"), to, nil); !errors.Is(err, ErrUnwritable) {
		t.Errorf("of nothing: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := os.WriteFile(to, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CopySQLite(t.Context(), sqliteOf(s).path, to, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if text, err := os.ReadFile(to); fmt.Sprint(string(text), err) != "mine<nil>" {
		t.Errorf("the file: %q, %v", text, err)
	}
}
