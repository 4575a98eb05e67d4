package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAppPasswordLife(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		make := func(owner, device, secret string) AppPassword {
			t.Helper()
			p, err := s.CreateAppPassword(ctx, AppPassword{Owner: owner, Device: device, Name: secret, Hash: HashSecret(secret), Expires: time.Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		valid := func(secret string) bool {
			t.Helper()
			p, err := s.AppPasswordByHash(ctx, HashSecret(secret))
			if err != nil {
				t.Fatal(err)
			}
			return p.Valid(time.Now())
		}
		first := make("ada", "phone", "one")
		make("ada", "phone", "two")
		make("ada", "mac", "three")
		make("ada", "", "four")
		make("ada", "", "five")
		make("grace", "phone", "six")
		for secret, want := range map[string]bool{"one": false, "two": true, "three": true, "four": true, "five": true, "six": true} {
			if got := valid(secret); got != want {
				t.Errorf("%s: valid %v, want %v", secret, got, want)
			}
		}
		all, err := s.AppPasswords(ctx, "ada")
		if err != nil || len(all) != 5 || all[0].Name != "five" || all[4].ID != first.ID || all[0].Expires.IsZero() {
			t.Fatalf("got %+v, %v", all, err)
		}
		if err := s.RevokeAppPassword(ctx, "grace", all[0].ID); err != ErrNotFound {
			t.Errorf("somebody else's: got %v, want ErrNotFound", err)
		}
		if err := errors.Join(s.RevokeAppPassword(ctx, "ada", all[0].ID), s.RevokeAppPassword(ctx, "ada", all[0].ID)); err != nil {
			t.Error(err)
		}
		if valid("five") || !valid("four") {
			t.Error("revoking one did not revoke that one alone")
		}
		if err := s.RevokeAppPasswords(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
		if valid("two") || valid("three") || valid("four") || !valid("six") {
			t.Error("revoking all did not revoke all of one person alone")
		}
		if _, err := s.AppPasswordByHash(ctx, HashSecret("none")); err != ErrNotFound {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestAppPasswordsAreBounded(t *testing.T) {
	s := openTestSQLite(t)
	for i := range maxAppPasswords {
		if _, err := s.CreateAppPassword(t.Context(), AppPassword{Owner: "ada", Hash: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.CreateAppPassword(t.Context(), AppPassword{Owner: "ada", Hash: "more"}); err != ErrTooMany {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	if _, err := s.CreateAppPassword(t.Context(), AppPassword{Owner: "grace", Hash: "more"}); err != nil {
		t.Error(err)
	}
}

func TestALinkIsUsedOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		expires := time.Now().Add(time.Hour)
		for _, secret := range []string{"old", "new"} {
			if _, err := s.CreateLink(ctx, Link{Owner: "ada", Hash: HashSecret(secret), Expires: expires}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.UseLink(ctx, HashSecret("old"), "::1", "x"); err != ErrSpent {
			t.Errorf("a link that a newer one has ended: got %v, want ErrSpent", err)
		}
		if _, err := s.UseLink(ctx, HashSecret("guessed"), "::1", "x"); err != ErrNotFound {
			t.Errorf("an unknown one: got %v, want ErrNotFound", err)
		}
		var won atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				l, err := s.UseLink(ctx, HashSecret("new"), "::1", "Safari")
				switch {
				case err == nil && l.Owner == "ada" && !l.Used.IsZero():
					won.Add(1)
				case err != ErrSpent:
					t.Errorf("got %+v, %v", l, err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d used the link, want 1", won.Load())
		}
		l, err := s.LinkByHash(ctx, HashSecret("new"))
		if err != nil || l.UsedFrom != "::1" || l.UsedClient != "Safari" || l.Used.IsZero() {
			t.Errorf("got %+v, %v", l, err)
		}
	})
}

func TestALinkEndsWithItsTime(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	if _, err := s.CreateLink(t.Context(), Link{Owner: "ada", Hash: "h", Expires: now.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if _, err := s.UseLink(t.Context(), "h", "", ""); err != ErrSpent {
		t.Errorf("got %v, want ErrSpent", err)
	}
}

func TestDownloadsAreOnePerDeviceAndBounded(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		for i := range maxDownloads + 5 {
			for _, profile := range []string{"old", "new"} {
				if err := s.NoteDownload(t.Context(), Download{Owner: "ada", Device: fmt.Sprint(i), Name: "iPhone", Platform: "ios", Profile: profile}); err != nil {
					t.Fatal(err)
				}
			}
		}
		all, err := s.Downloads(t.Context(), "ada")
		if err != nil || len(all) != maxDownloads || all[0].Device != fmt.Sprint(maxDownloads+4) || all[0].Profile != "new" || all[0].At.IsZero() {
			t.Errorf("got %d, the first %+v, %v", len(all), all[0], err)
		}
	})
}

func TestSignInsAreAddedUp(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p, err := s.CreateAppPassword(ctx, AppPassword{Owner: "ada", Hash: "h"})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
		note := func(n SignIn) {
			t.Helper()
			n.Owner = "ada"
			if err := s.NoteSignIns(ctx, []SignIn{n}); err != nil {
				t.Fatal(err)
			}
		}
		note(SignIn{Client: "iOS", AppPassword: p.ID, Succeeded: at, From: "192.0.2.1"})
		note(SignIn{Client: "iOS", AppPassword: p.ID, Failed: at.Add(time.Minute), FailedFrom: "192.0.2.2", Reason: "revoked", Failures: 2})
		note(SignIn{Client: "iOS", AppPassword: p.ID, Failed: at.Add(2 * time.Minute), FailedFrom: "192.0.2.3", Reason: "revoked", Failures: 3})
		note(SignIn{Client: "Mac", Failed: at, FailedFrom: "192.0.2.2", Reason: "wrong", Failures: 1})
		all, err := s.SignIns(ctx, "ada")
		if err != nil || len(all) != 2 {
			t.Fatalf("got %+v, %v", all, err)
		}
		want := SignIn{"ada", "iOS", p.ID, at, "192.0.2.1", at.Add(2 * time.Minute), "192.0.2.3", "revoked", 5}
		if all[0] != want {
			t.Errorf("got %+v, want %+v", all[0], want)
		}
		note(SignIn{Client: "iOS", AppPassword: p.ID, Succeeded: at.Add(time.Hour), From: "192.0.2.9"})
		all, _ = s.SignIns(ctx, "ada")
		if all[0].Failures != 0 || all[0].From != "192.0.2.9" || all[0].Reason != "revoked" {
			t.Errorf("after a success: got %+v", all[0])
		}
		used, err := s.AppPasswords(ctx, "ada")
		if err != nil || !used[0].LastUsed.Equal(at.Add(time.Hour)) || used[0].LastFrom != "192.0.2.9" || used[0].LastClient != "iOS" {
			t.Errorf("got %+v, %v", used, err)
		}
		for i := range maxSignIns + 5 {
			note(SignIn{Client: fmt.Sprint(i), Succeeded: at.Add(time.Duration(2+i) * time.Hour)})
		}
		if all, _ = s.SignIns(ctx, "ada"); len(all) != maxSignIns || all[0].Client != fmt.Sprint(maxSignIns+4) {
			t.Errorf("got %d, the first %+v", len(all), all[0])
		}
	})
}

func TestWhatPeopleNoLongerUseIsForgotten(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	ctx := t.Context()
	s.CreateLink(ctx, Link{Owner: "ada", Hash: "link", Expires: now})
	s.CreateAppPassword(ctx, AppPassword{Owner: "ada", Hash: "short", Expires: now.Add(time.Hour)})
	s.CreateAppPassword(ctx, AppPassword{Owner: "ada", Hash: "ever"})
	s.NoteSignIns(ctx, []SignIn{{Owner: "ada", Client: "x", Succeeded: now}})
	count := func() (links, passwords, signIns int) {
		t.Helper()
		if err := s.PurgePeople(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LinkByHash(ctx, "link"); err == nil {
			links = 1
		}
		p, _ := s.AppPasswords(ctx, "ada")
		n, _ := s.SignIns(ctx, "ada")
		return links, len(p), len(n)
	}
	for _, c := range []struct {
		after                     time.Duration
		links, passwords, signIns int
	}{{0, 1, 2, 1}, {keepLinks + time.Second, 0, 2, 1}, {keepSignIns + time.Second, 0, 2, 0}, {keepAppPasswords + 2*time.Hour, 0, 1, 0}} {
		start := now
		now = now.Add(c.after)
		if l, p, n := count(); l != c.links || p != c.passwords || n != c.signIns {
			t.Errorf("after %v: %d links, %d passwords, %d sign-ins; want %+v", c.after, l, p, n, c)
		}
		now = start
	}
}
