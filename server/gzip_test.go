package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answering is a handler that answers like a DAV server.
func answering(status int, body string, head ...string) http.Handler {
	return compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(head); i += 2 {
			w.Header().Set(head[i], head[i+1])
		}
		w.WriteHeader(status)
		if body != "" {
			io.WriteString(w, body[:len(body)/2+len(body)%2])
			io.WriteString(w, body[len(body)/2+len(body)%2:])
		}
	}))
}

func askFor(h http.Handler, encoding string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("PROPFIND", "/", nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestOnlyLongXMLWithoutEntityTagIsCompressed(t *testing.T) {
	long := strings.Repeat("<D:response/>", 1000)
	const xml = "application/xml; charset=utf-8"
	for _, c := range []struct {
		name, encoding string
		handler        http.Handler
		status         int
		want           bool
		vary           bool
	}{
		{"a listing", "gzip, deflate, br", answering(207, long, "Content-Type", xml), 207, true, true},
		{"a listing for a client that takes anything", "*", answering(207, long, "Content-Type", xml), 207, true, true},
		{"a listing for one that takes no gzip", "gzip;q=0, br", answering(207, long, "Content-Type", xml), 207, false, false},
		{"a listing for one that says nothing", "", answering(207, long, "Content-Type", xml), 207, false, false},
		{"a short answer", "gzip", answering(403, "<D:error/>", "Content-Type", xml), 403, false, true},
		{"an object", "gzip", answering(200, long, "Content-Type", "text/calendar", "ETag", `"1"`), 200, false, false},
		{"a notice", "gzip", answering(200, long, "Content-Type", "application/xml", "ETag", `"1"`), 200, false, false},
		{"an answer without a body", "gzip", answering(204, ""), 204, false, false},
	} {
		w := askFor(c.handler, c.encoding)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != c.want || w.Code != c.status {
			t.Errorf("%s: got %d, compressed %v, want %d, %v", c.name, w.Code, got, c.status, c.want)
		}
		if got := strings.Contains(w.Header().Get("Vary"), "Accept-Encoding"); got != c.vary {
			t.Errorf("%s: got Vary %q", c.name, w.Header().Get("Vary"))
		}
		if !c.want {
			continue
		}
		plain, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(plain); err != nil || string(got) != long {
			t.Errorf("%s: got %d bytes back and %v, want %d", c.name, len(got), err, len(long))
		}
	}
}

// What broke off must not end as if it were whole.
func TestAnAbortedAnswerIsNotEnded(t *testing.T) {
	s := httptest.NewServer(compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, strings.Repeat("<D:response/>", 10_000))
		panic(http.ErrAbortHandler)
	})))
	defer s.Close()
	answer, err := http.Get(s.URL) // net/http's client asks for gzip and unpacks it
	if err != nil {
		return
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("got %d bytes and no error", len(got))
	}
}

// However many answers break off, the compressors are there for the next one.
func TestAnswersThatBreakOffGiveTheirCompressorBack(t *testing.T) {
	breaks := true
	h := compressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.Write(make([]byte, worthwhile))
		if breaks {
			panic(http.ErrAbortHandler)
		}
	}))
	ask := func() string {
		defer func() { recover() }()
		r, w := httptest.NewRequest("PROPFIND", "/", nil), httptest.NewRecorder()
		r.Header.Set("Accept-Encoding", "gzip")
		h.ServeHTTP(w, r)
		return w.Header().Get("Content-Encoding")
	}
	for range 3 * cap(gzips) {
		ask()
	}
	breaks = false
	if got := ask(); got != "gzip" {
		t.Errorf("got Content-Encoding %q, want gzip", got)
	}
}
