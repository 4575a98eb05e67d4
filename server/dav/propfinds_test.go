package dav

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// answerTo is what a file answers to a body.
func answerTo(t *testing.T, read func(body string, minimal bool) (*Selection[*thing], error), body string, minimal bool) string {
	t.Helper()
	s, err := read(body, minimal)
	if err != nil {
		return err.Error()
	}
	w := httptest.NewRecorder()
	err = WriteMultiStatus(w, func(w *Writer) error {
		return s.Respond(w, "/a", &thing{kind: file, etag: "1", text: "text"})
	})
	if err != nil {
		t.Error(err)
	}
	return w.Body.String()
}

// Whatever was asked before, and by how many at once, each body gets the answer that it gets the first time.
func TestPropFindsAnswerAsTheFirstTime(t *testing.T) {
	bodies := []string{"", "<", `<propfind xmlns="DAV:"><allprop/></propfind>`, `<propfind xmlns="DAV:"><propname/></propfind>`,
		`<propfind xmlns="DAV:"/>`, `<sync-collection xmlns="DAV:"/>`}
	for i := range 2 * maxRemembered {
		bodies = append(bodies, fmt.Sprintf(`<propfind xmlns="DAV:"><prop><getetag/><x%d xmlns="urn:x"/></prop></propfind>`, i))
	}
	afresh := func(body string, minimal bool) (*Selection[*thing], error) {
		root, err := ReadElement(strings.NewReader(body), Limits{})
		if err != nil {
			return nil, err
		}
		q, err := ReadPropFind(root)
		if err != nil {
			return nil, err
		}
		return things.Select(q, minimal), nil
	}
	p := NewPropFinds(things)
	remembering := func(body string, minimal bool) (*Selection[*thing], error) {
		_, s, err := p.Read(strings.NewReader(body), Limits{}, minimal)
		return s, err
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for i := range 3 * len(bodies) {
				body, minimal := bodies[i/3], i%3 == 1 // thrice each, once minimal
				if got, want := answerTo(t, remembering, body, minimal), answerTo(t, afresh, body, minimal); got != want {
					t.Errorf("%s, minimal %v: got\n%s\nwant\n%s", body, minimal, got, want)
				}
			}
		})
	}
	all.Wait()
	if len(p.known) == 0 || len(p.known) > maxRemembered {
		t.Errorf("%d bodies are remembered, want 1 to %d", len(p.known), maxRemembered)
	}
}

func TestPropFindsDoNotRememberLongBodies(t *testing.T) {
	p := NewPropFinds(things)
	body := `<propfind xmlns="DAV:"><allprop/>` + strings.Repeat(" ", maxRememberedBody) + `</propfind>`
	if _, _, err := p.Read(strings.NewReader(body), Limits{}, false); err != nil {
		t.Fatal(err)
	}
	if len(p.known) != 0 {
		t.Error("a long body is remembered")
	}
}
