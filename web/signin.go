package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"calport/directory"
	"calport/directory/signin"
)

// maxForm bounds the forms of this site, in bytes.
const maxForm = 16 << 10

// signInView is the form to sign in with.
type signInView struct {
	Name       string // as typed before
	To         string // where to go afterwards
	IsDownload bool   // going there starts a download, and this page stays on the screen
	Device     device
	OpenID     string   // the name of the provider to sign in with; empty: none
	Trouble    *trouble // nil: first try
}

// trouble is why signing in did not work, in words for the person.
type trouble struct {
	Status     int
	Title      english
	Detail     phrase
	RetryAfter time.Duration // zero: not said
}

func (s *site) askName(w http.ResponseWriter, r *http.Request) error {
	to := returnTo(r.URL.Query().Get("to"))
	if visitorOf(r.Context()).person != nil {
		return redirect(w, to)
	}
	return s.showSignIn(w, r, http.StatusOK, signInView{To: to})
}

func (s *site) showSignIn(w http.ResponseWriter, r *http.Request, status int, view signInView) error {
	view.IsDownload = strings.HasPrefix(view.To, profilesPath)
	view.Device = deviceOf(r.UserAgent())
	if s.openID != nil {
		view.OpenID = s.openID.Name
	}
	return s.render(w, r, status, "signin", "Sign in", view)
}

func (s *site) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	view := signInView{Name: strings.TrimSpace(r.PostForm.Get("name")), To: returnTo(r.PostForm.Get("to"))}
	person, err := s.o.SignIn.Check(r.Context(), signin.Attempt{
		Login: view.Name, Password: r.PostForm.Get("password"), From: s.o.ClientAddr(r.Context()), For: signin.Portal,
	})
	if err == nil {
		if err := s.noteAdmin(r, person, "password"); err != nil {
			return err
		}
		if err := s.sessions.start(r.Context(), w, person, byPassword); err != nil {
			return err
		}
		s.o.Log.InfoContext(r.Context(), "signed in to the portal", s.about(r, slog.String("who", person.ShortName))...)
		return redirect(w, view.To)
	}
	if view.Trouble = troubleOf(err); view.Trouble == nil {
		return err
	}
	s.o.Log.InfoContext(r.Context(), "sign-in to the portal refused", s.about(r, slog.Int("status", view.Trouble.Status), slog.Any("reason", err))...)
	if view.Trouble.RetryAfter > 0 {
		w.Header().Set("Retry-After", retryAfter(view.Trouble.RetryAfter))
	}
	return s.showSignIn(w, r, view.Trouble.Status, view)
}

// about is what a log line says of every request. The name that was typed is not in it: people type their password
// there.
func (s *site) about(r *http.Request, more ...any) []any {
	return append([]any{slog.String("id", s.o.RequestID(r.Context())), slog.Any("from", s.o.ClientAddr(r.Context()))}, more...)
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.sessions.end(r.Context(), w); err != nil {
		return err
	}
	return redirect(w, signInPath)
}

// readForm reads a form of this site; what is wrong with it is a problem.
func readForm(w http.ResponseWriter, r *http.Request) error { return readFormOf(w, r, maxForm) }

// readFormOf is readForm for a form of another size in bytes.
func readFormOf(w http.ResponseWriter, r *http.Request, size int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, size)
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	if err == nil || errors.As(err, &tooLarge) {
		return err
	}
	return formProblem
}

// formProblem: what was sent is of another form.
var formProblem = &problem{
	Status: http.StatusBadRequest, Title: "The form could not be read", Reason: "form",
	Detail: "What was sent is not what the form of this page sends. Go back and try again.",
}

// troubleOf says in words why somebody was not let in; nil if the error is none that the person can do anything about.
func troubleOf(err error) *trouble {
	var account *directory.AccountError
	var throttled *signin.ThrottledError
	switch {
	case errors.Is(err, directory.ErrCredentials):
		// 422, not 401: that would have to come with a challenge (RFC 9110 section 15.5.2), which makes browsers ask.
		return &trouble{Status: http.StatusUnprocessableEntity, Title: "Wrong name or password",
			Detail: say("Check both and try again. Capital letters matter in the password.")}
	case errors.As(err, &account):
		words := accountWords[account.State]
		return &trouble{Status: http.StatusForbidden, Title: words.title, Detail: say(words.detail)}
	case errors.Is(err, signin.ErrNotAllowed):
		return &trouble{Status: http.StatusForbidden, Title: "This account has no calendar here",
			Detail: say("Your password is right, but your account is not among those that may use this service. Ask your administrator to let you in.")}
	case errors.As(err, &throttled):
		return &trouble{Status: http.StatusServiceUnavailable, RetryAfter: throttled.RetryAfter, Title: "Too many wrong passwords",
			Detail: say("To keep your account from being locked, the password was not tried this time. Wait %s, then try again. If a phone or computer still has an old password, change it there first.", waitWords(throttled.RetryAfter))}
	case errors.Is(err, directory.ErrUnavailable):
		return &trouble{Status: http.StatusServiceUnavailable, RetryAfter: 30 * time.Second, Title: "Passwords cannot be checked at the moment",
			Detail: say("The directory of your organisation does not answer, so nobody can sign in. Your password may well be right: try again in a few minutes.")}
	}
	return nil
}

// accountWords says what each state of an account means for its owner.
var accountWords = map[directory.State]struct{ title, detail english }{
	directory.Active:     {"This account may not sign in", "The directory refuses it without saying why. Ask your administrator."},
	directory.Disabled:   {"This account is switched off", "An administrator has disabled it. Ask them to enable it again."},
	directory.Locked:     {"This account is locked", "There were too many wrong passwords, perhaps from a phone or computer that still has an old one. Change it there, then wait for the lock to end or ask your administrator to lift it."},
	directory.Expired:    {"This account, or its password, has expired", "Change your password where you usually do, for example on your work computer, then come back. If that does not help, ask your administrator."},
	directory.MustChange: {"You need a new password first", "The directory wants you to change your password before its first use. Change it where you usually do, for example on your work computer, then come back."},
	directory.Gone:       {"This account no longer exists", "It is not in the directory any more. If that is a mistake, ask your administrator."},
}
