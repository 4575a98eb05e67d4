package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestManyWhoLeaveMustBeConfirmed(t *testing.T) {
	s := newSite(t, "")
	ask := func(args ...string) (int, string) {
		t.Helper()
		var out bytes.Buffer
		status := run(t.Context(), append([]string{"--config", s.config, "directory"}, args...), stdio{strings.NewReader(""), &out, &out, os.Getenv})
		return status, out.String()
	}
	if status, out := ask(); status != 0 || !strings.Contains(out, "30 people") {
		t.Fatalf("at first: %d %s", status, out)
	}
	edit(t, s.config, "[profiles]", "[directory.people]\nfilter = \"(uid=a*)\"\n[profiles]")
	status, out := ask()
	if status != 1 || !strings.Contains(out, "calport directory --confirm") {
		t.Errorf("when most have gone: got %d %s, want 1 and the way to confirm", status, out)
	}
	if status, out = ask("--confirm"); status != 0 || strings.Contains(out, "30 people") {
		t.Errorf("confirming: %d %s", status, out)
	}
	if status, out = ask(); status != 0 || strings.Contains(out, "30 people") {
		t.Errorf("afterwards: %d %s", status, out)
	}
}

// Half a reading must not reach an export, which prunes, nor the copy that the server starts from.
func TestAnExportIsProtectedFromHalfAReading(t *testing.T) {
	s := newSite(t, "")
	out := filepath.Join(t.TempDir(), "profiles")
	export := func() (int, string) {
		t.Helper()
		var errs bytes.Buffer
		status := run(t.Context(), []string{"--config", s.config, "export", "--all", "--prune", "--out", out}, stdio{strings.NewReader(""), &errs, &errs, os.Getenv})
		return status, errs.String()
	}
	if status, said := export(); status != 0 || !strings.Contains(said, "30 written") {
		t.Fatalf("at first: %d %s", status, said)
	}
	edit(t, s.config, "[profiles]", "[directory.people]\nfilter = \"(uid=a*)\"\n[profiles]")
	for range 2 {
		if status, said := export(); status != 0 || !strings.Contains(said, "30 unchanged") || !strings.Contains(said, "confirm") {
			t.Errorf("when most are missing: %d %s", status, said)
		}
	}
}

func TestARunningServerTakesUpAConfirmedLoss(t *testing.T) {
	s := newSite(t, "")
	c, err := checkConfig(s.config)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{stdio: stdio{strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}, os.Getenv}, now: time.Now}
	h, err := p.openHouse(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.people.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	edit(t, s.config, "[profiles]", "[directory.people]\nfilter = \"(uid=a*)\"\n[profiles]")
	if c, err = checkConfig(s.config); err != nil {
		t.Fatal(err)
	}
	later, err := p.openHouse(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer later.Close()
	if err := later.people.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := later.people.Refresh(t.Context()); err == nil {
		t.Fatal("the loss was applied at once")
	}
	if err := later.takeConfirmation(t.Context()); err != nil || later.people.Health().Refused == nil {
		t.Fatalf("without a confirmation: %v, %v", err, later.people.Health().Refused)
	}
	if err := h.store.SetValue(t.Context(), snapshotBucket, confirmedKey, nil); err != nil {
		t.Fatal(err)
	}
	if err := later.takeConfirmation(t.Context()); err != nil || later.people.Health().Refused != nil {
		t.Errorf("with one: %v, %v", err, later.people.Health().Refused)
	}
}
