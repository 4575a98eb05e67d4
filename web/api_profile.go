package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// readProfile gives one person's profile, unsigned unless asked otherwise: MDM servers sign themselves, and some refuse
// what is signed already.
func (s *site) readProfile(w http.ResponseWriter, r *http.Request) error {
	platform, err := platformOf(r, profiles.Any)
	if err != nil {
		return err
	}
	signed, known := map[string]bool{"": false, "0": false, "1": true}[r.URL.Query().Get("signed")]
	if !known {
		return badParameter("signed", r.URL.Query().Get("signed"), "0 or 1")
	}
	people := s.o.People()
	p, err := find(people, r.URL)
	if err != nil {
		return err
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	a, err := s.calendarOf(renderer, people, p, platform, signed)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", profiles.MediaType)
	h.Set("Content-Disposition", attachment(export.FileName(p)+extension(signed)))
	h.Set("Cache-Control", "private, no-cache") // to be kept, and asked about each time
	h.Set("ETag", `"`+a.SHA256+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.Bytes)) // answers If-None-Match and HEAD
	return nil
}

// extension is how the file of an export ends.
func extension(signed bool) string {
	if signed {
		return profiles.Extension
	}
	return ".unsigned" + profiles.Extension
}

// find looks up the person whom the last segment of the path names: {short name | guid:… | mail:…}.mobileconfig. The
// segment is cut from the escaped path, since a short name may hold an escaped slash.
func find(people *directory.Snapshot, u *url.URL) (*directory.Principal, error) {
	escaped := u.EscapedPath()
	file, err := url.PathUnescape(escaped[strings.LastIndexByte(escaped, '/')+1:])
	name, ok := strings.CutSuffix(file, profiles.Extension)
	if err != nil || !ok || name == "" {
		return nil, &problem{Status: http.StatusNotFound, Title: "There is nothing here", Reason: "no-such-path",
			Detail: "Name a profile as {short name}, guid:{id} or mail:{address}, followed by " + profiles.Extension + "."}
	}
	var p *directory.Principal
	switch form, value, _ := strings.Cut(name, ":"); form {
	case "guid":
		p = people.ByGUID(value)
	case "mail":
		p = people.ByAddress(value)
	default:
		p = people.ByName(directory.Individual, name)
	}
	if p == nil || p.Kind != directory.Individual {
		return nil, &problem{Status: http.StatusNotFound, Title: "There is no such person", Reason: "no-such-person",
			Detail: quote(name) + " leads to nobody, or to more than one person, in the directory."}
	}
	return p, nil
}
