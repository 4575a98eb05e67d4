package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"calport/profiles"
	"calport/profiles/export"
)

// devicesView is what a person's devices have got and do.
type devicesView struct {
	Now       time.Time
	Downloads []shownDownload
	Passwords []shownPassword
	Ended     []AppPassword // revoked or expired lately
	Clients   []shownClient
	May       bool // use the server at all
}

// shownDownload is a device with a profile.
type shownDownload struct {
	Download
	This  bool   // the device before us
	State string // newest, older; empty if that cannot be told
}

// shownPassword is an app password that works.
type shownPassword struct {
	AppPassword
	This   bool // of the device before us
	Client phrase
	Soon   bool // it ends soon
}

// shownClient is a calendar program with one password.
type shownClient struct {
	Client
	Words    phrase  // what it is
	Password string  // the name of its app password; empty: the directory's, or one that is gone
	Gone     bool    // its app password
	Trouble  english // what went wrong last; empty: nothing since it worked
}

// What counts as soon, and as lately.
const (
	soon   = 14 * 24 * time.Hour
	lately = 30 * 24 * time.Hour
)

// maxEnded is how many ended app passwords are shown.
const maxEnded = 10

func (s *site) devices(w http.ResponseWriter, r *http.Request) error {
	view, err := s.devicesOf(r.Context(), visitorOf(r.Context()), deviceID(r))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "devices", "My devices", view)
}

// devicesOf is about the devices of a person; this is the one before us.
func (s *site) devicesOf(ctx context.Context, v visitor, this string) (view devicesView, err error) {
	owner := ownerOf(v.person)
	view = devicesView{Now: s.o.Now(), May: s.mayServe(v)}
	renderer, err := s.o.Renderer(ctx)
	if err != nil {
		return view, err
	}
	downloads, err := s.o.Records.Downloads(ctx, owner)
	if err != nil {
		return view, err
	}
	for _, d := range downloads {
		view.Downloads = append(view.Downloads, shownDownload{d, d.Device == this, s.stateOf(ctx, renderer, v, d)})
	}
	passwords, err := s.o.Records.AppPasswords(ctx, owner)
	if err != nil {
		return view, err
	}
	programs, err := s.o.Records.Clients(ctx, owner)
	if err != nil {
		return view, err
	}
	view.showPasswords(passwords, this)
	view.showClients(programs, passwords)
	return view, nil
}

// stateOf says whether a device has the profile that it would get now.
func (s *site) stateOf(ctx context.Context, renderer *export.Renderer, v visitor, d Download) string {
	platform, err := profiles.ParsePlatform(d.Platform)
	if err != nil {
		return ""
	}
	a, err := s.calendarOf(ctx, renderer, v.people, v.person, platform, false)
	switch {
	case err != nil:
		return ""
	case a.Profile.UUID == d.Profile:
		return "newest"
	}
	return "older"
}

func (v *devicesView) showPasswords(all []AppPassword, this string) {
	for _, p := range all {
		switch {
		case ofTest(p):
		case p.Valid(v.Now):
			shown := shownPassword{AppPassword: p, This: p.Device != "" && p.Device == this, Soon: !p.Expires.IsZero() && p.Expires.Sub(v.Now) < soon}
			if !p.LastUsed.IsZero() {
				shown.Client = clientWords(p.LastClient)
			}
			v.Passwords = append(v.Passwords, shown)
		case len(v.Ended) < maxEnded && v.Now.Sub(endOf(p)) < lately:
			v.Ended = append(v.Ended, p)
		}
	}
}

// endOf is when a password ended.
func endOf(p AppPassword) time.Time {
	if p.Revoked.IsZero() || !p.Expires.IsZero() && p.Expires.Before(p.Revoked) {
		return p.Expires
	}
	return p.Revoked
}

func (v *devicesView) showClients(all []Client, passwords []AppPassword) {
	for _, n := range all {
		c := shownClient{Client: n, Words: clientWords(n.Agent)}
		if n.AppPassword != 0 {
			c.Gone = true
			if i := slices.IndexFunc(passwords, func(p AppPassword) bool { return p.ID == n.AppPassword }); i >= 0 {
				if ofTest(passwords[i]) {
					continue
				}
				c.Password, c.Gone = passwords[i].Name, false
			}
		}
		if n.Failures > 0 || n.Failed.After(n.Succeeded) {
			c.Trouble = reasons[n.Reason]
		}
		v.Clients = append(v.Clients, c)
	}
}

// reasons says what a word of signin.Reasons means for the owner of a device, and what to do about it.
var reasons = map[string]english{
	"wrong-password":      "It sends a wrong password. Type the right one in the settings of its account.",
	"app-password-needed": "It sends the password that you sign in with here, which does not open the calendars. Make an app password for it.",
	"app-password-ended":  "Its app password has been revoked or has expired. Make a new one for it, or remove the account from it.",
	"not-allowed":         "Its password is right, but your account may not use the calendar server. Ask your administrator.",
	"account":             "Your account is locked, expired or switched off. Ask your administrator.",
	"throttled":           "There were too many wrong passwords, so it has to wait. Type the right one in the settings of its account.",
}

// Refused says briefly, for administrators, why the program was refused last.
func (c shownClient) Refused() english { return refusals[c.Reason] }

// refusals are the same words of signin.Reasons, for administrators.
var refusals = map[string]english{
	"wrong-password":      "wrong password",
	"app-password-needed": "the directory’s password, where an app password is needed",
	"app-password-ended":  "an app password that is revoked or expired",
	"not-allowed":         "right password, but the account may not use the calendar server",
	"account":             "the account is locked, expired or switched off",
	"throttled":           "it has to wait after too many wrong passwords",
}

// noteDownload remembers what the device has got. A device that forgot its cookie counts as a new one.
func (s *site) noteDownload(w http.ResponseWriter, r *http.Request, platform profiles.Platform, uuid string) {
	id := identify(w, r)
	if r.Method != http.MethodGet {
		return
	}
	d := deviceOf(r.UserAgent())
	err := s.o.Records.NoteDownload(r.Context(), Download{
		Owner: ownerOf(visitorOf(r.Context()).person), Device: id, Name: deviceName(s.tongueOf(r), d), Platform: platform.String(), Profile: uuid,
	})
	if err != nil { // the profile can be had all the same
		s.o.Log.WarnContext(r.Context(), "a download could not be noted", s.about(r, "err", err)...)
	}
}
