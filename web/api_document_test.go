package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"calport/directory/signin"
	"calport/profiles"
)

// tour is one good request for each row of the table, by method and path. The test of the document walks it, and so do
// those of what is refused.
var tour = map[string]string{
	"GET /api/v1/profiles":                             "/api/v1/profiles?limit=2&platform=ios",
	"GET /api/v1/profiles/{file}":                      "/api/v1/profiles/ada.mobileconfig",
	"POST /api/v1/profiles/{file}":                     "/api/v1/profiles/ada.mobileconfig?device=x",
	"POST /api/v1/encrypted/{file}":                    "/api/v1/encrypted/ada.mobileconfig",
	"GET /api/v1/events":                               "/api/v1/events?after=0&limit=3",
	"GET /api/v1/ddm/{user}/declarations":              "/api/v1/ddm/ada/declarations",
	"POST /api/v1/ddm/{user}/declarations":             "/api/v1/ddm/ada/declarations?device=y",
	"GET /api/v1/ddm/{user}/declarations/{identifier}": "/api/v1/ddm/ada/declarations/ID",
	"GET /api/v1/ddm/{user}/credential/{identifier}":   "/api/v1/ddm/ada/credential/CREDENTIAL",
	"GET /v1/profiles":                                 "/v1/profiles?name=ada&name=grace",
	"GET /v1/profile/{name}":                           "/v1/profile/ada",
	"GET /api/v1/openapi.json":                         "/api/v1/openapi.json",
}

// stops are the rows of the table with the request of the tour, its identifiers filled in.
func (h *house) stops(t *testing.T) (rows []apiRoute, paths []string) {
	t.Helper()
	renderer, err := h.options.Renderer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := renderer.Generator.Declarations(renderer.Directory, h.person(t, "ada"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range api {
		path, known := tour[a.Method+" "+a.Path]
		if !known {
			t.Errorf("the tour does not stop at %s %s", a.Method, a.Path)
			continue
		}
		rows = append(rows, a)
		paths = append(paths, strings.NewReplacer("CREDENTIAL", list[0].Identifier, "ID", list[1].Identifier).Replace(path))
	}
	if len(tour) != len(api) {
		t.Errorf("the tour has %d stops, the table %d rows", len(tour), len(api))
	}
	return rows, paths
}

// body is what a row's request sends.
func (a apiRoute) body(t *testing.T) (content string, header []string) {
	t.Helper()
	if len(a.Body) == 0 {
		return "", nil
	}
	cert, _ := newDevice(t, "rsa")
	return string(cert.Raw), []string{"Content-Type", string(derType)}
}

// described is the part of OpenAPI that the test reads.
type described struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Parameters []struct {
		Name, In, Description string
		Required              bool
	}
	RequestBody *struct{ Content map[string]json.RawMessage }
	Responses   map[string]struct {
		Content map[string]struct{ Schema schema }
	}
	Security []map[string][]string
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Properties           map[string]schema
	Required             []string
	AdditionalProperties json.RawMessage
	Items                *schema
	OneOf                []schema
}

// check compares a value with its schema.
func (d described) check(path string, s schema, value any) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, path+" "+fmt.Sprintf(format, args...)) }
	if s.Ref != "" {
		named, known := d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		if !known {
			bad("refers to %s", s.Ref)
		}
		return append(wrong, d.check(path, named, value)...)
	}
	if len(s.OneOf) > 0 {
		if value == nil {
			return nil
		}
		return d.check(path, s.OneOf[0], value)
	}
	switch v := value.(type) {
	case string:
		if s.Type != "string" {
			bad("is a string, not %s", s.Type)
		}
	case bool:
		if s.Type != "boolean" {
			bad("is a boolean, not %s", s.Type)
		}
	case float64:
		if s.Type != "integer" || v != float64(int64(v)) {
			bad("is a number, not %s", s.Type)
		}
	case []any:
		if s.Type != "array" || s.Items == nil {
			bad("is an array, not %s", s.Type)
			return wrong
		}
		for i, item := range v {
			wrong = append(wrong, d.check(fmt.Sprintf("%s[%d]", path, i), *s.Items, item)...)
		}
	case map[string]any:
		if s.Type != "object" {
			bad("is an object, not %s", s.Type)
		}
		for _, name := range s.Required {
			if _, there := v[name]; !there {
				bad("lacks %s", name)
			}
		}
		for name, inner := range v {
			if p, known := s.Properties[name]; known {
				wrong = append(wrong, d.check(path+"."+name, p, inner)...)
				continue
			}
			var of schema
			if string(s.AdditionalProperties) == "false" {
				bad("has %s, which the document does not know", name)
			} else if json.Unmarshal(s.AdditionalProperties, &of) == nil {
				wrong = append(wrong, d.check(path+"."+name, of, inner)...)
			}
		}
	default:
		bad("is %v", value)
	}
	return wrong
}

