package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"calport/directory"
	"calport/directory/signin"
	"calport/profiles"
)

// secretPassword is the name under which a session keeps an app password that was just made.
const secretPassword = "app-password"

// installFor is how long a profile can be made of an app password that was just made.
const installFor = 10 * time.Minute

// maxPasswordName bounds what people call an app password, in characters.
const maxPasswordName = 60

// passwordView shows an app password, this once.
type passwordView struct {
	Name     string
	Groups   []string // of the secret, for reading
	UserName string
	Expires  time.Time // zero: never
	Device   device
	Install  bool // into a profile for this device
	Platform profiles.Platform
	Minutes  int // for which the profile can be made
}

// makePassword makes an app password and shows it: for the device before us, whose old one ends, or for whatever its
// name says.
func (s *site) makePassword(w http.ResponseWriter, r *http.Request) error {
	if err := s.readPasswordForm(w, r); err != nil {
		return err
	}
	view := passwordView{Device: deviceOf(r.UserAgent()), Install: r.PostForm.Get("for") == "this", Minutes: int(installFor.Minutes())}
	platform, err := profiles.ParsePlatform(r.PostForm.Get("platform"))
	if err != nil {
		platform = view.Device.Platform
	}
	view.Platform = platform
	if view.Name = passwordName(r.PostForm.Get("name")); view.Name == "" {
		view.Name = deviceName(s.tongueOf(r), view.Device)
	}
	made := AppPassword{Name: view.Name}
	if view.Install {
		made.Device = identify(w, r)
	}
	if err := s.mayMake(r.Context(), made.Device); err != nil {
		return err
	}
	secret, made, err := s.newPassword(r, visitorOf(r.Context()).person, made)
	if err != nil {
		return err
	}
	if view.Install {
		if err := s.sessions.keep(r.Context(), secretPassword, secret, s.o.Now().Add(installFor)); err != nil {
			return err
		}
	}
	view.Expires = made.Expires
	for group := range slices.Chunk([]byte(secret), 4) {
		view.Groups = append(view.Groups, string(group))
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	view.UserName = accountOf(renderer.Generator.Show(renderer.Directory, visitorOf(r.Context()).person)).UserName
	return s.render(w, r, http.StatusOK, "password", "App password", view)
}

// readPasswordForm reads a form about app passwords, if there are any here for this person.
func (s *site) readPasswordForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayHavePasswords(visitorOf(r.Context())); err != nil {
		return err
	}
	return readForm(w, r)
}

// mayHavePasswords says why somebody gets no app passwords, if so.
func (s *site) mayHavePasswords(v visitor) error {
	if s.o.AppPasswords == signin.NoAppPasswords {
		return &problem{Status: http.StatusForbidden, Title: "There are no app passwords here", Reason: "app-passwords-off",
			Detail: "The administrator has switched them off. Devices use the password that you sign in with."}
	}
	if !s.mayServe(v) {
		return &problem{Status: http.StatusForbidden, Title: "This account may not use the calendar server", Reason: "not-allowed",
			Detail: "So an app password would open nothing. Ask your administrator to let you in."}
	}
	return nil
}

// mayMake says why a session by a one-time link makes no app password, if so. A link is seen by whoever sees the screen
// that shows it, so it sets one device up: what it leaves behind is one password, which its owner sees among the devices.
func (s *site) mayMake(ctx context.Context, device string) error {
	if !s.sessions.linked(ctx) {
		return nil
	}
	if device == "" {
		return linkedOnly
	}
	first, err := s.sessions.madeFor(ctx, device)
	if err == nil && !first {
		return linkedOnly
	}
	return err
}

var linkedOnly = &problem{Status: http.StatusForbidden, Title: "A link sets up one device", Reason: "linked",
	Detail: "You came here by a one-time link. It makes the app password of this device, and no others, and revokes none. For that, sign in with your password."}

// newPassword makes an app password of a person's.
func (s *site) newPassword(r *http.Request, person *directory.Principal, p AppPassword) (secret string, made AppPassword, err error) {
	p.Owner = ownerOf(person)
	if p.Expires.IsZero() && s.o.AppPasswordLifetime > 0 {
		p.Expires = s.o.Now().Add(s.o.AppPasswordLifetime)
	}
	secret = signin.NewAppPassword()
	made, err = s.o.Records.CreateAppPassword(r.Context(), p, secret)
	if errors.Is(err, ErrTooMany) {
		return "", made, &problem{Status: http.StatusConflict, Title: "You have too many app passwords", Reason: "too-many",
			Detail: "Revoke some that you no longer need, under My devices."}
	}
	if err == nil {
		s.o.Log.InfoContext(r.Context(), "app password made", s.about(r, slog.String("who", person.ShortName), slog.Int64("password", made.ID))...)
	}
	return secret, made, err
}

// revokePassword ends one app password, or all.
func (s *site) revokePassword(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	if s.sessions.linked(r.Context()) {
		return linkedOnly
	}
	person := visitorOf(r.Context()).person
	which := r.PostForm.Get("id")
	if err := s.revoke(r.Context(), ownerOf(person), which); err != nil {
		return err
	}
	s.o.Log.InfoContext(r.Context(), "app password revoked", s.about(r, slog.String("who", person.ShortName), slog.String("password", quote(which)))...)
	return redirect(w, devicesPath)
}

func (s *site) revoke(ctx context.Context, owner, which string) error {
	if which == "all" {
		return s.o.Records.RevokeAppPasswords(ctx, owner)
	}
	id, err := strconv.ParseInt(which, 10, 64)
	found := false
	if err == nil {
		if found, err = s.o.Records.RevokeAppPassword(ctx, owner, id); err != nil {
			return err
		}
	}
	if !found {
		return &problem{Status: http.StatusNotFound, Title: "There is no such app password", Reason: "no-such-password",
			Detail: "It is not among yours. The list under My devices shows those that are."}
	}
	return nil
}

// passwordName is what somebody typed as one line of no great length.
func passwordName(typed string) string {
	name := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(typed, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if letters := []rune(name); len(letters) > maxPasswordName {
		name = string(letters[:maxPasswordName])
	}
	return name
}

// deviceName is what a device is called where its owner does not say.
func deviceName(l *tongue, d device) string {
	if d.Name != "" {
		return d.Name
	}
	return l.word(english("A device"))
}

// mayServe is the rule of signin.DAV.
func (s *site) mayServe(v visitor) bool {
	return s.o.Access.Server.Allows(v.people, v.person) || s.o.Access.Admin.Allows(v.people, v.person)
}
