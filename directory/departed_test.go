package directory

import (
	"slices"
	"testing"
	"time"
)

func TestWhoHasLeftSpeaksByTheOldAddresses(t *testing.T) {
	heir := &Principal{Kind: Individual, GUID: "new", ShortName: "ada", Mails: []string{"ada@example.com", "a@example.com", "newcomer@example.com"}}
	s := NewSnapshot([]*Principal{heir, {Kind: Individual, GUID: "grace", ShortName: "grace", Mails: []string{"grace@example.com"}}}, time.Time{})
	gone := &Principal{Kind: Individual, GUID: "old", ShortName: "ada", Mails: []string{"ADA@example.com", "a@example.com", "lovelace@example.com"}}
	with := s.With(gone)
	for address, want := range map[string]string{
		"ada@example.com": "old", "a@example.com": "old", "lovelace@example.com": "old", "newcomer@example.com": "new", "grace@example.com": "grace",
	} {
		if p := with.ByAddress("mailto:" + address); p == nil || p.GUID != want {
			t.Errorf("%s: got %v, want %s", address, p, want)
		}
	}
	if p := with.ByName(Individual, "ada"); p == nil || p.GUID != "new" {
		t.Errorf("the name leads to %v", p)
	}
	if p := with.ByGUID("OLD"); p == nil || p.State != Gone {
		t.Errorf("who has left: %v", p)
	}
	if p := s.ByAddress("mailto:ada@example.com"); p != heir || !slices.Contains(heir.Mails, "ada@example.com") || s.ByGUID("old") != nil {
		t.Error("the directory itself has changed")
	}
}
