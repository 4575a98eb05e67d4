package store

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// openWithClock opens a store whose time is *now.
func openWithClock(t *testing.T, now *time.Time) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "calport.db"), Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestValues(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if _, err := s.Value(ctx, "acme", "key"); err != ErrNotFound {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		if err := errors.Join(s.SetValue(ctx, "acme", "key", []byte("one")), s.SetValue(ctx, "acme", "key", []byte{0, 255}),
			s.SetValue(ctx, "acme", "empty", nil), s.SetValue(ctx, "other", "key", []byte("x"))); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Value(ctx, "acme", "key"); err != nil || string(v) != "\x00\xff" {
			t.Errorf("got %q, %v", v, err)
		}
		all, err := s.Values(ctx, "acme")
		if err != nil || len(all) != 2 || string(all["key"]) != "\x00\xff" || len(all["empty"]) != 0 {
			t.Errorf("got %v, %v", all, err)
		}
		if err := errors.Join(s.DeleteValue(ctx, "acme", "key"), s.DeleteValue(ctx, "acme", "key")); err != nil {
			t.Error(err)
		}
		if _, err := s.Value(ctx, "acme", "key"); err != ErrNotFound {
			t.Errorf("deleted: got %v, want ErrNotFound", err)
		}
	})
}

func TestValuesAreCountedByAPart(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		for key, value := range map[string]string{"a": "12 xx rest", "b": "34 xx other", "c": "56 yy", "d": ""} {
			if err := s.SetValue(t.Context(), "parts", key, []byte(value)); err != nil {
				t.Fatal(err)
			}
		}
		counts, err := s.CountValues(t.Context(), "parts", 3, 2)
		if want := map[string]int64{"xx": 2, "yy": 1, "": 1}; err != nil || !maps.Equal(counts, want) {
			t.Errorf("got %v, %v, want %v", counts, err, want)
		}
	})
}

