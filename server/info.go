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

// outermost gives the request its id, sees through proxies, catches panics and writes the access log.
func (s *Server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.o.Now()
		in := &info{server: s, id: rand.Text()[:12], client: s.clientOf(r), operation: r.Method}
		rec := &recorder{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, in))
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				s.o.Log.ErrorContext(r.Context(), "panic", "id", in.id, "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					http.Error(rec, "Internal error "+in.id, http.StatusInternalServerError)
				}
			}
			s.access(r, in, rec, s.o.Now().Sub(start))
		}()
		next.ServeHTTP(rec, r)
	})
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
