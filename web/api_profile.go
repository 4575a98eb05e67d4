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

// want reads the query. A profile is unsigned unless asked otherwise: MDM servers sign themselves, and some refuse what
// is signed already.
func (s *site) want(r *http.Request, people *directory.Snapshot, p *directory.Principal) (want wanted, err error) {
	if want.platform, err = platformOf(r, profiles.Any); err != nil {
		return want, err
	}
	signed, known := map[string]bool{"": false, "0": false, "1": true}[r.URL.Query().Get("signed")]
	if !known {
		return want, badParameter("signed", r.URL.Query().Get("signed"), "0 or 1")
	}
	want.signed, want.people, want.person = signed, people, p
	want.renderer, err = s.o.Renderer(r.Context())
	return want, err
}

// wantedFile reads the path, whose last segment is PERSON.mobileconfig, and the query.
func (s *site) wantedFile(r *http.Request, t Token) (want wanted, err error) {
	file, err := segment(r.URL, 4)
	if err != nil {
		return want, err
	}
	name, ok := strings.CutSuffix(file, profiles.Extension)
	if !ok || name == "" {
		return want, &problem{Status: http.StatusNotFound, Title: "There is nothing here", Reason: "no-such-path",
			Detail: "Name a profile as {short name}, guid:{id} or mail:{address}, followed by %s.", Args: []any{profiles.Extension}}
	}
	people := s.o.People()
	p, err := t.person(people, name)
	if err != nil {
		return want, err
	}
	return s.want(r, people, p)
}

// readProfile gives one person's profile. There is never an app password in it.
func (s *site) readProfile(w http.ResponseWriter, r *http.Request, t Token) error {
	want, err := s.wantedFile(r, t)
	if err != nil {
		return err
	}
	return s.giveProfile(w, r, t, want)
}

// giveProfile answers with the profile, or with 304 if the client has it.
func (s *site) giveProfile(w http.ResponseWriter, r *http.Request, t Token, want wanted) error {
	h := w.Header()
	if known := s.etags.of(want); known.etag != "" && r.Header.Get("If-None-Match") == known.etag && !known.secret {
		h.Set("Cache-Control", "private, no-cache")
		h.Set("ETag", known.etag)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	a, err := s.calendarOf(r.Context(), want.renderer, want.people, want.person, want.platform, want.signed)
	if err != nil {
		return err
	}
	etag, secret := `"`+a.SHA256+`"`, a.Profile.HasSecret()
	if secret { // such as the password for removal
		if err := t.needs(ScopeSecrets); err != nil {
			return err
		}
	}
	s.etags.note(want, etag, secret)
	h.Set("Content-Type", profiles.MediaType)
	h.Set("Content-Disposition", attachment(export.FileName(want.person)+extension(want.signed)))
	h.Set("Cache-Control", "private, no-cache") // to be kept, and asked about each time
	if secret {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("ETag", etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.Bytes)) // answers If-None-Match and HEAD
	return nil
}

// maxDeviceParameter bounds the device parameter, in bytes.
const maxDeviceParameter = 100

// deviceOfQuery reads what tells the device apart.
func deviceOfQuery(q url.Values) (string, error) {
	device := passwordName(q.Get("device"))
	if device == "" || len(device) > maxDeviceParameter {
		return "", badParameter("device", q.Get("device"), "what tells the device apart, such as its serial number")
	}
	return device, nil
}

// deviceProfile makes an app password for one device of a person, in place of the one before, and renders the profile
// with it inside, this once.
func (s *site) deviceProfile(r *http.Request, want wanted, device string, signed bool) (*export.Artefact, error) {
	// Whether there is a profile at all is found out before there is a password.
	if _, err := s.calendarOf(r.Context(), want.renderer, want.people, want.person, want.platform, false); err != nil {
		return nil, err
	}
	secret, err := s.devicePassword(r, want.visitor, device)
	if err != nil {
		return nil, err
	}
	a, err := want.renderer.CalendarWithPassword(r.Context(), want.person, want.platform, secret, signed)
	if err != nil {
		return nil, explain(err)
	}
	return a, nil
}

// devicePassword makes an app password for one device.
func (s *site) devicePassword(r *http.Request, v visitor, device string) (secret string, err error) {
	if err := s.mayHavePasswords(v); err != nil {
		return "", err
	}
	secret, _, err = s.newPassword(r, v.person, AppPassword{Name: device, Device: "api:" + device})
	return secret, err
}

// makeProfile gives the profile for one device, with an app password inside.
func (s *site) makeProfile(w http.ResponseWriter, r *http.Request, t Token) error {
	device, err := deviceOfQuery(r.URL.Query())
	if err != nil {
		return err
	}
	want, err := s.wantedFile(r, t)
	if err != nil {
		return err
	}
	a, err := s.deviceProfile(r, want, device, want.signed)
	if err != nil {
		return err
	}
	giveOnce(w, want, http.StatusCreated, a.Bytes)
	return nil
}

// giveOnce answers with a profile that is for one device and not to be kept.
func giveOnce(w http.ResponseWriter, want wanted, status int, content []byte) {
	h := w.Header()
	h.Set("Content-Type", profiles.MediaType)
	h.Set("Content-Disposition", attachment(export.FileName(want.person)+extension(want.signed)))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(content)
}

// extension is how the file of an export ends.
func extension(signed bool) string {
	if signed {
		return profiles.Extension
	}
	return ".unsigned" + profiles.Extension
}

// segment is one part of the path, decoded; the first is number 1. It is cut from the escaped path, since a short name
// may hold an escaped slash.
func segment(u *url.URL, number int) (string, error) {
	parts := strings.Split(u.EscapedPath(), "/")
	if number >= len(parts) {
		return "", noSuchPath
	}
	text, err := url.PathUnescape(parts[number])
	if err != nil {
		return "", noSuchPath
	}
	return text, nil
}

// person finds somebody by short name, guid:… or mail:…. Whom the token is not for does not exist for it.
func (t Token) person(people *directory.Snapshot, name string) (*directory.Principal, error) {
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