func TestTheDocumentSaysWhatTheAPIDoes(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	h.feed(t)
	secret, _ := h.token(t, "mdm", Scopes...)
	b := h.browser(t)
	var d described
	b.get("/api/v1/openapi.json").wants(t, http.StatusOK).decode(t, &d)
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("version %s", d.OpenAPI)
	}
	rows, paths := h.stops(t)
	count := 0
	for _, methods := range d.Paths {
		count += len(methods)
	}
	if count != len(api) {
		t.Errorf("the document has %d operations, the table %d rows", count, len(api))
	}
	for i, a := range rows {
		o, known := d.Paths[a.Path][strings.ToLower(a.Method)]
		if !known {
			t.Errorf("the document lacks %s %s", a.Method, a.Path)
			continue
		}
		for _, p := range o.Parameters {
			if p.Description == "" || p.Required != (p.In == "path") || p.In == "query" && !slices.Contains(a.Query, p.Name) {
				t.Errorf("%s %s: parameter %+v", a.Method, a.Path, p)
			}
		}
		if want := len(a.Query) + strings.Count(a.Path, "{"); len(o.Parameters) != want || (len(o.Security) > 0) != (a.Scope != "") || (o.RequestBody != nil) != (len(a.Body) > 0) {
			t.Errorf("%s %s: %d parameters, want %d; security %v", a.Method, a.Path, len(o.Parameters), want, o.Security)
		}
		content, header := a.body(t)
		got := b.do(a.Method, paths[i], strings.NewReader(content), append(header, "Authorization", "Bearer "+secret)...).wants(t, a.Answer.Status)
		answer := o.Responses[fmt.Sprint(got.StatusCode)].Content[got.Header.Get("Content-Type")]
		if got.Header.Get("Content-Type") != string(a.Answer.Type) {
			t.Errorf("%s: got %s", paths[i], got.Header.Get("Content-Type"))
		}
		if a.Answer.Type != jsonType {
			continue
		}
		var value any
		got.decode(t, &value)
		if wrong := d.check("", answer.Schema, value); len(wrong) > 0 {
			t.Errorf("%s: %s\n%s", paths[i], strings.Join(wrong, "; "), got.body)
		}
		problem := b.do(a.Method, paths[i]+"&x=y", nil, "Authorization", "Bearer "+secret)
		if a.Scope == "" {
			problem = b.get(paths[i] + "?x=y")
		}
		problem.header(t, "Content-Type", "application/problem+json").decode(t, &value)
		if wrong := d.check("", o.Responses["default"].Content["application/problem+json"].Schema, value); len(wrong) > 0 {
			t.Errorf("a problem of %s: %s", paths[i], strings.Join(wrong, "; "))
		}
	}
}

