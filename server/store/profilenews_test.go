package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// told lists news as "owner digest revision born".
func told(t *testing.T, s *Store, after int64, limit int) (lines []string, latest int64) {
	t.Helper()
	news, latest, err := s.ProfileNews(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range news {
		lines = append(lines, fmt.Sprintf("%s %s %q %d %d", n.Owner, n.Name, n.Digest, n.Revision, n.Born))
	}
	return lines, latest
}

func note(t *testing.T, s *Store, want int, found ...ProfileNews) {
	t.Helper()
	if changed, err := s.NoteProfiles(t.Context(), found); err != nil || changed != want {
		t.Fatalf("got %d, %v, want %d", changed, err, want)
	}
}

func TestProfileNewsTellEachPersonOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ada, bob := ProfileNews{Owner: "a", Name: "ada", Digest: "1"}, ProfileNews{Owner: "b", Name: "bob", Digest: "1"}
		note(t, s, 2, bob, ada)
		note(t, s, 0, ada, bob, ProfileNews{Owner: "c", Name: "carl"}) // never had one
		if got, latest := told(t, s, 0, 9); !slices.Equal(got, []string{`a ada "1" 1 1`, `b bob "1" 2 2`}) || latest != 2 {
			t.Errorf("got %q, %d", got, latest)
		}
		ada.Digest = "2"
		note(t, s, 1, ada, bob)
		if got, _ := told(t, s, 0, 9); !slices.Equal(got, []string{`b bob "1" 2 2`, `a ada "2" 3 1`}) {
			t.Errorf("got %q", got)
		}
		if got, latest := told(t, s, 2, 9); !slices.Equal(got, []string{`a ada "2" 3 1`}) || latest != 3 {
			t.Errorf("after 2: got %q, %d", got, latest)
		}
		note(t, s, 1, ProfileNews{Owner: "a"}) // gone, and nobody knows the name any more
		if known, err := s.ProfileDigests(t.Context()); err != nil || len(known) != 1 || known["b"] != "1" {
			t.Errorf("known are %v, %v", known, err)
		}
		note(t, s, 0, ProfileNews{Owner: "a"})
		note(t, s, 1, ada)
		if got, _ := told(t, s, 3, 9); !slices.Equal(got, []string{`a ada "2" 5 5`}) {
			t.Errorf("after her return: got %q", got)
		}
		if got, latest := told(t, s, 0, 1); len(got) != 1 || latest != 5 {
			t.Errorf("one at most: got %q, %d", got, latest)
		}
		if revision, err := s.ProfileRevision(t.Context()); err != nil || revision != 5 {
			t.Errorf("revision %d, %v", revision, err)
		}
	})
}

// Two processes that find the same make one news; none is lost, and no revision is skipped over by a reader.
func TestProfileNewsOfSeveralAtOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		const people, finders = 40, 4
		var wait sync.WaitGroup
		for range finders {
			wait.Go(func() {
				for i := range people {
					found := []ProfileNews{{Owner: fmt.Sprint(i), Name: "x", Digest: "1"}, {Owner: fmt.Sprint((i + 7) % people), Name: "x", Digest: "1"}}
					if _, err := s.NoteProfiles(t.Context(), found); err != nil {
						t.Error(err)
					}
				}
			})
		}
		seen, last := map[string]bool{}, int64(0)
		done := make(chan struct{})
		go func() { wait.Wait(); close(done) }()
		for ended := false; !ended; {
			select {
			case <-done:
				ended = true
			default:
			}
			news, _, err := s.ProfileNews(t.Context(), last, 5)
			if err != nil {
				t.Fatal(err)
			}
			for ended = ended && len(news) == 0; len(news) > 0; news = news[1:] {
				if seen[news[0].Owner] {
					t.Errorf("%s is told twice", news[0].Owner)
				}
				seen[news[0].Owner], last = true, news[0].Revision
			}
		}
		if len(seen) != people {
			t.Errorf("%d people were told of, want %d", len(seen), people)
		}
	})
}

// What came after a revision is found by it, not by reading everything.
func TestProfileNewsFollowTheirIndex(t *testing.T) {
	s := openTestSQLite(t)
	var id, parent, unused int
	var step string
	row := sqliteOf(s).db.QueryRow("EXPLAIN QUERY PLAN SELECT "+newsColumns+" FROM profile_news WHERE revision > $1 ORDER BY revision LIMIT $2", 1, 1)
	if err := row.Scan(&id, &parent, &unused, &step); err != nil || !strings.HasPrefix(step, "SEARCH") {
		t.Errorf("got %q, %v", step, err)
	}
}
