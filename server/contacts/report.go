package contacts

import (
	"bytes"
	"io"
	"net/http"

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
	switch root.Name {
	case addressBookQuery:
	case addressBookMultiget:
		if n := len(root.Children); n > e.o.MaxHits {
			return &dav.Error{Status: http.StatusInsufficientStorage, Condition: dav.NumberOfMatchesWithinLimits}
		}
	default:
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
	e.r.Body = io.NopCloser(bytes.NewReader(body))
	e.r.Header.Set("Content-Type", "application/xml") // some clients send none, which the library wants
	return e.handOver()
}

// get answers with a card.
func (e *exchange) get() error {
	if err := dav.CheckETags(e.r, e.etag(e.res.of)); err != nil {
		return err
	}
	return e.handOver()
}

// handOver has go-webdav's handler answer. It writes errors as it likes, with their texts: those are kept back, and
// answered as everywhere.
func (e *exchange) handOver() error {
	b := &backend{visit: e.visit}
	guarded := &guard{ResponseWriter: e.w}
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