func TestSessionsExpireAndAreStoredHashed(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	ctx := t.Context()
	if err := s.SaveSession(ctx, "secret", "ada", []byte("old"), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveSession(ctx, "secret", "ada", []byte("data"), now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if data, found, err := s.FindSession(ctx, "secret"); string(data) != "data" || !found || err != nil {
		t.Errorf("got %q, %v, %v", data, found, err)
	}
	s.Read(ctx, func(tx *Tx) error {
		var clear int
		err := tx.row("SELECT count(*) FROM session WHERE token_hash = $1", []any{"secret"}, &clear)
		if clear != 0 || err != nil {
			t.Errorf("the token is stored as it is: %d, %v", clear, err)
		}
		return nil
	})
	if err := s.SaveSession(ctx, "other", "grace", nil, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.CountSessions(ctx, "ada"); n != 1 || err != nil {
		t.Errorf("counted %d, %v, want 1", n, err)
	}
	if n, err := s.EndSessions(ctx, "grace"); n != 1 || err != nil {
		t.Errorf("ended %d, %v, want 1", n, err)
	}
	if _, found, err := s.FindSession(ctx, "other"); found || err != nil {
		t.Errorf("ended: got %v, %v", found, err)
	}
	now = now.Add(time.Hour)
	if n, err := s.CountSessions(ctx, "ada"); n != 0 || err != nil {
		t.Errorf("expired: counted %d, %v, want 0", n, err)
	}
	if _, found, err := s.FindSession(ctx, "secret"); found || err != nil {
		t.Errorf("expired: got %v, %v", found, err)
	}
	if n, err := s.PurgeSessions(ctx); n != 1 || err != nil {
		t.Errorf("purged %d, %v, want 1", n, err)
	}
	if err := errors.Join(s.SaveSession(ctx, "b", "ada", nil, now.Add(time.Hour)), s.DeleteSession(ctx, "b"), s.DeleteSession(ctx, "b")); err != nil {
		t.Error(err)
	}
	if _, found, _ := s.FindSession(ctx, "b"); found {
		t.Error("found a deleted session")
	}
}

func TestTokenLife(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	ctx := t.Context()
	hash := HashSecret("secret")
	made, err := s.CreateToken(ctx, Token{Name: "mdm", Owner: "ada", Hash: hash, Scopes: []string{"profiles:read", "x"}, Groups: []string{"g-1", "g-2"}, Expires: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateToken(ctx, Token{Hash: hash}); err != ErrExists {
		t.Errorf("same hash: got %v, want ErrExists", err)
	}
	now = now.Add(time.Minute)
	if err := s.TouchToken(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	got, err := s.TokenByHash(ctx, hash)
	if err != nil || got.Name != "mdm" || got.Owner != "ada" || !slices.Equal(got.Scopes, made.Scopes) || !slices.Equal(got.Groups, made.Groups) ||
		!got.Expires.Equal(made.Expires) || !got.LastUsed.Equal(now) || !got.Valid(now) || got.Valid(got.Expires) {
		t.Errorf("got %+v, %v", got, err)
	}
	revoked := now
	if err := s.RevokeToken(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if err := s.RevokeToken(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	all, err := s.Tokens(ctx)
	if err != nil || len(all) != 1 || !all[0].Revoked.Equal(revoked) || all[0].Valid(now) {
		t.Errorf("got %+v, %v", all, err)
	}
	if _, err := s.TokenByHash(ctx, HashSecret("other")); err != ErrNotFound {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if err := s.RevokeToken(ctx, 1); err != ErrNotFound {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestSettingsHaveRevisions(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		var first, second Setting
		mustWrite(t, s, func(tx *Tx) (err error) {
			first, err = tx.PutSetting(Setting{Scope: Everyone, Text: "a = 1"})
			if err != nil {
				return err
			}
			_, err = tx.PutSetting(Setting{Scope: OfGroup, Subject: "staff", Text: "a = 2", Priority: 7})
			return err
		})
		mustWrite(t, s, func(tx *Tx) (err error) {
			second, err = tx.PutSetting(Setting{Scope: Everyone, Text: "a = 3", Revision: first.Revision})
			return err
		})
		err := s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.PutSetting(Setting{Scope: Everyone, Text: "lost", Revision: first.Revision})
			return err
		})
		if err != ErrStale {
			t.Errorf("old revision: got %v, want ErrStale", err)
		}
		all, revision, err := s.Settings(t.Context())
		if err != nil || len(all) != 2 || all[0].Text != "a = 3" || all[1].Priority != 7 || revision != second.Revision {
			t.Errorf("got %+v, %d, %v", all, revision, err)
		}
		mustWrite(t, s, func(tx *Tx) error { return tx.DeleteSetting(OfGroup, "staff") })
		if _, after, _ := s.Settings(t.Context()); after <= revision {
			t.Errorf("a removal left the revision at %d", after)
		}
		err = s.Write(t.Context(), func(tx *Tx) error { return tx.DeleteSetting(OfGroup, "staff") })
		if err != ErrNotFound {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestAuditIsReadBackwardsPageByPage(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		for _, action := range []string{"one", "two", "three"} {
			mustWrite(t, s, func(tx *Tx) error {
				return tx.AppendAudit(AuditEntry{Actor: "ada", Action: action, Object: "o", Detail: "d", From: "::1"})
			})
		}
		page, err := s.Audit(t.Context(), AuditFilter{}, 2)
		if err != nil || len(page) != 2 || page[0].Action != "three" || page[1].Action != "two" || page[0].Actor != "ada" ||
			page[0].Object != "o" || page[0].Detail != "d" || page[0].From != "::1" {
			t.Fatalf("got %+v, %v", page, err)
		}
		page, err = s.Audit(t.Context(), AuditFilter{Before: page[1].ID}, 2)
		if err != nil || len(page) != 1 || page[0].Action != "one" {
			t.Errorf("got %+v, %v", page, err)
		}
	})
}

func TestEpochRisesAndStays(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	first := s.Epoch()
	if first != now.Unix() {
		t.Errorf("got %d, want the time of making %d", first, now.Unix())
	}
	second, err := s.RaiseEpoch(t.Context())
	if err != nil || second <= first || s.Epoch() != second {
		t.Errorf("got %d after %d, %v", second, first, err)
	}
	s.Close()
	if again := openAt(t, sqliteOf(s).path); again.Epoch() != second {
		t.Errorf("reopened: got %d, want %d", again.Epoch(), second)
	}
}
