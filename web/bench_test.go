package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
)

// ask runs one request after another against a handler, and wants a status.
func ask(b *testing.B, h http.Handler, status int, r *http.Request) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != status {
			b.Fatalf("got status %d, want %d", w.Code, status)
		}
	}
}

// BenchmarkHome is the home page of a person with a session in the store.
func BenchmarkHome(b *testing.B) {
	h := build(b, plan{})
	form := url.Values{"name": {"ada"}, "password": {demo.Password}}
	r := httptest.NewRequest(http.MethodPost, signInPath, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.Config.Handler.ServeHTTP(w, r)
	r = httptest.NewRequest(http.MethodGet, homePath, nil)
	r.Header.Set("User-Agent", agentIPhone)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	ask(b, h.Config.Handler, http.StatusOK, r)
}

// BenchmarkAPI compares the payload source with a bare handler that answers 304 over the same connection.
func BenchmarkAPI(b *testing.B) {
	h := build(b, plan{})
	secret, _ := h.token(b, "mdm", "list", "read")
	request := func(path, etag string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("If-None-Match", etag)
		return r
	}
	const path = "/api/v1/profiles/ada.mobileconfig"
	w := httptest.NewRecorder()
	h.Config.Handler.ServeHTTP(w, request(path, ""))
	etag := w.Header().Get("ETag")
	b.Run("304", func(b *testing.B) { ask(b, h.Config.Handler, http.StatusNotModified, request(path, etag)) })
	b.Run("200", func(b *testing.B) { ask(b, h.Config.Handler, http.StatusOK, request(path, `""`)) })
}

// BenchmarkServed is the same over TLS connections that are kept, beside a bare net/http handler.
func BenchmarkServed(b *testing.B) {
	h := build(b, plan{})
	secret, _ := h.token(b, "mdm", "list", "read")
	site := h.Config.Handler
	c := h.browser(b)
	etag := c.get("/api/v1/profiles/ada.mobileconfig", "Authorization", "Bearer "+secret).Header.Get("ETag")
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.WriteHeader(http.StatusNotModified)
	})
	for _, x := range []struct {
		name    string
		handler http.Handler
	}{{"304", site}, {"bare", bare}} {
		b.Run(x.name, func(b *testing.B) {
			server := httptest.NewServer(x.handler)
			defer server.Close()
			client := server.Client()
			client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, _ := http.NewRequest(http.MethodGet, server.URL+"/api/v1/profiles/ada.mobileconfig", nil)
					r.Header.Set("Authorization", "Bearer "+secret)
					r.Header.Set("If-None-Match", etag)
					response, err := client.Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					response.Body.Close()
					if response.StatusCode != http.StatusNotModified {
						b.Errorf("got status %d", response.StatusCode)
					}
				}
			})
		})
	}
}

// BenchmarkList lists 10,000 people page by page; it reports rows.
func BenchmarkList(b *testing.B) {
	const count = 10_000
	all := make([]*directory.Principal, count)
	for i := range all {
		name := fmt.Sprintf("person%06d", i)
		all[i] = &directory.Principal{Kind: directory.Individual, GUID: fmt.Sprintf("%08X-0000-4000-8000-000000000000", i), ShortName: name, FullName: "Person " + name, State: directory.Active}
	}
	people := directory.NewSnapshot(all, time.Now())
	h := build(b, plan{change: func(o *Options) { o.People = func() *directory.Snapshot { return people } }})
	secret, _ := h.token(b, "mdm", "list")
	r := httptest.NewRequest(http.MethodGet, "/api/v1/profiles?limit=10000", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.Config.Handler.ServeHTTP(w, r)
		if got := strings.Count(w.Body.String(), `"person":`); got != count {
			b.Fatalf("got %d rows", got)
		}
	}
	b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "rows/s")
}
