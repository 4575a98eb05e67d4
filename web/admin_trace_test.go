package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/server/store"
)

// storeTraces joins the store as package cmd does.
type storeTraces struct{ *store.Store }

func (s storeTraces) Running(owner string) time.Time {
	running, err := s.RunningTraces(context.Background())
	if err != nil {
		panic(err)
	}
	return running[owner]
}

func (s storeTraces) Traces(ctx context.Context, owner string) (list []Trace, err error) {
	all, err := s.Store.Traces(ctx, owner)
	for _, t := range all {
		list = append(list, Trace(t))
	}
	return list, err
}

func (s storeTraces) change(ctx context.Context, d Deed, do func(*store.Tx) error) error {
	if err := s.Write(ctx, do); err != nil {
		return err
	}
	return storeAudit(s).Note(ctx, d)
}

func (s storeTraces) StartTrace(ctx context.Context, d Deed, ends time.Time) error {
	return s.change(ctx, d, func(tx *store.Tx) error { return tx.StartTrace(d.Object, d.Actor, ends) })
}

func (s storeTraces) StopTrace(ctx context.Context, d Deed) error {
	return s.change(ctx, d, func(tx *store.Tx) error { return tx.StopTrace(d.Object) })
}

func (s storeTraces) DeleteTrace(ctx context.Context, d Deed) error {
	return s.change(ctx, d, func(tx *store.Tx) error { return tx.DeleteTrace(d.Object) })
}

func (s storeTraces) Exchanges(ctx context.Context, owner string, before int64, limit int) (list []Exchange, err error) {
	all, err := s.Store.Exchanges(ctx, owner, before, limit)
	for _, e := range all {
		list = append(list, Exchange(e))
	}
	return list, err
}

func TestATraceIsSwitchedOnReadAndForgotten(t *testing.T) {
	h := build(t, plan{})
	owner := ownerOf(h.person(t, "ada"))
	b, ada := h.browser(t).signIn(demo.Admin), h.browser(t).signIn("ada")
	const notice = "is being written down"
	ada.get(homePath).wants(t, http.StatusOK).silent(t, notice)
	b.post(tracesPath, url.Values{"person": {"nobody"}}).wants(t, http.StatusUnprocessableEntity).says(t, "Nobody in the directory is called nobody.", `value="nobody"`)
	b.post(tracesPath, url.Values{"person": {"ada"}, "minutes": {"9999999"}}).wants(t, http.StatusSeeOther).header(t, "Location", traceAddress(owner))
	if e := h.audited(t, "trace.start"); e.Object != owner || e.Detail != "30 minutes" {
		t.Errorf("got %+v", e)
	}
	ada.get(homePath).wants(t, http.StatusOK).says(t, notice)
	b.get(homePath).wants(t, http.StatusOK).silent(t, notice)
	for i := range shownExchanges + 1 {
		if err := h.store.AppendTrace(t.Context(), owner, []byte("==== <exchange> "+string(rune('a'+i))+"\n"), 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	page := b.get(traceAddress(owner)).wants(t, http.StatusOK).says(t, "&lt;exchange&gt; k", "11 requests", "Older", "running").silent(t, "&lt;exchange&gt; a")
	_, rest, _ := strings.Cut(page.body, "?before=")
	before, _, _ := strings.Cut(rest, `"`)
	b.get(traceAddress(owner)+"?before="+before).wants(t, http.StatusOK).says(t, "&lt;exchange&gt; a").silent(t, "&lt;exchange&gt; b", "Older")
	form := url.Values{"owner": {owner}}
	b.post(traceTextPath, form).wants(t, http.StatusOK).header(t, "Content-Type", "text/plain; charset=utf-8").
		header(t, "Content-Disposition", attachment("trace-ada.txt")).says(t, "==== <exchange> a\n==== <exchange> b", "==== end")
	h.audited(t, "trace.download")
	b.post(traceStopPath, form).wants(t, http.StatusSeeOther)
	h.audited(t, "trace.stop")
	ada.get(homePath).wants(t, http.StatusOK).silent(t, notice)
	b.get(tracesPath).wants(t, http.StatusOK).says(t, nameOf(h.person(t, "ada")), "ended")
	b.post(traceDeletePath, form).wants(t, http.StatusSeeOther).header(t, "Location", tracesPath)
	h.audited(t, "trace.delete")
	b.get(traceAddress(owner)).wants(t, http.StatusNotFound)
	for _, path := range []string{traceStopPath, traceDeletePath, traceTextPath} {
		b.post(path, form).wants(t, http.StatusNotFound)
		b.post(path, nil).wants(t, http.StatusNotFound)
	}
	h.audited(t, "trace.delete")
}

func TestATraceLastsAsLongAsWasChosen(t *testing.T) {
	h := build(t, plan{})
	owner := ownerOf(h.person(t, "ada"))
	h.browser(t).signIn(demo.Admin).post(tracesPath, url.Values{"person": {"ada"}, "minutes": {"1440"}}).wants(t, http.StatusSeeOther)
	if got, want := (storeTraces{h.store}).Running(owner), h.clock.now().Add(24*time.Hour); got.Sub(want).Abs() > time.Second {
		t.Errorf("until %s, want %s", got, want)
	}
}
