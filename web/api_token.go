package web

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"calport/directory"
)

// touchInterval is how long a token's last use may be behind: noting it is a durable write.
const touchInterval = time.Minute

// token finds the token of a request. It comes in the Authorization header only (RFC 6750 section 2.1): addresses end
// up in logs.
func (s *site) token(r *http.Request) (Token, error) {
	secret := secretOf(r)
	if secret == "" {
		return Token{}, unauthorized("token-missing", "Send a token: Authorization: Bearer …; calport token create makes one.", "")
	}
	t, found, err := s.o.Tokens.FindToken(r.Context(), secret)
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

// secretOf reads the token's secret: a bearer token, or for tools that know nothing else the password of Basic
// (RFC 7617), whose user name may be anything. Empty if there is neither.
func secretOf(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}

// opens reports whether the token has a scope.
func (t Token) opens(scope string) bool { return slices.Contains(t.Scopes, scope) }

// reaches reports whether the token is for a person too. A group that is no longer in the directory has no members.
func (t Token) reaches(people *directory.Snapshot, p *directory.Principal) bool {
	return len(t.Groups) == 0 || slices.ContainsFunc(t.Groups, func(group string) bool { return people.IsMember(p.GUID, group) })
}

// touchToken notes that a token is in use; when that fails, what the token opens is open all the same.
func (s *site) touchToken(ctx context.Context, t Token) {
	if err := s.o.Tokens.TouchToken(ctx, t.ID); err != nil {
		s.o.Log.WarnContext(ctx, "the use of a token could not be noted", slog.String("token", t.Name), slog.Any("err", err))
	}
}

func unauthorized(reason string, detail english, code string) *problem {
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
