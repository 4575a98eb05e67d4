package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"calport/profiles"
)

// Scopes of bearer tokens.
const (
	ScopeList    = "list"    // which profiles there are, and whose have changed
	ScopeRead    = "read"    // the profiles themselves
	ScopeSecrets = "secrets" // those that hold a password, and making an app password for a device
)

// Scopes lists the scopes.
var Scopes = []string{ScopeList, ScopeRead, ScopeSecrets}

// apiRoute is one operation of the payload source. A row for GET answers HEAD as well. The document of OpenAPI is made
// of the rows.
type apiRoute struct {
	Method  string
	Path    string      // as chi reads it
	Scope   string      // what the token must open; empty: anybody, without a token
	Query   []string    // the parameters there are, of apiParameters; any other is refused, since it would be a mistyped one
	Body    []mediaType // what may be sent; none: nothing is read
	Answer  apiAnswer
	Summary string
	Serve   apiHandler
}

// apiAnswer is what comes when all is well.
type apiAnswer struct {
	Status int
	Type   mediaType
	JSON   any // a zero value of what the JSON is made of; nil: no JSON, or any
}

type mediaType string

// Media types of the payload source, beside that of profiles.
const (
	jsonType  mediaType = "application/json"
	derType   mediaType = "application/pkix-cert"       // RFC 2585 section 4.1
	pemType   mediaType = "application/x-pem-file"      // of no standard, and the one in use
	aspenType mediaType = mediaType(profiles.MediaType) // a profile, signed or not
)

// apiHandler serves one operation for who holds the token.
type apiHandler func(s *site, w http.ResponseWriter, r *http.Request, t Token) error

var (
	aProfile     = apiAnswer{http.StatusOK, aspenType, nil}
	aNewProfile  = apiAnswer{http.StatusCreated, aspenType, nil}
	certificates = []mediaType{derType, pemType}
)

// api lists the payload source.
var api = []apiRoute{
	{http.MethodGet, "/api/v1/profiles", ScopeList, []string{"cursor", "group", "limit", "platform", "since", "user"}, nil,
		apiAnswer{http.StatusOK, jsonType, listPage{}}, "Lists the calendar profiles page by page, or those that have changed since a revision", (*site).listProfiles},
	{http.MethodGet, "/api/v1/profiles/{file}", ScopeRead, []string{"platform", "signed"}, nil,
		aProfile, "One calendar profile: {short name | guid:… | mail:…}.mobileconfig", (*site).readProfile},
	{http.MethodPost, "/api/v1/profiles/{file}", ScopeSecrets, []string{"device", "platform", "signed"}, nil,
		aNewProfile, "Makes an app password for a device and gives the profile with it inside", (*site).makeProfile},
	{http.MethodPost, "/api/v1/encrypted/{file}", ScopeRead, []string{"device", "platform", "signed"}, certificates,
		aProfile, "One calendar profile, its payloads encrypted for the device whose RSA certificate is sent; with device, and the scope secrets, an app password inside", (*site).encryptProfile},
	{http.MethodGet, "/api/v1/events", ScopeList, []string{"after", "limit", "wait"}, nil,
		apiAnswer{http.StatusOK, jsonType, eventPage{}}, "Tells whose profiles have been added, changed or removed after a revision; each person once, with the latest", (*site).listEvents},
	{http.MethodGet, "/api/v1/ddm/{user}/declarations", ScopeRead, nil, nil,
		apiAnswer{http.StatusOK, jsonType, declarationList{}}, "The declarations of a person", (*site).listDeclarations},
	{http.MethodPost, "/api/v1/ddm/{user}/declarations", ScopeSecrets, []string{"device"}, nil,
		apiAnswer{http.StatusCreated, jsonType, declarationList{}}, "Makes an app password for a device and gives the declarations, and the documents that their credentials refer to, with it inside", (*site).makeDeclarations},
	{http.MethodGet, "/api/v1/ddm/{user}/declarations/{identifier}", ScopeRead, nil, nil,
		apiAnswer{http.StatusOK, jsonType, declaration{}}, "One declaration", (*site).readDeclaration},
	{http.MethodGet, "/api/v1/ddm/{user}/credential/{identifier}", ScopeRead, nil, nil,
		apiAnswer{http.StatusOK, jsonType, credential{}}, "The document that a credential refers to, of the size and digest given there", (*site).readCredential},
	{http.MethodGet, "/v1/profiles", ScopeList, []string{"name"}, nil,
		apiAnswer{http.StatusOK, jsonType, map[string]nanoProfile{}}, "Lists the calendar profiles, or those of the names given, as NanoCMD does", (*site).listNano},
	{http.MethodGet, "/v1/profile/{name}", ScopeRead, []string{"platform", "signed"}, nil,
		aProfile, "One calendar profile, by its name in that list", (*site).readNano},
	{http.MethodGet, "/api/v1/openapi.json", "", nil, nil,
		apiAnswer{http.StatusOK, jsonType, nil}, "This document", (*site).describeAPI},
}

// serve lets a request through that has a token for it and no parameter that is unknown.
func (a apiRoute) serve(s *site, w http.ResponseWriter, r *http.Request) error {
	var token Token
	if a.Scope != "" {
		w.Header().Set("Vary", "Authorization")
		var err error
		if token, err = s.token(r); err != nil {
			return err
		}
		if err := token.needs(a.Scope); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(a.Query, name) {
			there := "There is no parameter %s here; there are %s."
			if len(a.Query) == 0 {
				there = "There is no parameter %s here; there are none%s."
			}
			return &problem{Status: http.StatusBadRequest, Title: "The address has a mistake", Reason: "parameter",
				Detail: english(there), Args: []any{quote(name), strings.Join(a.Query, ", ")}}
		}
	}
	return a.Serve(s, w, r, token)
}

// needs refuses a token that lacks a scope.
func (t Token) needs(scope string) error {
	if t.opens(scope) {
		return nil
	}
	return &problem{
		Status: http.StatusForbidden, Title: "The token does not open this", Reason: "scope",
		Detail: "The token %s lacks the scope %s. Make one that has it with calport token create.", Args: []any{quote(t.Name), scope},
		Header: challenge(`error="insufficient_scope", scope="` + scope + `"`), // RFC 6750 section 3.1
	}
}

// isMachine reports whether a path is the payload source's, whose problems are JSON.
func isMachine(path string) bool {
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/v1/")
}
