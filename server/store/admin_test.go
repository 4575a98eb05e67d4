package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAuditIsFiltered(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		for _, e := range []AuditEntry{
			{Actor: "ada", Action: "token.create", Object: "mdm"}, {Actor: "grace", Action: "token.revoke", Object: "mdm"},
			{Actor: "ada", Action: "tokens", Object: "x"}, {Actor: "ada", Action: "token", Object: "x"},
		} {
			if err := s.AppendAudit(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		all, err := s.Audit(ctx, AuditFilter{}, 9)
		if err != nil || len(all) != 4 {
			t.Fatalf("got %v, %v", all, err)
		}
		for _, c := range []struct {
			f    AuditFilter
			want string
		}{
			{AuditFilter{Action: "token"}, "token token.revoke token.create"},
			{AuditFilter{Action: "token.create"}, "token.create"},
			{AuditFilter{Actor: "ada", Action: "token"}, "token token.create"},
			{AuditFilter{Object: "mdm"}, "token.revoke token.create"},
			{AuditFilter{Until: all[3].Time}, ""},
			{AuditFilter{Since: all[3].Time, Before: all[2].ID}, "token.create"},
			{AuditFilter{Since: all[0].Time.Add(time.Second)}, ""},
		} {
			lines, err := s.Audit(ctx, c.f, 9)
			var got []string
			for _, l := range lines {
				got = append(got, l.Action)
			}
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%+v: got %v, %v, want %s", c.f, got, err, c.want)
			}
		}
		if n, err := s.PurgeAudit(ctx, all[0].Time.Add(time.Second)); n != 4 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}

func TestAuditIsReadToItsEnd(t *testing.T) {
	s := openTestSQLite(t)
	const lines = auditPage + 5
	mustWrite(t, s, func(tx *Tx) error {
		for i := range lines {
			if err := tx.AppendAudit(AuditEntry{Action: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	next := lines
	err := s.EachAudit(t.Context(), AuditFilter{}, func(e AuditEntry) error {
		if next--; e.Action != fmt.Sprint(next) {
			t.Fatalf("got %s, want %d", e.Action, next)
		}
		return nil
	})
	if err != nil || next != 0 {
		t.Errorf("%d are missing, %v", next, err)
	}
}

func TestLettersAreSentOnceAndSupersede(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		enrol := func(owners ...string) (e Enrolment) {
			t.Helper()
			var letters []Letter
			for _, o := range owners {
				letters = append(letters, Letter{Owner: o, Address: o + "@example.org"})
			}
			mustWrite(t, s, func(tx *Tx) (err error) {
				e, err = tx.CreateEnrolment(Enrolment{Maker: "admin", Whom: "all", ByMail: true, Valid: time.Hour}, letters, nil)
				return err
			})
			return e
		}
		first := enrol("ada", "grace")
		second := enrol("grace")
		seen := map[string]int64{}
		for {
			l, e, err := s.TakeLetter(ctx, time.Hour)
			if err == ErrNotFound {
				break
			}
			if err != nil || e.ID != l.Enrolment || e.Valid != time.Hour || !e.ByMail || l.Tries != 1 || l.Address != l.Owner+"@example.org" {
				t.Fatalf("got %+v of %+v, %v", l, e, err)
			}
			seen[l.Owner] = l.Enrolment
			if _, err := s.LinkLetter(ctx, l, HashSecret(l.Owner), e.Valid); err != nil {
				t.Fatal(err)
			}
			if err := s.FinishLetter(ctx, l, LetterDone, "", time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != 2 || seen["ada"] != first.ID || seen["grace"] != second.ID {
			t.Errorf("got %v; each person gets the newest letter only", seen)
		}
		if _, err := s.UseLink(ctx, HashSecret("ada"), "::1", "x"); err != nil {
			t.Fatal(err)
		}
		all, err := s.Enrolments(ctx, 0, 9)
		if err != nil || len(all) != 2 || all[1].Done != 1 || all[1].Stopped != 1 || all[1].Used != 1 || all[0].Done != 1 || all[0].Used != 0 {
			t.Errorf("got %+v, %v", all, err)
		}
		letters, err := s.Letters(ctx, first.ID, "", "", 9)
		if err != nil || len(letters) != 2 || letters[0].Owner != "ada" || letters[0].Used.IsZero() || letters[1].State != LetterStopped {
			t.Errorf("got %+v, %v", letters, err)
		}
		if letters, err := s.Letters(ctx, 0, "grace", "", 9); err != nil || len(letters) != 2 || letters[0].Enrolment != second.ID {
			t.Errorf("of grace: got %+v, %v", letters, err)
		}
		mustWrite(t, s, func(tx *Tx) error {
			if n, err := tx.EndLinks(second.ID); n != 1 || err != nil {
				t.Errorf("ended %d, %v", n, err)
			}
			return nil
		})
		if _, err := s.UseLink(ctx, HashSecret("grace"), "::1", "x"); err != ErrSpent {
			t.Errorf("an ended link: got %v", err)
		}
	})
}

func TestFailedLettersAreTriedAgain(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	ctx := t.Context()
	var e Enrolment
	mustWrite(t, s, func(tx *Tx) (err error) {
		e, err = tx.CreateEnrolment(Enrolment{ByMail: true}, []Letter{{Owner: "ada"}}, nil)
		return err
	})
	take := func() Letter {
		t.Helper()
		l, _, err := s.TakeLetter(ctx, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	take()
	if _, _, err := s.TakeLetter(ctx, time.Minute); err != ErrNotFound {
		t.Errorf("taken twice: %v", err)
	}
	now = now.Add(time.Minute) // whoever took it has died
	l := take()
	if err := s.FinishLetter(ctx, l, LetterWaiting, "busy", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.TakeLetter(ctx, time.Minute); err != ErrNotFound {
		t.Errorf("before it is due: %v", err)
	}
	now = now.Add(time.Hour)
	if l = take(); l.Tries != 3 || l.Problem != "busy" {
		t.Errorf("got %+v", l)
	}
	if err := s.FinishLetter(ctx, l, LetterFailed, "no such mailbox", time.Time{}); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, func(tx *Tx) error {
		if n, err := tx.MoveLetters(e.ID, LetterFailed, LetterWaiting); n != 1 || err != nil {
			t.Errorf("moved %d, %v", n, err)
		}
		return nil
	})
	if l = take(); l.Tries != 1 {
		t.Errorf("again: got %+v", l)
	}
	mustWrite(t, s, func(tx *Tx) error {
		_, err := tx.MoveLetters(e.ID, LetterWaiting, LetterStopped)
		return err
	})
	if err := s.FinishLetter(ctx, l, LetterWaiting, "busy", now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.TakeLetter(ctx, time.Minute); err != ErrNotFound {
		t.Errorf("a stopped letter waits again: %v", err)
	}
}

func TestAListOfLinksIsDoneAtOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if _, err := s.CreateLink(ctx, Link{Owner: "ada", Hash: "own", Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		for _, hash := range []string{"one", "two"} {
			mustWrite(t, s, func(tx *Tx) error {
				_, err := tx.CreateEnrolment(Enrolment{Valid: time.Hour}, []Letter{{Owner: "ada"}}, map[string]string{"ada": hash})
				return err
			})
		}
		if _, err := s.UseLink(ctx, "one", "", ""); err != ErrSpent {
			t.Errorf("the older link: got %v, want ErrSpent", err)
		}
		for _, hash := range []string{"two", "own"} { // a link that the person makes is of another kind
			if _, err := s.UseLink(ctx, hash, "", ""); err != nil {
				t.Errorf("%s: %v", hash, err)
			}
		}
	})
}

func TestATraceIsARing(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		kept := func() (all []string) {
			t.Helper()
			err := s.EachExchange(ctx, "ada", func(b []byte) error {
				all = append(all, string(b))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		add := func(content string) {
			t.Helper()
			if err := s.AppendTrace(ctx, "ada", []byte(content), 10); err != nil {
				t.Fatal(err)
			}
		}
		add("before")
		mustWrite(t, s, func(tx *Tx) error { return tx.StartTrace("ada", "admin", time.Now().Add(time.Hour)) })
		for _, c := range []string{"aaaa", "bbbb", "cccc", "dd"} {
			add(c)
		}
		if got := kept(); !slices.Equal(got, []string{"bbbb", "cccc", "dd"}) {
			t.Errorf("got %q", got)
		}
		last, err := s.Exchanges(ctx, "ada", 0, 2)
		if err != nil || len(last) != 2 || last[0].Text != "dd" || last[1].Text != "cccc" {
			t.Errorf("got %v, %v", last, err)
		}
		if last, err = s.Exchanges(ctx, "ada", last[1].ID, 2); err != nil || len(last) != 1 || last[0].Text != "bbbb" {
			t.Errorf("got %v, %v", last, err)
		}
		all, err := s.Traces(ctx, "ada")
		if err != nil || len(all) != 1 || all[0].Exchanges != 3 || all[0].Bytes != 10 || all[0].Maker != "admin" || !all[0].Running(time.Now()) {
			t.Errorf("got %+v, %v", all, err)
		}
		if running, err := s.RunningTraces(ctx); err != nil || len(running) != 1 || !running["ada"].Equal(all[0].Ends) {
			t.Errorf("got %v, %v", running, err)
		}
		mustWrite(t, s, func(tx *Tx) error { return tx.StopTrace("ada") })
		add("after")
		if got := kept(); len(got) != 3 {
			t.Errorf("after its end: got %q", got)
		}
		mustWrite(t, s, func(tx *Tx) error { return tx.StartTrace("ada", "admin", time.Now().Add(time.Hour)) })
		if got := kept(); len(got) != 0 {
			t.Errorf("begun anew: got %q", got)
		}
		add("new")
		mustWrite(t, s, func(tx *Tx) error { return tx.StopTrace("ada") })
		if err := s.PurgeTraces(ctx, time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Traces(ctx, ""); err != nil || len(all) != 0 || len(kept()) != 0 {
			t.Errorf("purged: got %+v, %v", all, err)
		}
	})
}

func TestStatusTellsEngineAndSize(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		mustWrite(t, s, func(tx *Tx) error {
			_, err := tx.CreateEnrolment(Enrolment{ByMail: true}, []Letter{{Owner: "ada"}, {Owner: "grace", State: LetterFailed}}, nil)
			return err
		})
		got, err := s.Status(t.Context())
		if err != nil || !strings.HasSuffix(t.Name(), got.Engine) || got.Bytes < 4096 || got.Epoch != s.Epoch() || got.LettersWaiting != 1 || got.LettersFailed != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
