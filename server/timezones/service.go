// Package timezones is a time zone data distribution service: RFC 7808. It tells clients of calendars, which may leave
// time zone definitions out of their data (RFC 7809), what the zones of the IANA database are.
//
// The definitions are computed from the database that the program runs on: the machine's, or else the one that is
// compiled in. zones.txt says which names there are, and which of them mean the same. Leap seconds, which no calendar
// needs, are not told. Nobody needs to sign in: all of it is public.
//
// Invariants: an answer depends on the request and the database alone, so that its entity tag says all; every error is
// one of the table of RFC 7808 section 10.3, as problem details in JSON.
package timezones

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Service answers below one path. It is safe for concurrent use.
type Service struct {
	prefix  string
	since   time.Time // when it began to serve this data
	list    func() listing
	actions []action // the table; a row cannot refer to the table that it stands in
}

// New makes the service below a path such as "/stdtimezones". Definitions reach as far as the rules of the present, now.
func New(prefix string, now time.Time) *Service {
	s := &Service{prefix: strings.TrimSuffix(prefix, "/"), since: now.UTC().Truncate(time.Second), actions: actions}
	s.list = sync.OnceValue(s.makeList)
	return s
}

// action is a row of the table of what can be asked (RFC 7808 section 5).
type action struct {
	name       string
	template   string   // of the URL, below the service's path (RFC 6570)
	path       []string // the same, to be matched: "*" is a time zone
	parameters []parameter
	run        func(*Service, *call) error
}

type parameter struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Multi    bool   `json:"multi"`
}

// actions is everything that can be asked. What is a list and what is a search says the pattern.
var actions = []action{
	{name: "capabilities", template: "/capabilities", path: []string{"capabilities"}, run: (*Service).capabilities},
	{name: "list", template: "/zones{?changedsince}", path: []string{"zones"}, run: (*Service).zones,
		parameters: []parameter{{Name: "changedsince"}}},
	{name: "get", template: "/zones{/tzid}{?start,end}", path: []string{"zones", "*"}, run: (*Service).get,
		parameters: []parameter{{Name: "start"}, {Name: "end"}}},
	{name: "expand", template: "/zones{/tzid}/observances{?start,end}", path: []string{"zones", "*", "observances"}, run: (*Service).expand,
		parameters: []parameter{{Name: "start", Required: true}, {Name: "end", Required: true}}},
	{name: "find", template: "/zones{?pattern}", path: []string{"zones"}, run: (*Service).zones,
		parameters: []parameter{{Name: "pattern", Required: true}}},

	// The form of the drafts, which Apple's server has and its clients know.
	{path: []string{"observances", "*"}, run: (*Service).expand, parameters: []parameter{{Name: "start", Required: true}, {Name: "end", Required: true}}},
}

// call is one request.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	query url.Values
	tzid  string
}

// ServeHTTP finds the action and runs it.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD are answered here.", http.StatusMethodNotAllowed)
		return
	}
	if err := s.serve(w, r); err != nil {
		writeProblem(w, err)
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) error {
	c := &call{w: w, r: r}
	var err error
	if c.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return problem("invalid-action", "The query cannot be read.")
	}
	rest := strings.Trim(strings.TrimPrefix(r.URL.EscapedPath(), s.prefix), "/")
	for i := range s.actions {
		if tzid, ok := s.actions[i].matches(rest); ok {
			c.tzid = tzid
			return s.actions[i].run(s, c)
		}
	}
	return problem("invalid-action", "There is no such action; "+s.prefix+"/capabilities lists them.")
}

// matches compares an escaped path, in which a time zone is one segment.
func (a *action) matches(path string) (tzid string, ok bool) {
	segments := strings.Split(path, "/")
	if len(segments) != len(a.path) {
		return "", false
	}
	for i, want := range a.path {
		if want == "*" {
			if tzid, _ = url.PathUnescape(segments[i]); tzid == "" {
				return "", false
			}
		} else if segments[i] != want {
			return "", false
		}
	}
	return tzid, true
}

// one is the value of a parameter that may be given once, "" if it is not given.
func (c *call) one(name string) (string, error) {
	switch values := c.query[name]; len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", problem("invalid-"+name, "The parameter "+name+" is there more than once.")
}

// moment reads a parameter that is a time (RFC 3339), zero if it is not given.
func (c *call) moment(name string) (time.Time, error) {
	text, err := c.one(name)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	t, err := time.Parse("2006-01-02T15:04:05Z", text)
	if err != nil || t.Year() < earliest || t.Year() > latest {
		return time.Time{}, problem("invalid-"+name, "It must be a time in UTC such as 2026-01-01T00:00:00Z, from 1800 to 2200.")
	}
	return t, nil
}

// The years in which times are answered: outside, there is nothing to know.
const earliest, latest = 1800, 2200

// json answers with a value, or that the client has it already.
func (c *call) json(etag string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	c.write(etag, "application/json", data)
	return nil
}

func (c *call) write(etag, media string, data []byte) {
	h := c.w.Header()
	h.Set("ETag", `"`+etag+`"`)
	h.Set("Cache-Control", "max-age=3600")
	if strings.Contains(c.r.Header.Get("If-None-Match"), `"`+etag+`"`) {
		c.w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", media)
	c.w.Write(data)
}

// Problem is an error that a client is told (RFC 7808 section 4.1.7).
type Problem struct {
	Type   string `json:"type"`
	Code   string `json:"error-code"` // the same in the form of the drafts
	Title  string `json:"title"`
	Status int    `json:"status"`
}

func (p *Problem) Error() string { return p.Title }

// problem is 400, or what the table has for the code.
func problem(code, title string) *Problem {
	status := statuses[code]
	if status == 0 {
		status = http.StatusBadRequest
	}
	return &Problem{Type: "urn:ietf:params:tzdist:error:" + code, Code: code, Title: title, Status: status}
}

// statuses of errors that are no bad requests (RFC 7808 section 10.3).
var statuses = map[string]int{
	"tzid-not-found":     http.StatusNotFound,
	"unsupported-format": http.StatusNotAcceptable,
}

func writeProblem(w http.ResponseWriter, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Type: "about:blank", Title: "Internal error", Status: http.StatusInternalServerError}
	}
	data, err := json.Marshal(p)
	if err != nil {
		data = nil
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(data)
}
