package web

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"calport/directory"
)

// A one-time link signs its maker in on another device, once, within a few minutes. Looking at it spends nothing, since
// messengers do that by themselves: the device asks whether to go on, and the answer to that spends it.

// secretLink is the name under which a session keeps the link that it made last.
const secretLink = "link"

// linkFor is how long a link can be used.
const linkFor = 10 * time.Minute

// anotherView is the page on which a link is made and shown.
type anotherView struct {
	URL     string // of the link; empty: none has been made
	Used    time.Time
	Client  phrase // what used it, in words
	From    string
	Over    bool // its time
	Minutes int  // that it has left, rounded up
	Linked  bool // this session is itself by a link, and makes none
	Now     time.Time
}

func (s *site) another(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	view := anotherView{Linked: s.sessions.linked(ctx), Now: s.o.Now()}
	secret, err := s.sessions.kept(ctx, secretLink)
	if err != nil {
		return err
	}
	if secret != "" {
		l, found, err := s.o.Records.FindLink(ctx, secret)
		if err != nil {
			return err
		}
		if found {
			view.show(l, linkURL(s.o.Origin, secret))
		}
	}
	return s.render(w, r, http.StatusOK, "another", "Another device", view)
}

func (v *anotherView) show(l Link, link string) {
	v.URL, v.Used, v.From = link, l.Used, l.UsedFrom
	if l.UsedClient != "" {
		v.Client = browserWords(l.UsedClient)
	}
	left := l.Expires.Sub(v.Now)
	v.Over = left <= 0
	v.Minutes = int((left + time.Minute - 1) / time.Minute)
}

func (s *site) makeLink(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if s.sessions.linked(ctx) {
		return &problem{Status: http.StatusForbidden, Title: "A link makes no links", Reason: "linked",
			Detail: "You came here by a one-time link. Make another where you have signed in with your password."}
	}
	secret, expires := strings.ToLower(rand.Text()), s.o.Now().Add(linkFor)
	if err := s.o.Records.CreateLink(ctx, ownerOf(visitorOf(ctx).person), secret, expires); err != nil {
		return err
	}
	// It is kept for longer than it works, so that the page can say what became of it.
	if err := s.sessions.keep(ctx, secretLink, secret, expires.Add(linkFor)); err != nil {
		return err
	}
	s.o.Log.InfoContext(ctx, "one-time link made", s.about(r, slog.String("who", visitorOf(ctx).person.ShortName))...)
	return redirect(w, anotherPath)
}

// linkCode is the link as a QR code.
func (s *site) linkCode(w http.ResponseWriter, r *http.Request) error {
	secret, err := s.sessions.kept(r.Context(), secretLink)
	if err != nil {
		return err
	}
	if secret == "" {
		return noSuchPath
	}
	return showCode(w, r, linkURL(s.o.Origin, secret))
}

// linkView asks whether to go on.
type linkView struct {
	Key    string
	Name   string // of the person whose link it is
	Other  string // of the person who is signed in here now, if that is somebody else
	Device device
	Handed bool // out by an administrator
}

func (s *site) openLink(w http.ResponseWriter, r *http.Request) error {
	key := r.URL.Query().Get("key")
	l, found, err := s.o.Records.FindLink(r.Context(), key)
	if err != nil {
		return err
	}
	if !found || !l.Used.IsZero() || !s.o.Now().Before(l.Expires) {
		return spent(l.Used)
	}
	v := visitorOf(r.Context())
	person, err := s.mayComeIn(v.people, l.Owner)
	if err != nil {
		return err
	}
	view := linkView{Key: key, Name: nameOf(person), Device: deviceOf(r.UserAgent()), Handed: l.Handed}
	if v.person != nil {
		if v.person.GUID == person.GUID {
			return redirect(w, homePath)
		}
		view.Other = nameOf(v.person)
	}
	return s.render(w, r, http.StatusOK, "link", "Sign in on this device", view)
}

func (s *site) useLink(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	ctx := r.Context()
	l, err := s.o.Records.UseLink(ctx, r.PostForm.Get("key"), s.o.ClientAddr(ctx).String(), cutAgent(r.UserAgent()))
	if errors.Is(err, ErrSpent) {
		s.o.Log.InfoContext(ctx, "a one-time link did not work", s.about(r)...)
		return spent(time.Time{})
	}
	if err != nil {
		return err
	}
	person, err := s.mayComeIn(visitorOf(ctx).people, l.Owner)
	if err != nil {
		return err
	}
	if err := s.sessions.start(ctx, w, person, byLink); err != nil {
		return err
	}
	s.o.Log.InfoContext(ctx, "signed in to the portal by a one-time link", s.about(r, slog.String("who", person.ShortName))...)
	return redirect(w, homePath)
}

// mayComeIn finds the person of an owner, if they may sign in now.
func (s *site) mayComeIn(people *directory.Snapshot, owner string) (*directory.Principal, error) {
	if p := people.ByGUID(owner); p != nil && p.State == directory.Active && s.mayEnter(people, p) {
		return p, nil
	}
	return nil, &problem{Status: http.StatusForbidden, Title: "This account may not sign in any more", Reason: "account",
		Detail: "The link was good, but its owner’s account has been closed or has no access here. Ask your administrator."}
}

// spent is the answer to a link that was used before, is too old, or never was: only its maker is told which.
func spent(used time.Time) *problem {
	p := &problem{Status: http.StatusGone, Title: "This link does not work any more", Reason: "link-spent",
		Detail: "A one-time link works once and not for long, and only the newest one does. Make a new one in the portal under Another device, or ask whoever sent it to you for another."}
	if !used.IsZero() {
		p.Detail = "It has been used already. A one-time link works once and not for long, and only the newest one does. Make a new one in the portal under Another device, or ask whoever sent it to you for another."
	}
	return p
}

// nameOf is what a person is called.
func nameOf(p *directory.Principal) string {
	if p.FullName != "" {
		return p.FullName
	}
	return p.ShortName
}

// cutAgent is a User-Agent as it is kept: text of no great length.
func cutAgent(agent string) string {
	const most = 200
	return strings.ToValidUTF8(strings.ReplaceAll(agent[:min(len(agent), most)], "\x00", ""), "")
}
