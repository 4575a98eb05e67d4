package server

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// iCal of Mac OS X 10.5 and earlier has no implicit scheduling; it cannot work with this server. Its User-Agent is
// like "DAVKit/2.0 (10.5; wrbt) iCal 3.0".
var legacyAgent = regexp.MustCompile(`\biCal[ /]([0-9]+)`)

// hourly lets something be said once an hour. The zero value is ready.
type hourly struct {
	mu   sync.Mutex
	last time.Time
}

// due reports whether an hour has passed since it last was.
func (h *hourly) due(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.last.IsZero() && now.Sub(h.last) < time.Hour {
		return false
	}
	h.last = now
	return true
}

// warnOfLegacy says that such a client was met.
func (s *Server) warnOfLegacy(r *http.Request) {
	agent := r.UserAgent()
	if !strings.Contains(agent, "iCal") {
		return
	}
	m := legacyAgent.FindStringSubmatch(agent)
	if m == nil {
		return
	}
	if version, err := strconv.Atoi(m[1]); err != nil || version >= 4 || !s.legacy.due(s.o.Now()) {
		return
	}
	s.o.Log.WarnContext(r.Context(), "iCal of Mac OS X 10.5 or earlier is not supported: it does not know implicit scheduling; use 10.6 or later", "agent", agent)
}
