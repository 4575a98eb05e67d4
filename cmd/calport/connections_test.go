package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// connection is one of a client's, on which it speaks HTTP/1.1 itself.
type connection struct {
	*tls.Conn
	answers *bufio.Reader
}

// dial opens connections to a server.
func (in *instance) dial(t *testing.T, n int) (all []*connection) {
	t.Helper()
	for range n {
		c, err := tls.Dial("tcp", strings.TrimPrefix(in.origin, "https://"), &tls.Config{RootCAs: in.roots, NextProtos: []string{"http/1.1"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		all = append(all, &connection{c, bufio.NewReader(c)})
	}
	return all
}

// send writes the head of a request of Ada's.
func (c *connection) send(t *testing.T, method, path string, head ...string) {
	t.Helper()
	r, err := http.NewRequest(method, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("ada", "calport")
	head = append(head, "Host: localhost", "Authorization: "+r.Header.Get("Authorization"))
	if _, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\n%s\r\n\r\n", method, path, strings.Join(head, "\r\n")); err != nil {
		t.Fatal(err)
	}
}

// receive reads an answer to its end.
func (c *connection) receive(t *testing.T, want int) *http.Response {
	t.Helper()
	answer, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusContinue {
		io.Copy(io.Discard, answer.Body)
	}
	if answer.StatusCode != want {
		t.Fatalf("got %s, want %d", answer.Status, want)
	}
	return answer
}

// A Mac opens three to eight connections, asks before it sends a body, and asks again on the same ones.
func TestAClientUsesEightConnectionsAtOnceAndKeepsThem(t *testing.T) {
	in := newSite(t, "").serve(t)
	all := in.dial(t, 8)
	data := func(i int) string { return fmt.Sprintf(benchEvent, fmt.Sprint("c", i), "Eight") }
	path := func(i int) string { return fmt.Sprintf("/calendars/users/ada/calendar/c%d.ics", i) }
	for i, c := range all { // nobody gets a body until everybody was told to go on
		c.send(t, "PUT", path(i), "Content-Type: text/calendar", "Expect: 100-continue", fmt.Sprint("Content-Length: ", len(data(i))))
	}
	for _, c := range all {
		c.receive(t, http.StatusContinue)
	}
	for i, c := range all {
		io.WriteString(c, data(i))
	}
	for i, c := range all {
		if h := c.receive(t, http.StatusCreated).Header; h.Get("Server") != "" || h.Get("Connection") == "close" {
			t.Errorf("connection %d: got %v", i, h)
		}
		c.send(t, "GET", path(i))
		c.receive(t, http.StatusOK)
	}

	c := all[0]
	c.send(t, "PUT", path(9), "Content-Type: text/calendar", "Content-Encoding: gzip", "Content-Length: 0")
	if got := c.receive(t, http.StatusUnsupportedMediaType).Header.Get("Accept-Encoding"); got != "identity" {
		t.Errorf("a compressed body is refused with Accept-Encoding %q", got)
	}
	if _, err := fmt.Fprint(c, "PROPFIND / HTTP/1.1\r\nHost: localhost\r\nDepth: 0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	c.receive(t, http.StatusUnauthorized) // and the connection is kept
	c.send(t, "PROPFIND", "/", "Depth: 0")
	c.receive(t, http.StatusMultiStatus)
}

// Where client and server both know HTTP/2 they speak it, with the same answers.
func TestClientsSpeakHTTP2(t *testing.T) {
	in := newSite(t, "").serve(t)
	two := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: in.roots}, ForceAttemptHTTP2: true}}
	defer two.CloseIdleConnections()
	for _, c := range []struct {
		method, path, body string
		head               []string
	}{
		{"OPTIONS", "/calendars/users/ada/", "", nil},
		{"PROPFIND", "/calendars/users/ada/", `<propfind xmlns="DAV:"><prop><resourcetype/><displayname/></prop></propfind>`, []string{"Depth", "1"}},
		{"PUT", "/calendars/users/ada/calendar/1.ics", "nonsense", []string{"Content-Type", "text/calendar"}},
		{"GET", "/calendars/users/ada/calendar/nothing.ics", "", nil},
	} {
		var texts, protocols []string
		for _, client := range []*http.Client{in.client, two} {
			r, err := http.NewRequest(c.method, in.origin+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth("ada", "calport")
			for i := 0; i+1 < len(c.head); i += 2 {
				r.Header.Set(c.head[i], c.head[i+1])
			}
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			texts, protocols = append(texts, fmt.Sprint(answer.StatusCode, answer.Header.Get("DAV"), string(text))), append(protocols, answer.Proto)
		}
		if protocols[0] != "HTTP/1.1" || protocols[1] != "HTTP/2.0" || texts[0] != texts[1] {
			t.Errorf("%s %s: by %v got\n%s\nand\n%s", c.method, c.path, protocols, texts[0], texts[1])
		}
	}
}
