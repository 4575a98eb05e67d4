package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
)

// told is what the change feed tells after a revision, as "name" or "-name" for who has no profile any more.
func (h *house) told(t *testing.T, after int64) (names []string, latest int64) {
	t.Helper()
	news, latest, err := h.store.ProfileNews(t.Context(), after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range news {
		name := n.Name
		if n.Digest == "" {
			name = "-" + name
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, latest
}

// open opens the house as a command does, with the people read.
func (s *site) open(t *testing.T) *house {
	t.Helper()
	var log buffer
	p := &program{stdio: stdio{strings.NewReader(""), &log, &log, func(string) string { return "" }}, configFile: s.config, now: s.now}
	if p.now == nil {
		p.now = time.Now
	}
	c, err := p.loadConfig()
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.openHouse(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	if err := h.loadPeople(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestTheFeedTellsOfDirectoryAndSettings(t *testing.T) {
	s := newSite(t, "")
	h := s.open(t)
	desk := newNewsDesk(h)
	work := func() {
		t.Helper()
		if err := desk.work(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	work()
	everybody, before := h.told(t, 0)
	if len(everybody) != h.people.Snapshot().Count(directory.Individual) || before != int64(len(everybody)) {
		t.Fatalf("at the start %d are told, up to %d", len(everybody), before)
	}
	work()
	if names, _ := h.told(t, before); len(names) != 0 {
		t.Errorf("nothing has changed, and %q are told", names)
	}

	// The directory: who is renamed has another profile, who moves to another room has not.
	ada := *h.people.Snapshot().ByName(directory.Individual, "ada")
	ada.JobTitle = "Countess"
	h.people.Include(&ada)
	work()
	if names, _ := h.told(t, before); len(names) != 0 {
		t.Errorf("a job title is in no profile, and %q are told", names)
	}
	renamed := ada
	renamed.FullName = "Ada King"
	h.people.Include(&renamed)
	work()
	names, after := h.told(t, before)
	if !slices.Equal(names, []string{"ada"}) {
		t.Errorf("ada is renamed, and %q are told", names)
	}

	// Settings for one person, then for everybody.
	settings := func(text string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "settings.toml")
		write(t, file, text)
		if status, said := s.command(t, "settings", "import", file); status != 0 {
			t.Fatalf("settings import: %d %s", status, said)
		}
		work()
	}
	settings("[[person]]\nname = \"karen\"\ndeny = true\n")
	if names, after = h.told(t, after); !slices.Equal(names, []string{"-karen"}) {
		t.Errorf("karen is denied, and %q are told", names)
	}
	settings("[everyone]\ncontacts = true\n")
	if names, after = h.told(t, after); !slices.Equal(names, everybody) {
		t.Errorf("everybody has contacts now, and told are\n%q, want\n%q", names, everybody)
	}
	settings("[everyone]\ncontacts = true\n[[group]]\nname = \"engineering\"\n")
	if names, after = h.told(t, after); len(names) != 0 {
		t.Errorf("nothing comes out otherwise, and %q are told", names)
	}
	h.Close()

	// What has changed while nothing ran is told at the next start.
	edit(t, s.config, "[profiles]", "[access]\nprofile = [\"engineering\"]\n[profiles]")
	h = s.open(t)
	desk = newNewsDesk(h)
	work()
	engineers := h.people.Snapshot().Members(h.people.Snapshot().ByName(directory.Group, "engineering").GUID)
	gone := 0
	names, _ = h.told(t, after)
	for _, name := range names {
		if strings.HasPrefix(name, "-") {
			gone++
		}
	}
	if want := len(everybody) - len(engineers); gone != want {
		t.Errorf("%d are told to have no profile any more, want %d", gone, want)
	}
}
