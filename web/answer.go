package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// problem is what a client is told when it does not get what it asked for: a person as a page, a machine as
// application/problem+json (RFC 9457). Any other error is logged and opaque.
type problem struct {
	Status     int
	Title      english       // a heading
	Detail     english       // what is wrong, and what to do about it
	Args       []any         // of Detail
	Reason     string        // a stable word for machines
	RetryAfter time.Duration // zero: not said
	Header     http.Header   // further headers; may be nil
}

func (p *problem) Error() string { return p.Reason + ": " + p.Said().String() }

// Said is what is wrong, to be worded in a language.
func (p *problem) Said() phrase { return say(p.Detail, p.Args...) }

// answer is the one function that turns an error into a response.
func (s *site) answer(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problemOf(r, err)
	h := w.Header()
	maps.Copy(h, p.Header)
	if p.RetryAfter > 0 {
		h.Set("Retry-After", retryAfter(p.RetryAfter))
	}
	h.Set("Cache-Control", "no-store")
	if isMachine(r.URL.Path) {
		s.answerMachine(w, r, p)
		return
	}
	view := problemView{problem: p, RequestID: s.o.RequestID(r.Context())}
	if err := s.render(w, r, p.Status, "problem", p.Title, view); err != nil {
		s.o.Log.ErrorContext(r.Context(), "a page could not be made", "err", err)
		http.Error(w, string(p.Title)+"\n\n"+p.Said().String(), p.Status)
	}
}

type problemView struct {
	*problem
	RequestID string
}

// problemOf is the problem that an error is, or stands for.
func (s *site) problemOf(r *http.Request, err error) *problem {
	var p *problem
	var tooLarge *http.MaxBytesError
	var store interface{ Unavailable() bool } // as what keeps sessions and calendars says of itself
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &tooLarge):
		return &problem{Status: http.StatusRequestEntityTooLarge, Title: "That was too much", Reason: "too-large", Detail: "The form that was sent is larger than any that this site has."}
	case errors.Is(err, context.Canceled):
		return &problem{Status: http.StatusServiceUnavailable, Title: "Interrupted", Reason: "interrupted", Detail: "The request ended before its answer was ready. Please try again."}
	case errors.As(err, &store) && store.Unavailable():
		s.o.Log.WarnContext(r.Context(), "the database cannot be asked", slog.String("id", s.o.RequestID(r.Context())), slog.String("path", r.URL.Path), slog.Any("err", err))
		return &problem{Status: http.StatusServiceUnavailable, RetryAfter: 30 * time.Second, Title: "Please come back in a minute", Reason: "unavailable",
			Detail: "What is stored here cannot be reached at the moment. Nothing is lost; try again in a minute."}
	}
	s.o.Log.ErrorContext(r.Context(), "request failed", slog.String("id", s.o.RequestID(r.Context())), slog.String("path", r.URL.Path), slog.Any("err", err))
	return &problem{
		Status: http.StatusInternalServerError, Title: "Something went wrong here", Reason: "internal",
		Detail: "It is not your fault, and it has been written to the log of the server. Please try again in a while, or tell your administrator.",
	}
}

// answerMachine writes a problem as RFC 9457 section 3 says. Its type is about:blank, which stands for the status;
// what happened in particular is told by reason.
func (s *site) answerMachine(w http.ResponseWriter, r *http.Request, p *problem) {
	body, err := json.Marshal(apiProblem{"about:blank", http.StatusText(p.Status), p.Status, p.Said().String(), p.Reason, s.o.RequestID(r.Context())})
	if err != nil {
		http.Error(w, p.Said().String(), p.Status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	w.Write(body)
}

// retryAfter is whole seconds, rounded up (RFC 9110 section 10.2.3).
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
