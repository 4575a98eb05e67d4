package contacts

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/emersion/go-webdav/carddav"

	"calport/server/dav"
)

// report hands addressbook-query and addressbook-multiget (RFC 6352 section 8) to the library, after their body has
// been read under our own limits: no document type, no endless nesting.
func (e *exchange) report() error {
	body, err := io.ReadAll(io.LimitReader(e.r.Body, maxBody+1)) // one more is too large for ReadElement
	if err != nil {
		return err
	}
	root, err := dav.ReadElement(bytes.NewReader(body), dav.Limits{Bytes: maxBody})
	if err != nil {
		return err
	}
	if root == nil {
		return dav.BadRequest("A REPORT needs a body that says which.")
	}
	switch {
	case root.Name == addressBookMultiget && len(root.Children) > e.o.MaxHits:
		return &dav.Error{Status: http.StatusInsufficientStorage, Condition: dav.NumberOfMatchesWithinLimits}
	case root.Name != addressBookQuery && root.Name != addressBookMultiget:
		return dav.Forbidden(dav.SupportedReportCondition)
	}
	if data := root.Child(dav.Prop).Child(addressData); data != nil {
		// RFC 6352 section 8.6, precondition supported-address-data
		kind, typed := data.Attribute("content-type")
		wanted, versioned := data.Attribute("version")
		if typed && kind != "text/vcard" || versioned && wanted != version {
			return dav.Forbidden(supportedAddressData)
		}
	}
	if root.Name == addressBookMultiget {
		return e.multiget(root)
	}
	return e.ask(e.w, body)
}

// hrefsAtOnce is of how many cards, each perhaps with a photo, the library makes an answer in memory.
const hrefsAtOnce = 50

// multiget asks the library about some of the hrefs at a time and joins its answers to one, which is sent as it grows.
func (e *exchange) multiget(root *dav.Element) error {
	var hrefs, others []*dav.Element
	for _, child := range root.Children {
		if child.Name != dav.Href {
			others = append(others, child)
			continue
		}
		if _, err := url.Parse(child.Text); err != nil { // which the library would find when a part is sent already
			return dav.BadRequest("A DAV:href is no URL.")
		}
		hrefs = append(hrefs, child)
	}
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		for some := range slices.Chunk(hrefs, hrefsAtOnce) {
			if err := e.r.Context().Err(); err != nil {
				return err
			}
			root.Children = slices.Concat(others, some)
			answer := gathered{header: http.Header{}}
			if err := e.ask(&answer, []byte(root.XML())); err != nil {
				return err
			}
			w.Raw(responses(answer.String()))
			if err := w.Checkpoint(); err != nil {
				return err
			}
		}
		return nil
	})
}

// responses are what is within a multistatus of the library, which declares the namespaces of each element in itself.
func responses(multistatus string) string {
	_, inner, _ := strings.Cut(multistatus, "<multistatus")
	_, inner, _ = strings.Cut(inner, ">")
	return inner[:max(strings.LastIndex(inner, "</multistatus>"), 0)]
}

// gathered keeps an answer.
type gathered struct {
	bytes.Buffer
	header http.Header
}

func (g *gathered) Header() http.Header { return g.header }

func (g *gathered) WriteHeader(int) {}

// ask hands a report over.
func (e *exchange) ask(w http.ResponseWriter, body []byte) error {
	e.r.Body = io.NopCloser(bytes.NewReader(body))
	e.r.Header.Set("Content-Type", "application/xml") // some clients send none, which the library wants
	return e.handOver(w)
}

// get answers with a card.
func (e *exchange) get() error {
	if err := dav.CheckETags(e.r, e.etag(e.res.of)); err != nil {
		return err
	}
	return e.handOver(e.w)
}

// handOver has go-webdav's handler answer. It writes errors as it likes, with their texts: those are kept back, and
// answered as everywhere.
func (e *exchange) handOver(w http.ResponseWriter) error {
	b := &backend{visit: e.visit}
	guarded := &guard{ResponseWriter: w}
	e.r.URL.Path, e.r.URL.RawPath = e.res.path(), ""
	(&carddav.Handler{Backend: b, Prefix: "/addressbooks"}).ServeHTTP(guarded, e.r)
	switch {
	case b.err != nil:
		return b.err
	case guarded.refused != 0:
		return dav.Status(guarded.refused)
	}
	return nil
}

// path is the decoded path that the library takes apart.
func (r *resource) path() string {
	path := Root + byGUID + "/" + r.who.GUID + "/" + bookName + "/"
	if r.kind == card {
		path += r.of.GUID + extension
	}
	return path
}

// guard lets answers through and keeps errors back.
type guard struct {
	http.ResponseWriter
	refused int // the status of an error; 0 is none
}

func (g *guard) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		g.refused = status
		return
	}
	g.Header().Set("Content-Type", "application/xml; charset=utf-8") // the library names it too late
	g.ResponseWriter.WriteHeader(status)
}

func (g *guard) Write(p []byte) (int, error) {
	if g.refused != 0 {
		return len(p), nil
	}
	return g.ResponseWriter.Write(p)
}
