package web

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"calport/directory"
)

// Traces is what single people's clients and the calendar server say to each other, written down for some time while
// an administrator looks for a fault. The Object of a Deed is whose it is.
type Traces interface {
	// Running tells until when a person is traced; the zero time if that is not so. It is asked for every page.
	Running(owner string) time.Time
	// Traces lists all that run or are kept, newest first; or a person's only, if owner is not empty.
	Traces(ctx context.Context, owner string) ([]Trace, error)
	// StartTrace begins one, or changes the end of the one that runs.
	StartTrace(ctx context.Context, d Deed, ends time.Time) error
	// StopTrace ends one and keeps what there is.
	StopTrace(ctx context.Context, d Deed) error
	// DeleteTrace ends one and forgets it.
	DeleteTrace(ctx context.Context, d Deed) error
	// Exchanges lists what one has kept, newest first, older than the one of ID before if that is not 0.
	Exchanges(ctx context.Context, owner string, before int64, limit int) ([]Exchange, error)
	// EachExchange calls do for all of them, oldest first.
	EachExchange(ctx context.Context, owner string, do func(text []byte) error) error
}

// Trace is a person's protocol.
type Trace struct {
	Owner     string
	Maker     string // GUID of who switched it on
	Started   time.Time
	Ends      time.Time
	Exchanges int64 // requests that are kept, and
	Bytes     int64 // how long they are
}

// Running says whether it goes on at that time.
func (t Trace) Running(now time.Time) bool { return now.Before(t.Ends) }

// Exchange is a request with its answer, without credentials.
type Exchange struct {
	ID   int64
	Text string
}

const (
	tracesPath      = adminPath + "trace"
	tracePath       = tracesPath + "/of/{guid}"
	traceStopPath   = tracesPath + "/stop"
	traceDeletePath = tracesPath + "/delete"
	traceTextPath   = tracesPath + "/text"
)

// traceMinutes are the lengths that may be chosen, the first one by default; the last is the longest.
var traceMinutes = []int{30, 120, 480, 1440}

// tracesView lists traces.
type tracesView struct {
	Now     time.Time
	Rows    []shownTrace
	Lengths []length
	Who     string // typed, or come with the address
	Unknown bool   // nobody is called so
}

// length is a time for which a trace may run.
type length struct {
	Minutes int
	Words   phrase
}

// shownTrace is a trace with names.
type shownTrace struct {
	Trace
	Name, By string
	On       bool
}

// Words says what there is.
func (t shownTrace) Words() phrase {
	const layout = "2006-01-02 15:04"
	return say("Begun by %s at %s, until %s (UTC). %d requests, %d KB.",
		t.By, t.Started.UTC().Format(layout), t.Ends.UTC().Format(layout), t.Exchanges, (t.Bytes+1023)/1024)
}

func (s *site) traces(w http.ResponseWriter, r *http.Request) error {
	return s.showTraces(w, r, http.StatusOK, tracesView{Who: r.URL.Query().Get("person")})
}

func (s *site) showTraces(w http.ResponseWriter, r *http.Request, status int, view tracesView) error {
	all, err := s.o.Traces.Traces(r.Context(), "")
	if err != nil {
		return err
	}
	view.Now = s.o.Now()
	for _, m := range traceMinutes {
		view.Lengths = append(view.Lengths, length{m, waitWords(time.Duration(m) * time.Minute)})
	}
	for _, t := range all {
		view.Rows = append(view.Rows, s.shownTrace(r, t))
	}
	return s.render(w, r, status, "admin-traces", "Traces", view)
}

func (s *site) shownTrace(r *http.Request, t Trace) shownTrace {
	people := visitorOf(r.Context()).people
	return shownTrace{t, calledIn(people, t.Owner), calledIn(people, t.Maker), t.Running(s.o.Now())}
}

func traceAddress(owner string) string {
	return strings.Replace(tracePath, "{guid}", url.PathEscape(owner), 1)
}

func (s *site) startTrace(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	who := strings.TrimSpace(r.PostForm.Get("person"))
	p := visitorOf(r.Context()).people.ByGUID(idOf(visitorOf(r.Context()).people, who))
	if p == nil || p.Kind != directory.Individual {
		return s.showTraces(w, r, http.StatusUnprocessableEntity, tracesView{Who: who, Unknown: true})
	}
	minutes, err := strconv.Atoi(r.PostForm.Get("minutes"))
	if err != nil || !slices.Contains(traceMinutes, minutes) {
		minutes = traceMinutes[0]
	}
	ends := s.o.Now().Add(time.Duration(minutes) * time.Minute)
	if err := s.o.Traces.StartTrace(r.Context(), s.deed(r, "trace.start", ownerOf(p), strconv.Itoa(minutes)+" minutes"), ends); err != nil {
		return err
	}
	return redirect(w, traceAddress(ownerOf(p)))
}

// shownExchanges is how many exchanges a page shows: each may be long.
const shownExchanges = 10

// traceView is a person's trace.
type traceView struct {
	Now time.Time
	shownTrace
	Texts []Exchange
	Older string // address of older ones; empty: there are none
}

func (s *site) trace(w http.ResponseWriter, r *http.Request) error {
	owner := strings.ToLower(chi.URLParam(r, "guid"))
	all, err := s.o.Traces.Traces(r.Context(), owner)
	if err != nil {
		return err
	}
	if owner == "" || len(all) == 0 {
		return noSuchPath
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	texts, err := s.o.Traces.Exchanges(r.Context(), owner, before, shownExchanges+1)
	if err != nil {
		return err
	}
	view := traceView{Now: s.o.Now(), shownTrace: s.shownTrace(r, all[0]), Texts: texts}
	if len(texts) > shownExchanges {
		view.Texts = texts[:shownExchanges]
		view.Older = traceAddress(owner) + "?before=" + strconv.FormatInt(texts[shownExchanges-1].ID, 10)
	}
	return s.render(w, r, http.StatusOK, "admin-trace", "Trace", view)
}

// changeTrace makes a handler of what is done to the trace of the form's owner.
func changeTrace(action string, change func(Traces, context.Context, Deed) error, then func(owner string) string) handler {
	return func(s *site, w http.ResponseWriter, r *http.Request) error {
		if err := readForm(w, r); err != nil {
			return err
		}
		owner := r.PostForm.Get("owner")
		if all, err := s.o.Traces.Traces(r.Context(), owner); err != nil || owner == "" || len(all) == 0 {
			return cmp.Or(err, error(noSuchPath))
		}
		if err := change(s.o.Traces, r.Context(), s.deed(r, action, owner, "")); err != nil {
			return err
		}
		return redirect(w, then(owner))
	}
}

// traceText gives a person's trace to take away. It is personal, so that somebody takes it is a deed itself.
func (s *site) traceText(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	owner := r.PostForm.Get("owner")
	if all, err := s.o.Traces.Traces(r.Context(), owner); err != nil || owner == "" || len(all) == 0 {
		return cmp.Or(err, error(noSuchPath))
	}
	if err := s.o.Audit.Note(r.Context(), s.deed(r, "trace.download", owner, "")); err != nil {
		return err
	}
	name := owner
	if p := visitorOf(r.Context()).people.ByGUID(owner); p != nil {
		name = p.ShortName
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", attachment("trace-"+name+".txt"))
	h.Set("Cache-Control", "no-store")
	err := s.o.Traces.EachExchange(r.Context(), owner, func(text []byte) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		panic(http.ErrAbortHandler) // what has gone out must not look whole
	}
	_, err = io.WriteString(w, "==== end\n")
	return err
}
