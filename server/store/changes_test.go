package store

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// log is what changed in a collection, in words.
func log(t testing.TB, s *Store, c *Collection, since int64, limit int) (lines []string) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *Tx) error {
		for ch, err := range tx.Changes(c.ID, since, limit, Tags) {
			if err != nil {
				return err
			}
			if ch.Deleted {
				ch.Name += " gone"
			}
			lines = append(lines, ch.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestLogTellsOfWhatCameAndWent(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		kept := put(t, s, c, event("kept", "1", "x"))
		put(t, s, c, event("brief", "2", "x"))
		remove := func(name string) {
			mustWrite(t, s, func(tx *Tx) error { return tx.DeleteObject(c.ID, name) })
		}
		remove("brief")
		if got, want := log(t, s, c, kept.Change, 0), []string{"brief gone"}; !slices.Equal(got, want) {
			t.Errorf("born and died since: got %v, want %v", got, want)
		}
		if got, want := log(t, s, c, kept.Change+1, 0), []string{"brief gone"}; !slices.Equal(got, want) {
			t.Errorf("died since: got %v, want %v", got, want)
		}
		// Who saw the first of that name must learn of the end of the second, too.
		put(t, s, c, event("brief", "3", "x"))
		remove("brief")
		if got, want := log(t, s, c, kept.Change+1, 0), []string{"brief gone"}; !slices.Equal(got, want) {
			t.Errorf("died twice: got %v, want %v", got, want)
		}
		if got, want := log(t, s, c, 0, 0), []string{"kept"}; !slices.Equal(got, want) {
			t.Errorf("from 0: got %v, want %v", got, want)
		}
		if got, want := log(t, s, c, 0, 10), []string{"kept"}; !slices.Equal(got, want) {
			t.Errorf("from 0 with a limit: got %v, want %v", got, want)
		}
	})
}

func TestLogOfEveryPart(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		first := put(t, s, c, event("a", "1", "one"))
		second := put(t, s, c, event("b", "2", "two"))
		mustWrite(t, s, func(tx *Tx) error { return tx.DeleteObject(c.ID, "a") })
		s.Read(t.Context(), func(tx *Tx) error {
			for part := Tags; part < parts; part++ {
				var got []ObjectChange
				for ch, err := range tx.Changes(c.ID, first.Change, 0, part) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, ch)
				}
				if len(got) != 2 || got[0].Name != "b" || got[0].ETag != second.ETag || got[0].Deleted || !got[1].Deleted || got[1].Name != "a" {
					t.Fatalf("part %d: got %+v", part, got)
				}
				if (got[0].UID == "2") != (part&Facts != 0) || (string(got[0].Data) == "two") != (part&Data != 0) {
					t.Errorf("part %d: got %+v", part, got[0])
				}
			}
			return nil
		})
	})
}

// follower is a client that knows a collection by its log alone.
type follower struct {
	known map[string]string // ETag by name
	at    int64
	limit int
}

// sync reads the log page by page to its end.
func (f *follower) sync(t *rapid.T, s *Store, tx *Tx, c *Collection) {
	for pages := 0; ; pages++ {
		rows, last := 0, f.at
		for ch, err := range tx.Changes(c.ID, f.at, f.limit, Tags) {
			if err != nil {
				t.Fatal(err)
			}
			rows++
			if f.limit > 0 && ch.Change <= last {
				t.Fatalf("number %d after %d", ch.Change, last)
			}
			last = max(last, ch.Change)
			if ch.Deleted {
				delete(f.known, ch.Name)
			} else {
				f.known[ch.Name] = ch.ETag
			}
		}
		if f.limit == 0 || rows < f.limit {
			break
		}
		f.at = last
	}
	f.at = c.Change
}

