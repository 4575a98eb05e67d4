package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"calport/directory/signin"
	"calport/profiles"
	"calport/profiles/check"
)

// testDevice begins the name of the device whose app password the connection test makes for itself; it is in no list.
// Each test is a device of its own, so that of two at once neither ends the other's password.
const testDevice = "connection-test "

// ofTest says whether an app password is one of a connection test.
func ofTest(p AppPassword) bool { return strings.HasPrefix(p.Device, testDevice) }

// Bounds of a connection test.
const (
	testTime     = 40 * time.Second
	testStep     = 8 * time.Second
	testsAtATime = 4
	testPassword = 5 * time.Minute // how long its app password lasts if it is not revoked
)

// testView is the form of the connection test, and what it found.
type testView struct {
	Account account
	Asks    bool // for the password: it makes none of its own
	Trouble english
	Steps   []check.Result // nil: not run yet
	Verdict verdict
	Took    phrase
}

// verdict is what the whole test says to somebody whose device does not work.
type verdict struct {
	Good  bool
	Title english
	Words english
}

// verdicts are by the first step that failed, in the order in which a device comes to them.
var verdicts = map[string]verdict{
	"address": {false, "The name of the server cannot be found", "No device can reach it at the moment. Tell your administrator: the host name has no address."},
	"connect": {false, "The server cannot be reached", "It is not your device. Tell your administrator: nothing answers at the public address, seen from the server itself."},
	"tls":     {false, "The server cannot prove who it is", "Devices refuse to send it your password, and they are right. Tell your administrator: the TLS certificate is not in order."},
	"sign-in": {false, "The server does not take your name and password", "If you have just typed the password, try it again. If it works here in the portal, tell your administrator what is below."},
	"profile": {false, "Your profile has a mistake", "Devices would refuse to install it. Tell your administrator what is below."},
}

var (
	allWell = verdict{true, "Everything works from here", "Your name, your calendars and the server are in order. If a device still does not show them: does it have the right password? Has it full trust in our certificate? Is it on a network that lets it reach the server?"}
	broken  = verdict{false, "Something is wrong with the server", "It is not your device. Tell your administrator what is below."}
)

func (s *site) askTest(w http.ResponseWriter, r *http.Request) error {
	view, _, err := s.testOf(r)
	if err != nil {
		return err
	}
	return s.showTest(w, r, view)
}

func (s *site) showTest(w http.ResponseWriter, r *http.Request, view testView) error {
	status := http.StatusOK
	if view.Trouble != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, "test", "Connection test", view)
}

// testOf is the page, and the account that the test walks, as far as it is known without a password.
func (s *site) testOf(r *http.Request) (view testView, a check.Account, err error) {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return view, a, err
	}
	v := visitorOf(r.Context())
	view.Account = accountOf(renderer.Generator.Show(renderer.Directory, v.person))
	view.Asks = s.o.AppPasswords == signin.NoAppPasswords
	a = s.o.Walk
	a.Host, a.User, a.Timeout = view.Account.Host, view.Account.UserName, testStep
	if a.Port, err = strconv.Atoi(view.Account.Port); err != nil {
		return view, a, err
	}
	if profile, err := s.calendarOf(r.Context(), renderer, v.people, v.person, profiles.Any, false); err == nil {
		a.Profile = profile.Bytes
	}
	return view, a, nil
}

// runTest walks the account of the person as a device would.
func (s *site) runTest(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	view, a, err := s.testOf(r)
	if err != nil {
		return err
	}
	if a.Password = r.PostForm.Get("password"); view.Asks && a.Password == "" {
		view.Trouble = "Type your password: the test signs in with it as a device would. It is not kept."
		return s.showTest(w, r, view)
	}
	select {
	case s.tests <- struct{}{}:
		defer func() { <-s.tests }()
	default:
		return &problem{Status: http.StatusServiceUnavailable, Title: "Others are testing at the moment", Reason: "busy", RetryAfter: testStep,
			Detail: "Only a few tests run at a time. Try again in a few seconds."}
	}
	if a.Password == "" && s.mayServe(visitorOf(r.Context())) {
		secret, made, err := s.newPassword(r, visitorOf(r.Context()).person, AppPassword{Name: "Connection test", Device: testDevice + rand.Text(), Expires: s.o.Now().Add(testPassword)})
		if err != nil {
			return err
		}
		defer s.endTest(context.WithoutCancel(r.Context()), made)
		a.Password = secret
	}
	ctx, cancel := context.WithTimeout(r.Context(), testTime)
	defer cancel()
	start := time.Now()
	report, err := check.Run(ctx, a, nil)
	if err != nil && report == nil {
		return err
	}
	view.Took = say("%.1f seconds", time.Since(start).Seconds())
	view.judge(report)
	return s.showTest(w, r, view)
}

func (s *site) endTest(ctx context.Context, p AppPassword) {
	if _, err := s.o.Records.RevokeAppPassword(ctx, p.Owner, p.ID); err != nil {
		s.o.Log.WarnContext(ctx, "the app password of a connection test could not be revoked; it ends by itself", slog.Any("err", err))
	}
}

// judge keeps what was not skipped, and says what the first failure means.
func (v *testView) judge(report check.Report) {
	v.Verdict = allWell
	for _, step := range report {
		if step.State == check.Skipped {
			continue
		}
		v.Steps = append(v.Steps, step)
		if step.State != check.Failed || !v.Verdict.Good {
			continue
		}
		if v.Verdict = verdicts[step.Step]; v.Verdict.Title == "" {
			v.Verdict = broken
		}
	}
}
