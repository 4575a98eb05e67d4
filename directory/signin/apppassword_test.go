package signin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
)

// wallet is the app passwords of a test, as a store would have them.
type wallet struct {
	mu     sync.Mutex
	all    map[string]AppPassword
	asked  int
	broken error
}

func (w *wallet) FindAppPassword(_ context.Context, secret string) (AppPassword, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	p, found := w.all[secret]
	return p, found, w.broken
}

// put makes or changes a password.
func (w *wallet) put(secret string, p AppPassword) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[string]AppPassword)
	}
	w.all[secret] = p
}

// withWallet is a fixture where ada has an app password.
func withWallet(t testing.TB, o Options) (f *fixture, w *wallet, secret string, p AppPassword) {
	w = &wallet{}
	o.AppPasswords = w
	if o.Policy == NoAppPasswords {
		o.Policy = AppPasswordsOffered
	}
	f = newFixture(t, o)
	ada, err := f.live.Snapshot().ByLogin("ada")
	if err != nil {
		t.Fatal(err)
	}
	secret, p = NewAppPassword(), AppPassword{ID: 7, Owner: strings.ToUpper(ada.GUID)}
	w.put(secret, p)
	return f, w, secret, p
}

func TestAnAppPasswordOpensTheCalendarServerWithoutTheDirectory(t *testing.T) {
	f, _, secret, _ := withWallet(t, Options{})
	for _, typed := range []string{secret, strings.ToUpper(secret), secret[:4] + " " + secret[4:8] + "-" + secret[8:]} {
		f.expect(t, "ada@example.org", typed, nil, 0)
	}
	f.expect(t, "grace", secret, directory.ErrCredentials, 0)
	f.expect(t, "nobody", secret, directory.ErrCredentials, 0)
	f.expect(t, "ada", demo.Password, nil, 1)
	_, err := f.Check(t.Context(), Attempt{Login: "ada", Password: secret, From: school, For: Portal})
	if !errors.Is(err, directory.ErrCredentials) {
		t.Errorf("it opens the portal: got %v", err)
	}
}

func TestRevokingAnAppPasswordWorksAtOnce(t *testing.T) {
	f, w, secret, p := withWallet(t, Options{})
	f.expect(t, "ada", secret, nil, 0)
	p.Revoked = f.clock.now()
	w.put(secret, p) // whatever process does it
	f.expect(t, "ada", secret, ErrAppPasswordEnded, 0)
}

func TestAKnownAppPasswordIsNotHeldBackWhereOthersGuess(t *testing.T) {
	f, _, secret, _ := withWallet(t, Options{FailedNames: 3})
	f.expect(t, "ada", secret, nil, 0)
	for _, name := range []string{"grace", "ada", "nobody"} {
		f.expect(t, name, NewAppPassword(), directory.ErrCredentials, 0)
	}
	f.expectThrottled(t, "grace", NewAppPassword())
	f.expect(t, "ada", secret, nil, 0)
}

func TestAnAppPasswordEndsWithItsTime(t *testing.T) {
	f, w, secret, p := withWallet(t, Options{})
	p.Expires = f.clock.now().Add(time.Second)
	w.put(secret, p)
	f.expect(t, "ada", secret, nil, 0)
	f.clock.advance(time.Second)
	f.expect(t, "ada", secret, ErrAppPasswordEnded, 0)
}

func TestAnEndedAppPasswordNeverReachesTheDirectory(t *testing.T) {
	f, w, secret, p := withWallet(t, Options{FailedNames: 3})
	p.Revoked = f.clock.now()
	w.put(secret, p)
	for range lockOut * 3 {
		f.expect(t, "ada", secret, ErrAppPasswordEnded, 0)
		f.clock.advance(time.Minute)
	}
	off := newFixture(t, Options{})
	for range lockOut * 3 {
		off.expect(t, "ada", secret, directory.ErrCredentials, 0)
	}
	off.expect(t, "ada", demo.Password, nil, 1)
}

func TestGuessedAppPasswordsHoldTheAddressBack(t *testing.T) {
	f, w, secret, _ := withWallet(t, Options{FailedNames: 3})
	for _, name := range []string{"grace", "ada", "nobody"} {
		f.expect(t, name, NewAppPassword(), directory.ErrCredentials, 0)
	}
	asked := w.asked
	f.expectThrottled(t, "ada", NewAppPassword())
	if w.asked != asked {
		t.Error("a guess was looked up")
	}
	_, err := f.Check(t.Context(), Attempt{Login: "ada", Password: secret, From: netip.MustParseAddr("192.0.2.99"), For: DAV})
	if err != nil {
		t.Errorf("from elsewhere: got %v", err)
	}
}

func TestWhereAppPasswordsAreRequiredTheDirectorysIsNotTried(t *testing.T) {
	f, _, secret, _ := withWallet(t, Options{Policy: AppPasswordsRequired})
	f.expect(t, "ada", demo.Password, ErrAppPasswordNeeded, 0)
	f.expect(t, "ada", "wrong", ErrAppPasswordNeeded, 0)
	f.expect(t, "ada", secret, nil, 0)
	if _, err := f.Check(t.Context(), Attempt{Login: "ada", Password: demo.Password, From: school, For: Portal}); err != nil {
		t.Errorf("the portal: got %v", err)
	}
}

