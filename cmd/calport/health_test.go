package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"calport/directory/demo"
	"calport/web"
)

// spokenFact is a fact as machines read it.
type spokenFact struct {
	Area, Name, Value string
	State             web.HealthState
}

func TestHealthOfARunningServer(t *testing.T) {
	s := newSite(t, "[access]\nadmin = [\""+demo.AdminGroup+"\"]\n")
	in := s.serve(t)
	healthy := func() (int, map[string]spokenFact) {
		t.Helper()
		status, out, errs := in.calport(t, "health", "--json")
		var report struct{ Facts []spokenFact }
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatalf("%v in %q %s", err, out, errs)
		}
		facts := map[string]spokenFact{}
		for _, f := range report.Facts {
			facts[f.Area+" "+f.Name] = f
		}
		return status, facts
	}
	status, facts := healthy()
	for _, name := range []string{"directory server", "store database", "certificates signing", "certificates authority", "certificates TLS", "listeners " + s.https} {
		if facts[name].State != web.HealthGood {
			t.Errorf("%s: got %+v", name, facts[name])
		}
	}
	if status != 0 || !strings.HasPrefix(facts["store database"].Value, "SQLite") {
		t.Errorf("got status %d, %+v", status, facts)
	}
	visit := in.portalOf(t, demo.Admin)
	if status, body := visit("GET", "/portal/admin/health", nil); status != http.StatusOK || !strings.Contains(body, "listeners") || strings.Contains(body, "Something does not work") {
		t.Errorf("the page: got %d %s", status, body)
	}
	in.stop()
	s.directory.Close()
	status, facts = healthy()
	if status != exitFailed || facts["directory server"].State != web.HealthBad || facts["listeners "+s.https].State != web.HealthBad || facts["certificates TLS"].State != web.HealthBad {
		t.Errorf("when all is down: got status %d, %+v", status, facts)
	}
	if status, out, _ := in.calport(t, "health"); status != exitFailed || !strings.Contains(out, "failed") {
		t.Errorf("as text: got %d %s", status, out)
	}
}
