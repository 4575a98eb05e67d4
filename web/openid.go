package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"calport/directory"
)

// OpenID is a provider to which people may leave signing in to the portal (OpenID Connect Core 1.0, the authorization
// code flow with PKCE). It says who somebody is; the directory says whether that is one of ours.
type OpenID struct {
	Issuer       string // an https URL; http on loopback only
	ClientID     string
	ClientSecret string
	Name         string   // on the button, such as "Example SSO"
	Scopes       []string // beside openid; nil: email and profile

	// Claim of the ID token finds the person by Match; empty: email, which must be verified.
	Claim string
	Match Match // zero: ByMail

	Client *http.Client // nil: one with a timeout
}

// Match is what of a person a claim is compared with.
type Match uint8

// The ways to match.
const (
	ByMail Match = iota
	ByGUID       // the directory's stable id
	ByShortName
)

var matchNames = []string{"mail", "guid", "short_name"}

// ParseMatch reads a way by its name: mail, guid or short_name.
func ParseMatch(name string) (Match, error) {
	i := slices.Index(matchNames, name)
	if i < 0 {
		return 0, fmt.Errorf("match %q is unknown; known are %q", name, matchNames)
	}
	return Match(i), nil
}

// check finds what is wrong with the provider as configured.
func (o *OpenID) check() error {
	if o == nil {
		return nil
	}
	if err := CheckIssuer(o.Issuer); err != nil {
		return fmt.Errorf("web: %w", err)
	}
	if o.ClientID == "" {
		return errors.New("web: OpenID needs a ClientID")
	}
	return nil
}

// CheckIssuer says what is wrong with the URL of a provider.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return fmt.Errorf("%q is no https URL of an issuer", issuer)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (o OpenID) withDefaults() OpenID {
	if o.Name == "" {
		o.Name = "your organisation"
	}
	if o.Scopes == nil {
		o.Scopes = []string{"email", "profile"}
	}
	if o.Claim == "" {
		o.Claim = emailClaim
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return o
}

const emailClaim = "email"

// provider is an OpenID that is asked for its endpoints when they are first needed: it may be down when we start.
type provider struct {
	OpenID
	callback string // our URL that it leads back to
	now      func() time.Time

	mu    sync.Mutex
	found *oidc.Provider
}

func newProvider(o Options) *provider {
	if o.OpenID == nil {
		return nil
	}
	return &provider{OpenID: o.OpenID.withDefaults(), callback: o.Origin + openIDBackPath, now: o.Now}
}

// discover reads the provider's metadata (OpenID Connect Discovery 1.0 section 4), once.
func (p *provider) discover() (*oidc.Provider, *oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// The context is kept for fetching keys later, so it is not that of a request.
		found, err := oidc.NewProvider(p.context(context.Background()), p.Issuer)
		if err != nil {
			return nil, nil, err
		}
		p.found = found
	}
	return p.found, &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: p.found.Endpoint(), RedirectURL: p.callback,
		Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}, nil
}

func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.Client)
}

// flow is what a browser keeps between going to the provider and coming back. It ties the answer to the browser that
// asked.
type flow struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"` // RFC 7636 section 4.1
	To       string `json:"t"`
	Ends     int64  `json:"e"` // Unix seconds
}

const (
	flowCookie = "__Host-calport-openid"
	flowFor    = 10 * time.Minute
)