func TestAppPasswordsWorkWhileTheDirectoryIsDownButNotForThoseWhoAreLocked(t *testing.T) {
	f, _, secret, _ := withWallet(t, Options{})
	f.server.Close()
	f.expect(t, "ada", secret, nil, 0)
	locked := *must(f.live.Snapshot().ByLogin("ada"))
	locked.State = directory.Locked
	f.Checker.people = fixedPeople{directory.NewSnapshot([]*directory.Principal{&locked}, f.clock.now())}
	_, err := f.try("ada", secret)
	var account *directory.AccountError
	if !errors.As(err, &account) || account.State != directory.Locked {
		t.Errorf("got %v, want a locked account", err)
	}
}

func TestAStoreThatFailsIsNoWrongPassword(t *testing.T) {
	f, w, secret, _ := withWallet(t, Options{})
	w.broken = errors.New("disk full")
	if _, err := f.try("ada", secret); !errors.Is(err, w.broken) || errors.Is(err, directory.ErrCredentials) {
		t.Errorf("got %v", err)
	}
}

// fixedPeople is a snapshot that stays.
type fixedPeople struct{ s *directory.Snapshot }

func (p fixedPeople) Snapshot() *directory.Snapshot { return p.s }
func (fixedPeople) Include(*directory.Principal)    {}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestPoliciesHaveNames(t *testing.T) {
	for p := NoAppPasswords; p <= AppPasswordsRequired; p++ {
		if got, err := ParsePolicy(p.String()); got != p || err != nil {
			t.Errorf("%v: got %v, %v", p, got, err)
		}
	}
	if _, err := ParsePolicy("on"); err == nil {
		t.Error("an unknown policy was taken")
	}
}

func TestNoTwoAppPasswordsAreAlikeAndAllHaveTheForm(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		p := NewAppPassword()
		if form, ok := AppPasswordForm(p); !ok || form != p || seen[p] || len(p) != 28 {
			t.Fatalf("got %q, %v", form, ok)
		}
		seen[p] = true
	}
}

func FuzzAppPasswordForm(f *testing.F) {
	f.Add(NewAppPassword())
	f.Add(strings.Repeat("a", formLength))
	f.Add("ABCD-efgh ijkl")
	f.Fuzz(func(t *testing.T, password string) {
		secret, ok := AppPasswordForm(password)
		if !ok {
			return
		}
		if again, ok := AppPasswordForm(secret); !ok || again != secret || len(secret) != formLength {
			t.Errorf("%q is %q, which is %q, %v", password, secret, again, ok)
		}
	})
}

func TestAJournalTellsWhoFailedAndWhy(t *testing.T) {
	var kept []Use
	j := NewJournal(func(_ context.Context, uses []Use) error {
		kept = append(kept, uses...)
		return nil
	}, Options{}.withDefaults().Log)
	f, _, secret, _ := withWallet(t, Options{Journal: j, Policy: AppPasswordsRequired})
	try := func(password, client string) {
		f.Check(t.Context(), Attempt{Login: "ada", Password: password, From: school, Client: client, For: DAV})
	}
	try(demo.Password, "iOS/18.1\x00")
	try(demo.Password, "iOS/18.1\x00")
	try(secret, "macOS/15")
	f.Check(t.Context(), Attempt{Login: "nobody", Password: secret, For: DAV})
	f.Check(t.Context(), Attempt{Login: "ada", Password: demo.Password, For: Portal})
	j.Flush(t.Context())
	if len(kept) != 2 {
		t.Fatalf("got %+v", kept)
	}
	old, mac := kept[0], kept[1]
	if old.Client != "iOS/18.1" || old.Failures != 2 || old.Reason != "app-password-needed" || !old.Succeeded.IsZero() || old.FailedFrom != school {
		t.Errorf("got %+v", old)
	}
	if mac.AppPassword != 7 || mac.Failures != 0 || mac.Succeeded.IsZero() || mac.From != school {
		t.Errorf("got %+v", mac)
	}
	for range 20 {
		try(secret, "macOS/15")
	}
	j.Flush(t.Context())
	if len(kept) != 2 {
		t.Errorf("a client that goes on as before was written down again: %+v", kept[2:])
	}
	f.clock.advance(journalQuiet)
	try(secret, "macOS/15")
	j.Flush(t.Context())
	if len(kept) != 3 {
		t.Errorf("after %v: got %d lines, want 3", journalQuiet, len(kept))
	}
	try(secret[:27]+"!", "macOS/15") // a directory's password by its form
	try(secret, "macOS/15")
	j.Flush(t.Context())
	if len(kept) != 4 || kept[3].AppPassword != 0 {
		t.Errorf("got %+v", kept[3:])
	}
}

func TestAJournalIsBounded(t *testing.T) {
	count := 0
	j := NewJournal(func(_ context.Context, uses []Use) error {
		count += len(uses)
		for _, u := range uses {
			if len(u.Client) > maxClientName {
				t.Errorf("a client's name is %d bytes long", len(u.Client))
			}
		}
		return errors.New("not written")
	}, Options{}.withDefaults().Log)
	person := &directory.Principal{GUID: "x"}
	for i := range maxClients + 100 {
		j.note(person, 0, Attempt{Client: fmt.Sprint(i, strings.Repeat("é", 500))}, nil, time.Unix(int64(i), 0))
	}
	j.Flush(t.Context())
	if count == 0 || count > maxClients {
		t.Errorf("%d clients were kept", count)
	}
}

func BenchmarkCheckAppPassword(b *testing.B) {
	j := NewJournal(func(context.Context, []Use) error { return nil }, Options{}.withDefaults().Log)
	f, _, secret, _ := withWallet(b, Options{Journal: j})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Check(b.Context(), Attempt{Login: "ada", Password: secret, From: school, Client: "iOS/18.1 (22B83) dataaccessd/1.0", For: DAV}); err != nil {
			b.Fatal(err)
		}
	}
}
