package web

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Scopes of bearer tokens.
const (
	scopeList = "list" // which profiles there are
	scopeRead = "read" // the profiles themselves

	scopeSecrets = "secrets" // profiles with an app password inside, each a live credential
)

// apiRoute is one operation of the payload source. A row for GET answers HEAD as well.
type apiRoute struct {
	Method  string
	Path    string   // as chi reads it
	Scope   string   // what the token must open
	Query   []string // the parameters there are; any other is refused, since it would be a mistyped one
	Summary string
	Serve   handler
}

// api lists the payload source.
var api = []apiRoute{
	{http.MethodGet, "/api/v1/profiles", scopeList, []string{"cursor", "limit", "platform"},
		"Lists the calendar profiles page by page", (*site).listProfiles},
	{http.MethodGet, "/api/v1/profiles/{file}", scopeRead, []string{"platform", "signed"},
		"One calendar profile: {short name | guid:… | mail:…}.mobileconfig", (*site).readProfile},
	{http.MethodPost, "/api/v1/profiles/{file}", scopeSecrets, []string{"device", "platform", "signed"},
		"Makes an app password for a device and gives the profile with it inside", (*site).makeProfile},
}

// serve lets a request through that has a token for it and no parameter that is unknown.
func (a apiRoute) serve(s *site, w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Vary", "Authorization")
	token, err := s.token(r)
	if err != nil {
		return err
	}
	if !slices.Contains(token.Scopes, a.Scope) {
		return &problem{
			Status: http.StatusForbidden, Title: "The token does not open this", Reason: "scope",
			Detail: "The token " + quote(token.Name) + " lacks the scope " + a.Scope + ". Make one that has it with calport token create.",
			Header: challenge(`error="insufficient_scope", scope="` + a.Scope + `"`), // RFC 6750 section 3.1
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(a.Query, name) {
			return &problem{Status: http.StatusBadRequest, Title: "The address has a mistake", Reason: "parameter",
				Detail: "There is no parameter " + quote(name) + " here; there are " + strings.Join(a.Query, ", ") + "."}
		}
	}
	return a.Serve(s, w, r)
}

// touchInterval is how long a token's last use may be behind: noting it is a durable write.
const touchInterval = time.Minute

// token finds the token of a request. It comes in the Authorization header only (RFC 6750 section 2.1): addresses end
// up in logs.
func (s *site) token(r *http.Request) (Token, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(secret) == "" {
		return Token{}, unauthorized("token-missing", "Send a token: Authorization: Bearer …; calport token create makes one.", "")
	}
	t, found, err := s.o.Tokens.FindToken(r.Context(), strings.TrimSpace(secret))
	if err != nil {
		return Token{}, err
	}
	now := s.o.Now()
	switch {
	case !found:
		return Token{}, unauthorized("token-unknown", "The token is not known here.", "invalid_token")
	case !t.Revoked.IsZero():
		return Token{}, unauthorized("token-revoked", "The token has been revoked.", "invalid_token")
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return Token{}, unauthorized("token-expired", "The token has expired.", "invalid_token")
	}
	if now.Sub(t.LastUsed) >= touchInterval {
		s.touchToken(r.Context(), t)
	}
	return t, nil
}

// touchToken notes that a token is in use; when that fails, what the token opens is open all the same.
func (s *site) touchToken(ctx context.Context, t Token) {
	if err := s.o.Tokens.TouchToken(ctx, t.ID); err != nil {
		s.o.Log.WarnContext(ctx, "the use of a token could not be noted", slog.String("token", t.Name), slog.Any("err", err))
	}
}

func unauthorized(reason, detail, code string) *problem {
	parameters := ""
	if code != "" {
		parameters = `error="` + code + `"`
	}
	return &problem{Status: http.StatusUnauthorized, Title: "A token is needed", Detail: detail, Reason: reason, Header: challenge(parameters)}
}

// challenge is the WWW-Authenticate header of RFC 6750 section 3. parameters may be empty: a request without any
// credentials is told nothing more.
func challenge(parameters string) http.Header {
	value := `Bearer realm="calport"`
	if parameters != "" {
		value += ", " + parameters
	}
	return http.Header{"Www-Authenticate": {value}}
}
