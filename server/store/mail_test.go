package store

import (
	"errors"
	"sync"
	"testing"
	"time"
)

func always(OutgoingMail) bool { return true }
func never(OutgoingMail) bool  { return false }

// queue has a message wait whose words are its data.
func queue(t *testing.T, s *Store, to, words string, due time.Time, superseded func(OutgoingMail) bool) {
	t.Helper()
	mustWrite(t, s, func(tx *Tx) error {
		if _, err := tx.MailTokenFor("ada", "uid-1", to); err != nil {
			return err
		}
		return tx.QueueMail(OutgoingMail{Owner: "ada", UID: "uid-1", Recipient: to, Method: "REQUEST", Whole: true, Data: []byte(words), Due: due}, superseded)
	})
}

// claim takes the next message, "" if there is none.
func claim(t *testing.T, s *Store) OutgoingMail {
	t.Helper()
	m, err := s.ClaimMail(t.Context(), time.Now().Add(time.Minute))
	if err != nil && !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	return m
}

func TestMailToOneRecipientGoesInOrderAndOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		past := time.Now().Add(-time.Minute)
		queue(t, s, "zoe@example.org", "first", past, never)
		queue(t, s, "zoe@example.org", "second", past, never)
		queue(t, s, "bob@example.org", "first", past, never)
		queue(t, s, "bob@example.org", "later", time.Now().Add(time.Hour), never)
		a, b := claim(t, s), claim(t, s)
		if string(a.Data) != "first" || string(b.Data) != "first" || a.Recipient == b.Recipient || a.Attempts != 1 || !a.Whole || a.UID != "uid-1" {
			t.Fatalf("got %+v and %+v, want the first of each", a, b)
		}
		if c := claim(t, s); c.ID != 0 {
			t.Fatalf("got %+v while what goes before is under way", c)
		}
		if b.Recipient == "zoe@example.org" {
			a, b = b, a
		}
		a.State = MailSent
		if err := s.EndMail(t.Context(), a, "one@example.com"); err != nil {
			t.Fatal(err)
		}
		if c := claim(t, s); string(c.Data) != "second" {
			t.Errorf("got %+v, want the second", c)
		}
		q, err := s.MailQueue(t.Context())
		if err != nil || q.Waiting != 3 || q.Oldest.After(time.Now()) || q.Oldest.Before(past) {
			t.Errorf("queue %+v %v", q, err)
		}
		mustWrite(t, s, func(tx *Tx) error {
			ended, err := tx.EndedMail()
			if err != nil || len(ended) != 1 || ended[0].ID != a.ID || ended[0].State != MailSent {
				t.Errorf("ended %+v %v", ended, err)
			}
			token, err := tx.MailTokenFor("ada", "uid-1", "zoe@example.org")
			if err != nil || token.Thread != "one@example.com" {
				t.Errorf("token %+v %v", token, err)
			}
			return err
		})
	})
}

func TestAMessageOvertakesWhatNobodyBegan(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		past, future := time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
		queue(t, s, "zoe@example.org", "first", past, always)
		queue(t, s, "zoe@example.org", "second", future, always)
		m := claim(t, s)
		if string(m.Data) != "second" {
			t.Fatalf("got %+v, want the second at the time of the first", m)
		}
		queue(t, s, "zoe@example.org", "third", past, always)
		if c := claim(t, s); c.ID != 0 {
			t.Errorf("got %+v, want to wait for the one under way", c)
		}
		m.State = MailGivenUp
		if err := s.EndMail(t.Context(), m, ""); err != nil {
			t.Fatal(err)
		}
		if c := claim(t, s); string(c.Data) != "third" {
			t.Errorf("got %+v, want the third", c)
		}
	})
}

