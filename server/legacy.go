package server

import (
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// iCal of Mac OS X 10.5 and earlier has no implicit scheduling; it cannot work with this server. Its User-Agent is
// like "DAVKit/2.0 (10.5; wrbt) iCal 3.0" (reference section 2.1).
var legacyAgent = regexp.MustCompile(`\biCal[ /]([0-9]+)`)

// legacyWatch says once an hour that such a client was met.
type legacyWatch struct {
	mu   sync.Mutex
	last time.Time
}

func (l *legacyWatch) look(r *http.Request, log *slog.Logger, now time.Time) {
	agent := r.UserAgent()
	if !strings.Contains(agent, "iCal") {
		return
	}
	m := legacyAgent.FindStringSubmatch(agent)
	if m == nil {
		return
	}
	if version, err := strconv.Atoi(m[1]); err != nil || version >= 4 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() && now.Sub(l.last) < time.Hour {
		return
	}
	l.last = now
	log.WarnContext(r.Context(), "iCal of Mac OS X 10.5 or earlier is not supported: it does not know implicit scheduling; use 10.6 or later", "agent", agent)
}
