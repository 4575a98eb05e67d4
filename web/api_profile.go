package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// wanted is the profile that a request names.
type wanted struct {
	visitor  // whose it is; nobody has signed in
	platform profiles.Platform
	signed   bool
	renderer *export.Renderer
}

// wantedBy reads the path and the query. A profile is unsigned unless asked otherwise: MDM servers sign themselves, and
// some refuse what is signed already.
func (s *site) wantedBy(r *http.Request, t Token) (want wanted, err error) {
	if want.platform, err = platformOf(r, profiles.Any); err != nil {
		return want, err
	}
	signed, known := map[string]bool{"": false, "0": false, "1": true}[r.URL.Query().Get("signed")]
	if !known {
		return want, badParameter("signed", r.URL.Query().Get("signed"), "0 or 1")
	}
	want.signed, want.people = signed, s.o.People()
	if want.person, err = t.find(want.people, r.URL); err != nil {
		return want, err
	}
	want.renderer, err = s.o.Renderer(r.Context())
	return want, err
}

// readProfile gives one person's profile. There is never a password in it.
func (s *site) readProfile(w http.ResponseWriter, r *http.Request, t Token) error {
	want, err := s.wantedBy(r, t)
	if err != nil {
		return err
	}
	a, err := s.calendarOf(r.Context(), want.renderer, want.people, want.person, want.platform, want.signed)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", profiles.MediaType)
	h.Set("Content-Disposition", attachment(export.FileName(want.person)+extension(want.signed)))
	h.Set("Cache-Control", "private, no-cache") // to be kept, and asked about each time
	h.Set("ETag", `"`+a.SHA256+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.Bytes)) // answers If-None-Match and HEAD
	return nil
}

// maxDeviceParameter bounds the device parameter, in bytes.
const maxDeviceParameter = 100

// makeProfile makes an app password for one device of a person, in place of the one before, and gives the profile with
// it inside, this once.
func (s *site) makeProfile(w http.ResponseWriter, r *http.Request, t Token) error {
	device := passwordName(r.URL.Query().Get("device"))
	if device == "" || len(device) > maxDeviceParameter {
		return badParameter("device", r.URL.Query().Get("device"), "what tells the device apart, such as its serial number")
	}
	want, err := s.wantedBy(r, t)
	if err != nil {
		return err
	}
	if err := s.mayHavePasswords(want.visitor); err != nil {
		return err
	}
	// Whether there is a profile at all is found out before there is a password.
	if _, err := s.calendarOf(r.Context(), want.renderer, want.people, want.person, want.platform, false); err != nil {
		return err
	}
	secret, _, err := s.newPassword(r, want.person, AppPassword{Name: device, Device: "api:" + device})
	if err != nil {
		return err
	}
	a, err := want.renderer.CalendarWithPassword(r.Context(), want.person, want.platform, secret, want.signed)
	if err != nil {
		return explain(err)
	}
	h := w.Header()
	h.Set("Content-Type", profiles.MediaType)
	h.Set("Content-Disposition", attachment(export.FileName(want.person)+extension(want.signed)))
	h.Set("Content-Length", strconv.Itoa(len(a.Bytes)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	w.Write(a.Bytes)
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
// segment is cut from the escaped path, since a short name may hold an escaped slash. Whom the token is not for does not
// exist for it.
func (t Token) find(people *directory.Snapshot, u *url.URL) (*directory.Principal, error) {
	escaped := u.EscapedPath()
	file, err := url.PathUnescape(escaped[strings.LastIndexByte(escaped, '/')+1:])
	name, ok := strings.CutSuffix(file, profiles.Extension)
	if err != nil || !ok || name == "" {
		return nil, &problem{Status: http.StatusNotFound, Title: "There is nothing here", Reason: "no-such-path",
			Detail: "Name a profile as {short name}, guid:{id} or mail:{address}, followed by %s.", Args: []any{profiles.Extension}}
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
	if p == nil || p.Kind != directory.Individual || !t.reaches(people, p) {
		return nil, &problem{Status: http.StatusNotFound, Title: "There is no such person", Reason: "no-such-person",
			Detail: "%s leads to nobody, or to more than one person, among those whom the token is for.", Args: []any{quote(name)}}
	}
	return p, nil
}