func TestAClaimThatRanOutIsAnothers(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		queue(t, s, "zoe@example.org", "first", time.Now().Add(-time.Minute), never)
		lost, err := s.ClaimMail(t.Context(), time.Now().Add(-time.Second))
		if err != nil {
			t.Fatal(err)
		}
		again := claim(t, s)
		if again.ID != lost.ID || again.Attempts != 2 {
			t.Fatalf("got %+v, want the same message again", again)
		}
		lost.State = MailGivenUp
		if err := s.EndMail(t.Context(), lost, ""); err != nil {
			t.Fatal(err)
		}
		again.State, again.Due, again.Problem = MailWaits, time.Now().Add(-time.Second), "451 later"
		if err := s.EndMail(t.Context(), again, ""); err != nil {
			t.Fatal(err)
		}
		if q, err := s.MailQueue(t.Context()); err != nil || q.Waiting != 1 || q.Problem != "451 later" {
			t.Errorf("queue %+v %v", q, err)
		}
		if m := claim(t, s); m.Attempts != 3 {
			t.Errorf("got %+v", m)
		}
		if err := s.ReleaseMail(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m := claim(t, s); m.Attempts != 4 {
			t.Errorf("after the release got %+v", m)
		}
	})
}

func TestManyProcessesShareOneQueue(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		const messages, workers = 20, 4
		for i := range messages {
			queue(t, s, string(rune('a'+i))+"@example.org", "same words", time.Now().Add(-time.Minute), never)
		}
		var mu sync.Mutex
		taken := map[int64]int{}
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for {
					m, err := s.ClaimMail(t.Context(), time.Now().Add(time.Minute))
					mu.Lock()
					n := len(taken)
					if err == nil {
						taken[m.ID]++
					}
					mu.Unlock()
					if err != nil && (!errors.Is(err, ErrNotFound) || n == messages) {
						return
					}
				}
			})
		}
		all.Wait()
		for id, n := range taken {
			if n != 1 {
				t.Errorf("message %d was taken %d times", id, n)
			}
		}
		if len(taken) != messages {
			t.Errorf("%d messages were taken, want %d", len(taken), messages)
		}
	})
}

func TestMailTokensEndAndMailsAreReceivedOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		var token MailToken
		mustWrite(t, s, func(tx *Tx) (err error) {
			token, err = tx.MailTokenFor("ada", "uid-1", "zoe@example.org")
			return err
		})
		mustWrite(t, s, func(tx *Tx) error {
			again, err := tx.MailTokenFor("ada", "uid-1", "zoe@example.org")
			if err != nil || again.Token != token.Token {
				t.Errorf("got %+v %v, want the same token", again, err)
			}
			if got, err := tx.UseMailToken(token.Token, time.Now().Add(-time.Hour)); err != nil || got.Recipient != "zoe@example.org" {
				t.Errorf("got %+v %v", got, err)
			}
			for i, want := range []bool{true, false} {
				if first, err := tx.ReceiveMail("1/7"); err != nil || first != want {
					t.Errorf("time %d: first %v %v", i, first, err)
				}
			}
			return nil
		})
		mustWrite(t, s, func(tx *Tx) error {
			if _, err := tx.UseMailToken(token.Token, time.Now().Add(time.Hour)); !errors.Is(err, ErrNotFound) {
				t.Errorf("an old token: %v", err)
			}
			return nil
		})
		queue(t, s, "zoe@example.org", "kept", time.Now(), never)
		if err := s.PurgeMail(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, s, func(tx *Tx) error {
			if _, err := tx.UseMailToken(token.Token, time.Time{}); !errors.Is(err, ErrNotFound) {
				t.Errorf("a purged token: %v", err)
			}
			if first, err := tx.ReceiveMail("1/7"); err != nil || !first {
				t.Errorf("what is long past is remembered: %v", err)
			}
			waiting, err := tx.UnsentMail("ada", "uid-1", "zoe@example.org")
			if err != nil || len(waiting) != 1 || string(waiting[0].Data) != "kept" {
				t.Errorf("waiting %+v %v", waiting, err)
			}
			return nil
		})
	})
}
