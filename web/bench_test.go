package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/profiles"
	"calport/profiles/export"
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

// settled has the settings stay as they are, as the program knows them to.
func settled(b testing.TB) func(*Options) {
	return func(o *Options) {
		r, err := o.Renderer(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		o.Renderer = func(context.Context) (*export.Renderer, error) { return r, nil }
	}
}

// BenchmarkAPI compares the payload source with a bare handler that answers 304 over the same connection.
func BenchmarkAPI(b *testing.B) {
	h := build(b, plan{change: settled(b)})
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
	h := build(b, plan{change: settled(b)})
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

// crowd is count people in a directory of their own.
func crowd(count int) *directory.Snapshot {
	all := make([]*directory.Principal, count)
	for i := range all {
		name := fmt.Sprintf("person%06d", i)
		all[i] = &directory.Principal{Kind: directory.Individual, GUID: fmt.Sprintf("%08X-0000-4000-8000-000000000000", i), ShortName: name, FullName: "Person " + name, State: directory.Active}
	}
	return directory.NewSnapshot(all, time.Now())
}

// ofCrowd has the site, settled, know a crowd.
func ofCrowd(b testing.TB, people *directory.Snapshot, asked profiles.Directory) func(*Options) {
	return func(o *Options) {
		settled(b)(o)
		r, _ := o.Renderer(b.Context())
		r.Directory = asked
		o.People = func() *directory.Snapshot { return people }
	}
}

// living is how much of the heap the last collection found in use, in bytes. Garbage does not count: of that there is as
// much as lives, so the more the larger the directory. What is made while a collection runs counts as in use, which is
// more the longer it takes.
func living() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// counter counts rows and bytes, and looks now and then how much memory is in use.
type counter struct {
	header http.Header
	lines  int // one for each row, and two
	bytes  int
	looked int
	most   uint64
}

func (c *counter) Header() http.Header { return c.header }
func (c *counter) WriteHeader(int)     {}
func (c *counter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	c.bytes += len(p)
	if c.looked++; c.looked%64 == 0 {
		c.most = max(c.most, living())
	}
	return len(p), nil
}

// BenchmarkList lists 10,000 and 100,000 people on one page. It reports rows a second, and the most memory in use beyond what
// was in use before.
func BenchmarkList(b *testing.B) {
	for _, count := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			people := crowd(count)
			h := build(b, plan{change: ofCrowd(b, people, people)})
			secret, _ := h.token(b, "mdm", "list")
			r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/api/v1/profiles?limit=%d", maxLimit), nil)
			r.Header.Set("Authorization", "Bearer "+secret)
			runtime.GC()
			before := living()
			most, size := uint64(0), 0
			for b.Loop() {
				w := &counter{header: http.Header{}}
				h.Config.Handler.ServeHTTP(w, r)
				if w.lines != count+2 {
					b.Fatalf("got %d lines", w.lines)
				}
				most, size = max(most, w.most-min(w.most, before)), w.bytes
			}
			b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(most)/(1<<20), "MB-peak")
			b.ReportMetric(float64(size)/(1<<20), "MB-body")
		})
	}
}

// countingDirectory counts whom profiles are rendered for: each asks once whom the user name leads to.
type countingDirectory struct {
	*directory.Snapshot
	count atomic.Int64
}

func (a *countingDirectory) ByLogin(login string) (*directory.Principal, error) {
	a.count.Add(1)
	return a.Snapshot.ByLogin(login)
}

// ahead looks, at each write, how many people have been rendered whose rows are not written yet.
type ahead struct {
	counter
	rendered *countingDirectory
	most     int
}

func (a *ahead) Write(p []byte) (int, error) {
	a.most = max(a.most, int(a.rendered.count.Load())-a.lines)
	return a.counter.Write(p)
}

// However long the list, some hundreds of profiles are held at once, and what is written has been forgotten.
func TestTheListStreams(t *testing.T) {
	bound := 64*(2*runtime.GOMAXPROCS(0)+3) + 200 // batches on their way, and rows in the buffer
	people := crowd(4 * bound)
	rendered := &countingDirectory{Snapshot: people}
	h := build(t, plan{change: ofCrowd(t, people, rendered)})
	secret, _ := h.token(t, "mdm", "list")
	r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/api/v1/profiles?limit=%d", maxLimit), nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	w := &ahead{counter: counter{header: http.Header{}}, rendered: rendered}
	h.Config.Handler.ServeHTTP(w, r)
	if w.lines != 4*bound+2 || w.most > bound || w.most < 64 {
		t.Errorf("%d lines, at most %d people were held, want %d", w.lines, w.most, bound)
	}
}
