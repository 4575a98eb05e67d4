package main

import (
	"encoding/csv"
	"strings"
	"testing"
)

func TestTheRecordIsShownOnTheCommandLine(t *testing.T) {
	s := newSite(t, "[records]\naudit_days = 30\n")
	in := s.serve(t)
	in.dir = s.dir
	for _, name := range []string{"one", "two"} {
		if status, _, errs := in.calport(t, "token", "create", name); status != 0 {
			t.Fatalf("token create: %d %s", status, errs)
		}
	}
	status, out, errs := in.calport(t, "audit", "--action", "token", "--limit", "1")
	if status != 0 || !strings.Contains(out, "command line  token.create  two  scopes list read") || strings.Contains(out, "one") {
		t.Errorf("got %d %q %s", status, out, errs)
	}
	status, out, errs = in.calport(t, "audit", "--object", "one", "--format", "csv", "--limit", "0")
	if rows, err := csv.NewReader(strings.NewReader(out)).ReadAll(); status != 0 || err != nil || len(rows) != 2 || rows[1][4] != "one" {
		t.Errorf("got %d %q %s", status, out, errs)
	}
	for _, wrong := range [][]string{{"--since", "yesterday"}, {"--format", "xml"}} {
		if status, _, errs := in.calport(t, append([]string{"audit"}, wrong...)...); status != exitUsage || errs == "" {
			t.Errorf("%v: got %d %q", wrong, status, errs)
		}
	}
}
