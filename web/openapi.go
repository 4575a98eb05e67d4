package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// apiParameters are the parameters of queries and paths, by name.
var apiParameters = map[string]apiParameter{
	"after":    {"integer", "the revision to start behind; 0 is the beginning"},
	"cursor":   {"string", "what the page before gave as next"},
	"device":   {"string", "what tells the device apart, such as its serial number; a new app password takes the place of its last one"},
	"group":    {"string", "only the members of this group, nested ones included: its short name, or guid:…"},
	"limit":    {"integer", "how many at most, 1 to " + strconv.Itoa(maxLimit) + "; " + strconv.Itoa(defaultLimit) + " if left out"},
	"name":     {"string", "only this name; may be given several times"},
	"platform": {"string", "the variant: any, ios or macos; any if left out"},
	"signed":   {"string", "1: signed; 0, or left out: not"},
	"since":    {"integer", "only profiles that have changed after this revision"},
	"wait":     {"integer", "for how many seconds, 0 to " + strconv.Itoa(maxWait) + ", to wait for news where there are none"},
	"user":     {"string", "only this person: short name, guid:… or mail:…"},

	"file":       {"string", "the person's short name, guid:… or mail:…, followed by .mobileconfig"},
	"identifier": {"string", "of a declaration"},
}

type apiParameter struct {
	Type  string
	Words string
}

// apiProblem is a problem as answerMachine writes it.
type apiProblem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Reason    string `json:"reason"`
	RequestID string `json:"request_id,omitempty"`
}

type object = map[string]any

// apiDocument describes the payload source as OpenAPI 3.1: the rows of its table, and the structures that its handlers
// answer with.
func apiDocument(origin string, routes []apiRoute) ([]byte, error) {
	schemas := object{}
	problems := object{"description": "What is wrong, and what to do about it (RFC 9457)",
		"content": object{"application/problem+json": object{"schema": schemaOf(reflect.TypeFor[apiProblem](), schemas)}}}
	paths := map[string]object{}
	for _, a := range routes {
		if paths[a.Path] == nil {
			paths[a.Path] = object{}
		}
		paths[a.Path][strings.ToLower(a.Method)] = a.describe(schemas, problems)
	}
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info":    object{"title": "calport payload source", "version": "1", "description": "Calendar profiles and declarations for MDM servers. A token comes from calport token create."},
		"servers": []any{object{"url": origin}},
		"paths":   paths,
		"components": object{
			"schemas": schemas,
			"securitySchemes": object{
				"bearer": object{"type": "http", "scheme": "bearer"},
				"basic":  object{"type": "http", "scheme": "basic", "description": "Any user name; the token is the password."},
			},
		},
	}, "", " ")
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

func (a apiRoute) describe(schemas, problems object) object {
	o := object{"summary": a.Summary, "security": []any{}}
	if a.Scope != "" {
		o["security"] = []any{object{"bearer": []string{}}, object{"basic": []string{}}}
		o["description"] = "Needs the scope " + a.Scope + "."
	}
	parameters := []any{}
	for _, m := range inPath.FindAllStringSubmatch(a.Path, -1) {
		parameters = append(parameters, apiParameters[m[1]].describe(m[1], "path"))
	}
	for _, name := range a.Query {
		parameters = append(parameters, apiParameters[name].describe(name, "query"))
	}
	o["parameters"] = parameters
	if len(a.Body) > 0 {
		content := object{}
		for _, kind := range a.Body {
			content[string(kind)] = object{"schema": object{"type": "string", "format": "binary"}}
		}
		o["requestBody"] = object{"required": true, "content": content}
	}
	schema := object{"type": "string", "format": "binary"}
	switch {
	case a.Answer.JSON != nil:
		schema = schemaOf(reflect.TypeOf(a.Answer.JSON), schemas)
	case a.Answer.Type == jsonType:
		schema = object{"type": "object"}
	}
	o["responses"] = object{
		strconv.Itoa(a.Answer.Status): object{"description": http.StatusText(a.Answer.Status), "content": object{string(a.Answer.Type): object{"schema": schema}}},
		"default":                     problems,
	}
	return o
}

func (p apiParameter) describe(name, in string) object {
	o := object{"name": name, "in": in, "description": p.Words, "schema": object{"type": p.Type}}
	if in == "path" {
		o["required"] = true
	}
	return o
}

// schemaOf describes what encoding/json makes of a type. Structures are named once, in schemas.
func schemaOf(t reflect.Type, schemas object) object {
	switch t.Kind() {
	case reflect.Pointer:
		return object{"oneOf": []any{schemaOf(t.Elem(), schemas), object{"type": "null"}}}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(t.Elem(), schemas)}
	case reflect.Struct:
		if _, named := schemas[t.Name()]; !named {
			schemas[t.Name()] = nil // for one that holds itself
			schemas[t.Name()] = structure(t, schemas)
		}
		return object{"$ref": "#/components/schemas/" + t.Name()}
	case reflect.Slice:
		if t != reflect.TypeFor[json.RawMessage]() {
			return object{"type": "array", "items": schemaOf(t.Elem(), schemas)}
		}
	}
	return object{"type": "object"}
}

func structure(t reflect.Type, schemas object) object {
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		properties[name] = schemaOf(f.Type, schemas)
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// describeAPI gives the document.
func (s *site) describeAPI(w http.ResponseWriter, r *http.Request, _ Token) error {
	return giveJSON(w, r, s.document)
}
