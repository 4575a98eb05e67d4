package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Scopes of bearer tokens.
const (
	ScopeList    = "list"    // which profiles there are, and whose have changed
	ScopeRead    = "read"    // the profiles themselves
	ScopeSecrets = "secrets" // those that hold a password, and making an app password for a device
)

// Scopes lists the scopes.
var Scopes = []string{ScopeList, ScopeRead, ScopeSecrets}

// apiRoute is one operation of the payload source. A row for GET answers HEAD as well.
type apiRoute struct {
	Method  string
	Path    string   // as chi reads it
	Scope   string   // what the token must open
	Query   []string // the parameters there are; any other is refused, since it would be a mistyped one
	Summary string
	Serve   apiHandler
}

// apiHandler serves one operation for who holds the token.
type apiHandler func(s *site, w http.ResponseWriter, r *http.Request, t Token) error

// api lists the payload source.
var api = []apiRoute{
	{http.MethodGet, "/api/v1/profiles", ScopeList, []string{"cursor", "limit", "platform"},
		"Lists the calendar profiles page by page", (*site).listProfiles},
	{http.MethodGet, "/api/v1/profiles/{file}", ScopeRead, []string{"platform", "signed"},
		"One calendar profile: {short name | guid:… | mail:…}.mobileconfig", (*site).readProfile},
	{http.MethodPost, "/api/v1/profiles/{file}", ScopeSecrets, []string{"device", "platform", "signed"},
		"Makes an app password for a device and gives the profile with it inside", (*site).makeProfile},
}

// serve lets a request through that has a token for it and no parameter that is unknown.
func (a apiRoute) serve(s *site, w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Vary", "Authorization")
	token, err := s.token(r)
	if err != nil {
		return err
	}
	if !token.opens(a.Scope) {
		return &problem{
			Status: http.StatusForbidden, Title: "The token does not open this", Reason: "scope",
			Detail: "The token %s lacks the scope %s. Make one that has it with calport token create.", Args: []any{quote(token.Name), a.Scope},
			Header: challenge(`error="insufficient_scope", scope="` + a.Scope + `"`), // RFC 6750 section 3.1
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(a.Query, name) {
			return &problem{Status: http.StatusBadRequest, Title: "The address has a mistake", Reason: "parameter",
				Detail: "There is no parameter %s here; there are %s.", Args: []any{quote(name), strings.Join(a.Query, ", ")}}
		}
	}
	return a.Serve(s, w, r, token)
}