// Every row refuses who has no token, a guessed one, or one without the scope.
func TestEveryRowOfTheAPIRefusesTheWrongToken(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	h.feed(t)
	b := h.browser(t).signIn("admin") // a session opens nothing here
	whole, _ := h.token(t, "whole", Scopes...)
	outside := h.groupToken(t, h.group(t, "engineering"), Scopes...)
	rows, paths := h.stops(t)
	for i, a := range rows {
		if a.Scope == "" {
			continue
		}
		content, header := a.body(t)
		with := func(path, authorization string) answer {
			return b.do(a.Method, path, strings.NewReader(content), append(slices.Clone(header), "Authorization", authorization)...)
		}
		with(paths[i], "").wants(t, http.StatusUnauthorized).header(t, "Content-Type", "application/problem+json")
		for _, guess := range []string{whole[:len(whole)-1], whole + "x", strings.ToUpper(whole), "' OR 1=1 --", strings.Repeat("x", 8000)} {
			with(paths[i], "Bearer "+guess).wants(t, http.StatusUnauthorized)
		}
		for _, scope := range Scopes {
			if scope == a.Scope {
				continue
			}
			name := fmt.Sprintf("%d-%s", i, scope)
			only, _ := h.token(t, name, scope)
			with(paths[i], "Bearer "+only).wants(t, http.StatusForbidden).says(t, `"reason":"scope"`)
		}
		if strings.Contains(a.Path, "{") { // ada is in the group, karen is not
			with(paths[i], "Bearer "+outside).wants(t, a.Answer.Status)
			with(strings.Replace(paths[i], "ada", "karen", 1), "Bearer "+outside).wants(t, http.StatusNotFound).says(t, `"reason":"no-such-person"`)
		}
		got := b.do(http.MethodDelete, paths[i], nil, "Authorization", "Bearer "+whole).wants(t, http.StatusMethodNotAllowed)
		if !strings.Contains(got.Header.Get("Allow"), a.Method) {
			t.Errorf("%s: Allow is %q", paths[i], got.Header.Get("Allow"))
		}
	}
}

// Names that mean paths, headers or nothing lead nowhere, and never into a header.
func TestNamesInPathsLeadToPeopleOnly(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", Scopes...)
	b := h.browser(t)
	for _, name := range []string{
		"..", "%2e%2e", "..%2F..%2Fetc%2Fpasswd", "ada%2F..", "ada%00", "ada%0d%0aX-Evil:%201", "guid:", "mail:", "guid:..%2Fada", "%F0%28", "ada%252F", ".", "*",
	} {
		for _, path := range []string{"/v1/profile/" + name, "/api/v1/profiles/" + name + ".mobileconfig", "/api/v1/ddm/" + name + "/declarations", "/api/v1/ddm/ada/declarations/" + name, "/api/v1/ddm/ada/credential/" + name} {
			got := b.get(path, "Authorization", "Bearer "+secret)
			if got.StatusCode != http.StatusNotFound || got.Header.Get("X-Evil") != "" {
				t.Errorf("%s: got %d", path, got.StatusCode)
			}
		}
	}
}

func TestAProfileWithAPasswordInsideNeedsTheSecretsScope(t *testing.T) {
	h := build(t, plan{settings: profiles.Document{Everyone: profiles.Settings{RemovalPassword: new("geheim")}}})
	reader, _ := h.token(t, "reader", ScopeList, ScopeRead)
	whole, _ := h.token(t, "whole", Scopes...)
	b := h.browser(t)
	cert, _ := newDevice(t, "rsa")
	for range 2 { // the second time from what is remembered
		for _, path := range []string{"/api/v1/profiles/ada.mobileconfig", "/v1/profile/ada", "/api/v1/profiles/ada.mobileconfig?signed=1"} {
			b.get(path, "Authorization", "Bearer "+reader).wants(t, http.StatusForbidden).says(t, `"reason":"scope"`, "secrets").silent(t, "geheim")
			got := b.get(path, "Authorization", "Bearer "+whole).wants(t, http.StatusOK).header(t, "Cache-Control", "no-store").says(t, "geheim")
			b.get(path, "Authorization", "Bearer "+reader, "If-None-Match", got.Header.Get("ETag")).wants(t, http.StatusForbidden)
			b.get(path, "Authorization", "Bearer "+whole, "If-None-Match", got.Header.Get("ETag")).wants(t, http.StatusNotModified)
		}
	}
	b.do(http.MethodPost, "/api/v1/encrypted/ada.mobileconfig", strings.NewReader(string(cert.Raw)), "Authorization", "Bearer "+reader, "Content-Type", string(derType)).wants(t, http.StatusForbidden)
	b.get("/api/v1/ddm/ada/declarations", "Authorization", "Bearer "+reader).wants(t, http.StatusOK).silent(t, "geheim")
}
