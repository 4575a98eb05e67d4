package web

import (
	"encoding/json"
	"net/http"
	"time"
)

// HealthState is how good a fact is.
type HealthState string

// The states.
const (
	HealthGood    HealthState = "ok"
	HealthWarning HealthState = "warning" // somebody should look, soon
	HealthBad     HealthState = "failed"  // something does not work
	HealthNone    HealthState = ""        // it is neither good nor bad
)

// HealthFact is something that administrators want to know of a running server.
type HealthFact struct {
	Area  string // of HealthAreas
	Name  phrase
	State HealthState
	Value phrase
}

// English is what a fact is about and what it says, for commands and machines.
func (f HealthFact) English() (name, value string) {
	return inEnglish.word(f.Name), inEnglish.word(f.Value)
}

// MarshalJSON implements [json.Marshaler], in English.
func (f HealthFact) MarshalJSON() ([]byte, error) {
	name, value := f.English()
	return json.Marshal(struct {
		Area  string      `json:"area"`
		Name  string      `json:"name"`
		State HealthState `json:"state,omitempty"`
		Value string      `json:"value"`
	}{f.Area, name, f.State, value})
}

// HealthAreas are the headings, in their order.
var HealthAreas = []struct {
	Area  string
	Words english
}{
	{"server", "Server"}, {"directory", "Directory"}, {"store", "Database"}, {"queues", "Queues"}, {"certificates", "Certificates"},
	{"listeners", "Listeners"}, {"dns", "DNS"},
}

const healthPath = adminPath + "health"

// healthView is the page.
type healthView struct {
	Now   time.Time
	State HealthState // the worst of all
	Areas []healthArea
}

type healthArea struct {
	Area  string
	Words english
	Facts []HealthFact
}

// Mark is the class of a fact's state.
func (f HealthFact) Mark() string {
	switch f.State {
	case HealthGood:
		return "ok"
	case HealthBad:
		return "FAILED"
	}
	return ""
}

// Words say the state.
func (f HealthFact) Words() english {
	switch f.State {
	case HealthGood:
		return "good"
	case HealthWarning:
		return "look at this"
	case HealthBad:
		return "does not work"
	}
	return ""
}

// WorstHealth is the state of the worst fact.
func WorstHealth(facts []HealthFact) HealthState {
	worst := HealthGood
	for _, f := range facts {
		if f.State == HealthBad || f.State == HealthWarning && worst == HealthGood {
			worst = f.State
		}
	}
	return worst
}

func (s *site) health(w http.ResponseWriter, r *http.Request) error {
	facts := s.o.Health(r.Context())
	view := healthView{Now: s.o.Now(), State: WorstHealth(facts)}
	for _, a := range HealthAreas {
		area := healthArea{Area: a.Area, Words: a.Words}
		for _, f := range facts {
			if f.Area == a.Area {
				area.Facts = append(area.Facts, f)
			}
		}
		if len(area.Facts) > 0 {
			view.Areas = append(view.Areas, area)
		}
	}
	return s.render(w, r, http.StatusOK, "admin-health", "Health", view)
}
