package store

import (
	"maps"
	"testing"
)

var (
	colour = PropertyName{"http://apple.com/ns/ical/", "calendar-color"}
	title  = PropertyName{"DAV:", "displayname"}
)

func set(viewer string, name PropertyName, value string) PropertyChange {
	return PropertyChange{PropertyKey: PropertyKey{viewer, name}, Value: value}
}

func TestPropertiesOfEveryTarget(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		o := put(t, s, c, event("a.ics", "1", "x"))
		for name, target := range map[string]Target{"home": OnHome(h), "collection": OnCollection(c),
			"object": OnObject(o), "principal": OnPrincipal("ada")} {
			save := func(changes ...PropertyChange) {
				mustWrite(t, s, func(tx *Tx) error { return tx.SaveProperties(target, changes) })
			}
			save(set("", colour, "<blue/>"), set("grace", colour, "<red/>"), set("", title, ""))
			save(set("", colour, "<green/>"), PropertyChange{PropertyKey: PropertyKey{"", title}, Remove: true},
				PropertyChange{PropertyKey: PropertyKey{"nobody", title}, Remove: true})
			want := Properties{{"", colour}: "<green/>", {"grace", colour}: "<red/>"}
			s.Read(t.Context(), func(tx *Tx) error {
				if got, err := tx.Properties(target); err != nil || !maps.Equal(got, want) {
					t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
				}
				return nil
			})
		}
		for _, cached := range []bool{true, false} {
			if !cached {
				s.homes.clear()
			}
			now, err := s.Home(t.Context(), "ada")
			if err != nil {
				t.Fatal(err)
			}
			want := Properties{{"", colour}: "<green/>", {"grace", colour}: "<red/>"}
			if !maps.Equal(now.Properties, want) || !maps.Equal(now.Collection("calendar").Properties, want) {
				t.Errorf("in the picture (cached %v): got %v and %v, want %v", cached,
					now.Properties, now.Collection("calendar").Properties, want)
			}
			if got := now.Collection("tasks").Properties; len(got) != 0 {
				t.Errorf("the neighbour has %v", got)
			}
		}
		if len(h.Properties) != 0 || len(c.Properties) != 0 {
			t.Error("a picture handed out has changed")
		}
	})
}

func TestOwnValueHidesEverybodys(t *testing.T) {
	p := Properties{{"", colour}: "all", {"ada", colour}: "own", {"", title}: "", {"grace", title}: "hers"}
	for _, test := range []struct {
		viewer string
		name   PropertyName
		want   string
	}{
		{"ada", colour, "own"}, {"grace", colour, "all"}, {"", colour, "all"}, {"ada", title, ""}, {"grace", title, "hers"},
	} {
		if got, ok := p.Get(test.viewer, test.name); got != test.want || !ok {
			t.Errorf("%s %v: got %q, %v, want %q", test.viewer, test.name, got, ok, test.want)
		}
		seen := maps.Collect(p.Seen(test.viewer))
		if len(seen) != 2 || seen[test.name] != test.want {
			t.Errorf("%s sees %v", test.viewer, seen)
		}
	}
	if _, ok := p.Get("ada", PropertyName{"DAV:", "owner"}); ok {
		t.Error("found what is not there")
	}
}

func TestPropertiesGoWithTheirObject(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		o := put(t, s, c, event("a.ics", "1", "x"))
		mustWrite(t, s, func(tx *Tx) error {
			if err := tx.SaveProperties(OnObject(o), []PropertyChange{set("", title, "x")}); err != nil {
				return err
			}
			return tx.DeleteObject(c.ID, "a.ics")
		})
		s.Read(t.Context(), func(tx *Tx) error {
			if all, err := tx.ObjectProperties(c.ID); err != nil || len(all) != 0 {
				t.Errorf("got %v, %v", all, err)
			}
			return nil
		})
	})
}