// TestFollowersOfTheLogEndWithTheSameState makes any changes and lets clients with and without limits follow at any
// moment: what they know is what there is.
func TestFollowersOfTheLogEndWithTheSameState(t *testing.T) {
	s := openTestSQLite(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		owner := fmt.Sprint(run)
		h := newHome(t, s, owner)
		collections := []int64{h.Collection("calendar").ID, h.Collection("tasks").ID, h.Collection("inbox").ID}
		model := map[int64]map[string]string{} // ETag by collection and name
		uids := map[string]string{}            // of objects in calendars: where by UID
		followers := map[int64][]*follower{}
		for _, id := range collections {
			model[id] = map[string]string{}
			for _, limit := range []int{0, 1, 3} {
				followers[id] = append(followers[id], &follower{known: map[string]string{}, limit: limit})
			}
		}
		collection := rapid.SampledFrom(collections)
		name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		isCalendar := func(id int64) bool { return id != collections[2] }
		at := func(id int64, name string) string { return fmt.Sprintf("%d/%s", id, name) }
		uidOf := map[string]string{}
		forget := func(id int64, name string) {
			if uid := uidOf[at(id, name)]; isCalendar(id) && uids[uid] == at(id, name) {
				delete(uids, uid)
			}
			delete(uidOf, at(id, name))
			delete(model[id], name)
		}
		remember := func(id int64, name, uid, etag string) {
			forget(id, name)
			model[id][name], uidOf[at(id, name)] = etag, uid
			if isCalendar(id) {
				uids[uid] = at(id, name)
			}
		}
		write := func(change func(*Tx) error) error { return s.Write(t.Context(), change) }
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				id, n := collection.Draw(rt, "collection"), name.Draw(rt, "name")
				uid, data := fmt.Sprint(rapid.IntRange(1, 6).Draw(rt, "uid")), rapid.StringN(0, 3, -1).Draw(rt, "data")
				holder, taken := uids[uid]
				conflict := isCalendar(id) && taken && holder != at(id, n)
				err := write(func(tx *Tx) error {
					_, _, err := tx.PutObject(id, event(n, uid, data))
					return err
				})
				if (err != nil) != conflict {
					rt.Fatalf("conflict %v, got %v", conflict, err)
				}
				if err == nil {
					remember(id, n, uid, hashData([]byte(data)))
				}
			},
			"delete": func(rt *rapid.T) {
				id, n := collection.Draw(rt, "collection"), name.Draw(rt, "name")
				_, there := model[id][n]
				err := write(func(tx *Tx) error { return tx.DeleteObject(id, n) })
				if (err == nil) != there {
					rt.Fatalf("there %v, got %v", there, err)
				}
				forget(id, n)
			},
			"move": func(rt *rapid.T) {
				from, n := collection.Draw(rt, "from"), name.Draw(rt, "name")
				to, new := collection.Draw(rt, "to"), name.Draw(rt, "new")
				etag, there := model[from][n]
				uid := uidOf[at(from, n)]
				holder, taken := uids[uid]
				conflict := isCalendar(to) && taken && holder != at(from, n) && holder != at(to, new)
				err := write(func(tx *Tx) error {
					_, _, err := tx.MoveObject(from, n, to, new)
					return err
				})
				if (err == nil) != (there && !conflict) {
					rt.Fatalf("there %v, conflict %v, got %v", there, conflict, err)
				}
				if err == nil && at(from, n) != at(to, new) {
					forget(from, n)
					remember(to, new, uid, etag)
				}
			},
			"rename the collection": func(rt *rapid.T) {
				id := collection.Draw(rt, "collection")
				err := write(func(tx *Tx) error {
					_, err := tx.RenameCollection(id, rapid.StringMatching("[a-z]{9}").Draw(rt, "name"))
					return err
				})
				if err != nil {
					rt.Fatal(err)
				}
			},
			"follow": func(rt *rapid.T) {
				id := collection.Draw(rt, "collection")
				f := rapid.SampledFrom(followers[id]).Draw(rt, "follower")
				err := s.Read(t.Context(), func(tx *Tx) error {
					h, err := tx.Home(owner)
					if err != nil {
						return err
					}
					f.sync(rt, s, tx, h.CollectionByID(id))
					return nil
				})
				if err != nil {
					rt.Fatal(err)
				}
				if !maps.Equal(f.known, model[id]) {
					rt.Fatalf("limit %d: knows %v, there is %v", f.limit, f.known, model[id])
				}
			},
		})
	})
}
