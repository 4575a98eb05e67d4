package caldav

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"calport/server/dav"
)

// propertyBehavior is what clients of RFC 2518 send with COPY and MOVE (section 12.12). Live properties stay alive with or
// without it.
var propertyBehavior = dav.Name{Space: dav.DAV, Local: "propertybehavior"}

// maxIdleBody is how much is read of a body to find out whether it says anything, in octets.
const maxIdleBody = 4 << 10

// bears refuses a body that the method would pass over, so that the client learns that its wish is not understood (RFC 4918
// section 8.4). One without anything but white space is none.
func (m *method) bears(r *http.Request) error {
	if !m.bodiless || r.ContentLength == 0 {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxIdleBody))
	if err != nil {
		return dav.BadRequest("The body could not be read to its end.")
	}
	if len(body) < maxIdleBody && len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	root, err := dav.ReadElement(bytes.NewReader(body), dav.Limits{})
	if err == nil && root != nil && root.Name == m.but && m.but.Local != "" {
		return nil
	}
	return &dav.Error{Status: http.StatusUnsupportedMediaType, Detail: m.name + " takes no such body."}
}

// xmlOrNothing refuses a body that is no XML by its own word, which MKCOL must answer by 415 (RFC 4918 section 9.3).
func xmlOrNothing(r *http.Request) error {
	media := mediaType(r.Header)
	if r.ContentLength == 0 || media == "" || strings.HasSuffix(media, "/xml") || strings.HasSuffix(media, "+xml") {
		return nil
	}
	return &dav.Error{Status: http.StatusUnsupportedMediaType, Detail: "The body of MKCOL is XML, if there is one."}
}