// goToProvider sends the browser to the provider.
func (s *site) goToProvider(w http.ResponseWriter, r *http.Request) error {
	if s.openID == nil {
		return noSuchPath
	}
	_, config, err := s.openID.discover()
	if err != nil {
		return s.providerDown(r, err)
	}
	f := flow{
		State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		To: returnTo(r.URL.Query().Get("to")), Ends: s.o.Now().Add(flowFor).Unix(),
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	s.setFlow(w, base64.RawURLEncoding.EncodeToString(text), int(flowFor/time.Second))
	h := w.Header()
	h.Set("Location", config.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// setFlow sets the cookie, or with a negative age removes it. It must come along when the provider leads back, hence
// Lax.
func (s *site) setFlow(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: flowCookie, Value: value, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// flowOf is the flow that the answer of the provider belongs to.
func (s *site) flowOf(r *http.Request) (f flow, ok bool) {
	cookie, err := r.Cookie(flowCookie)
	if err != nil {
		return f, false
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(text, &f) != nil || f.State == "" || f.Nonce == "" || s.o.Now().Unix() >= f.Ends {
		return f, false
	}
	state := r.URL.Query().Get("state")
	return f, subtle.ConstantTimeCompare([]byte(state), []byte(f.State)) == 1
}

// backFromProvider is where the provider sends the browser with its answer.
func (s *site) backFromProvider(w http.ResponseWriter, r *http.Request) error {
	if s.openID == nil {
		return noSuchPath
	}
	f, ok := s.flowOf(r)
	s.setFlow(w, "", -1)
	if !ok {
		return &problem{Status: http.StatusBadRequest, Title: "That sign-in was not begun here", Reason: "openid-state",
			Detail: "It may have taken too long, or begun in another window. Go to the portal and sign in again."}
	}
	if refusal := r.URL.Query().Get("error"); refusal != "" {
		s.o.Log.InfoContext(r.Context(), "the OpenID provider refused", s.about(r, slog.String("error", quote(refusal)))...)
		return &problem{Status: http.StatusForbidden, Title: "You were not signed in", Reason: "openid-refused",
			Detail: "%s did not confirm who you are. Go to the portal and try again.", Args: []any{s.openID.Name}}
	}
	value, err := s.openID.claim(r.Context(), r.URL.Query().Get("code"), f)
	if err != nil {
		return s.providerFailed(r, err)
	}
	person, err := s.personOf(value)
	if err != nil {
		s.o.Log.InfoContext(r.Context(), "signed in with the OpenID provider, but nobody of ours", s.about(r, slog.String("claim", s.openID.Claim), slog.String("value", quote(value)))...)
		return err
	}
	if err := s.noteAdmin(r, person, "provider"); err != nil {
		return err
	}
	if err := s.sessions.start(r.Context(), w, person, byProvider); err != nil {
		return err
	}
	s.o.Log.InfoContext(r.Context(), "signed in to the portal by OpenID Connect", s.about(r, slog.String("who", person.ShortName))...)
	return redirect(w, f.To)
}

var (
	errNonce      = errors.New("the nonce of the ID token is not ours")
	errNoToken    = errors.New("the answer has no ID token")
	errUnverified = errors.New("the mail address is not verified")
)

// claim exchanges the code for an ID token, verifies it and reads the claim that names the person (OpenID Connect Core
// 1.0 sections 3.1.3.3 and 3.1.3.7).
func (p *provider) claim(ctx context.Context, code string, f flow) (string, error) {
	found, config, err := p.discover()
	if err != nil {
		return "", err
	}
	ctx = p.context(ctx)
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return "", err
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return "", errNoToken
	}
	id, err := found.VerifierContext(p.context(context.Background()), &oidc.Config{ClientID: p.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return "", err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return "", errNonce
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return "", err
	}
	value, _ := claims[p.Claim].(string)
	// An address that somebody merely typed there proves nothing (section 5.7).
	if verified, _ := claims["email_verified"].(bool); p.Claim == emailClaim && !verified {
		return "", errUnverified
	}
	return value, nil
}

// personOf finds who may enter by the value of the claim.
func (s *site) personOf(value string) (*directory.Principal, error) {
	people := s.o.People()
	var p *directory.Principal
	if value != "" {
		switch s.openID.Match {
		case ByMail:
			if strings.Contains(value, "@") && !strings.Contains(value, ":") {
				p = people.ByAddress(value)
			}
		case ByGUID:
			p = people.ByGUID(value)
		case ByShortName:
			p = people.ByName(directory.Individual, value)
		}
	}
	switch {
	case p == nil || p.Kind != directory.Individual:
		return nil, &problem{Status: http.StatusForbidden, Title: "You are not in the directory", Reason: "openid-nobody",
			Detail: "%s says who you are, but nobody in the directory of this server is that. Ask your administrator.", Args: []any{s.openID.Name}}
	case p.State != directory.Active:
		words := accountWords[p.State]
		return nil, &problem{Status: http.StatusForbidden, Title: words.title, Detail: words.detail, Reason: "account"}
	case !s.mayEnter(people, p):
		return nil, &problem{Status: http.StatusForbidden, Title: "This account has no calendar here", Reason: "not-allowed",
			Detail: "Your account is not among those that may use this service. Ask your administrator to let you in."}
	}
	return p, nil
}

func (s *site) providerDown(r *http.Request, err error) error {
	s.o.Log.WarnContext(r.Context(), "the OpenID provider cannot be asked", s.about(r, slog.Any("err", err))...)
	return &problem{Status: http.StatusServiceUnavailable, Title: "You cannot be signed in at the moment", Reason: "openid-down", RetryAfter: 30 * time.Second,
		Detail: "%s does not answer. Try again in a few minutes, or sign in with your password.", Args: []any{s.openID.Name}}
}

// providerFailed tells a provider that is down from an answer that proves nothing. Of an error of the token endpoint
// the log gets its code only: the body might hold more.
func (s *site) providerFailed(r *http.Request, err error) error {
	var refused *oauth2.RetrieveError
	var unreachable net.Error
	switch {
	case errors.As(err, &refused):
		err = fmt.Errorf("the token endpoint answers %s %s", refused.Response.Status, refused.ErrorCode)
	case errors.As(err, &unreachable):
		return s.providerDown(r, err)
	}
	s.o.Log.WarnContext(r.Context(), "what the OpenID provider said proves nothing", s.about(r, slog.Any("err", err))...)
	return &problem{Status: http.StatusForbidden, Title: "You were not signed in", Reason: "openid-invalid",
		Detail: "The answer of %s could not be verified. Try again, or tell your administrator.", Args: []any{s.openID.Name}}
}
