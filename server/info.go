package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// info is what the outermost handler and the inner ones tell each other about one request. It is written by the
// request's own goroutine only.
type info struct {
	server    *Server
	id        string
	client    client
	principal string
	operation string // such as REPORT(CalDAV:calendar-multiget)
}

type infoKey struct{}

func infoOf(ctx context.Context) *info {
	if i, ok := ctx.Value(infoKey{}).(*info); ok {
		return i
	}
	return &info{}
}

// RequestID is the name under which the log knows this request.
func RequestID(ctx context.Context) string { return infoOf(ctx).id }

// SetOperation names what the request turned out to be, for the access log: "PUT(Organizer)".
func SetOperation(ctx context.Context, operation string) { infoOf(ctx).operation = operation }

// outermost gives the request its id, sees through proxies, bounds slow bodies, catches panics and writes the access
// log. An answer that breaks off in the middle breaks the connection off too, so that the client sees that it is not
// whole.
func (s *Server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.o.Now()
		in := &info{server: s, id: rand.Text()[:12], client: s.clientOf(r), operation: method(r)}
		rec := &recorder{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, in))
		watchBody(w, r)
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				s.o.Log.ErrorContext(r.Context(), "panic", "id", in.id, "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					http.Error(rec, "Internal error "+in.id, http.StatusInternalServerError)
					p = nil
				}
			}
			s.access(r, in, rec, s.o.Now().Sub(start))
			if p != nil {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// method is the request's method if it is one that somebody here might answer. It becomes a label of the metrics, and
// a stranger must not make new ones.
func method(r *http.Request) string {
	switch r.Method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "PROPPATCH", "MKCALENDAR", "MKCOL", "COPY", "MOVE", "REPORT", "ACL", "LOCK", "UNLOCK":
		return r.Method
	}
	return "other"
}

// access writes one line for each request, with the fields of Apple's extended access log where they apply.
func (s *Server) access(r *http.Request, in *info, rec *recorder, took time.Duration) {
	if s.o.Observe != nil {
		s.o.Observe(in.operation, rec.status, took)
	}
	if !s.o.Log.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	s.o.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("id", in.id), slog.String("op", in.operation), slog.String("path", r.URL.Path),
		slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes), slog.Float64("t", float64(took.Microseconds())/1000),
		slog.String("who", in.principal), slog.String("from", in.client.addr.String()), slog.String("agent", r.UserAgent()))
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection (flushing, deadlines).
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
