package profiles

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// ParseDocument reads a settings document strictly. file is only for messages. The error joins a *SettingError, with
// line and column, for every mistake.
func ParseDocument(file string, text []byte) (*Document, error) {
	if mistakes := tablesForLists(file, text); len(mistakes) > 0 {
		return nil, join(mistakes)
	}
	var d Document
	if err := decodeStrictly(file, text, &d); err != nil {
		return nil, err
	}
	if mistakes := d.mistakes(); len(mistakes) > 0 {
		return nil, join(located(file, text, mistakes))
	}
	return &d, nil
}

// TOML writes the document as ParseDocument reads it.
func (d *Document) TOML() ([]byte, error) { return encodeTOML(d) }

// TOML writes the settings of one scope without its heading.
func (s *Settings) TOML() ([]byte, error) { return encodeTOML(s) }

func encodeTOML(v any) ([]byte, error) {
	var out bytes.Buffer
	if err := toml.NewEncoder(&out).Encode(v); err != nil {
		return nil, fmt.Errorf("writing settings: %w", err)
	}
	return out.Bytes(), nil
}

// Validate finds every mistake that can be found without the directory. The error joins *SettingError values.
func (d *Document) Validate() error { return join(d.mistakes()) }

// Validate is the same for the settings of one scope.
func (s *Settings) Validate() error { return join(s.mistakes("")) }

func (d *Document) mistakes() []*SettingError {
	var found []*SettingError
	subjects := make(map[string]string)
	subject := func(path, name, guid string) {
		who := strings.ToLower(strings.TrimRight(path, "0123456789[]") + "\x00" + name)
		if guid != "" {
			who = strings.ToLower(strings.TrimRight(path, "0123456789[]") + "\x01" + guid)
		}
		switch first, again := subjects[who]; {
		case name == "" && guid == "":
			found = append(found, &SettingError{Key: path, Problem: Say("it has neither name nor guid; say for whom it is")})
		case again:
			found = append(found, &SettingError{Key: path, Problem: Say("it is for the same as %s; join the two", first)})
		}
		subjects[who] = path
	}
	for i, g := range d.Groups {
		subject(element("group", i), g.Name, g.GUID)
	}
	for i, p := range d.People {
		subject(element("person", i), p.Name, p.GUID)
	}
	d.scopes(func(path string, s *Settings) { found = append(found, s.mistakes(path)...) })
	return found
}

func (s *Settings) mistakes(path string) []*SettingError {
	var found []*SettingError
	for i := range fields {
		for _, flaw := range fields[i].check(s) {
			found = append(found, &SettingError{Key: member(path, fields[i].Key) + flaw.at, Problem: flaw.what})
		}
	}
	return found
}

// decodeStrictly refuses what v has no field for.
func decodeStrictly(file string, text []byte, v any) error {
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(v)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var found []*SettingError
		for i := range unknown.Errors {
			found = append(found, decodeError(file, &unknown.Errors[i], Say("the key is unknown; known are %s", fieldNames())))
		}
		return join(found)
	}
	var malformed *toml.DecodeError
	if errors.As(err, &malformed) {
		return decodeError(file, malformed, verbatim(strings.TrimPrefix(malformed.Error(), "toml: ")))
	}
	if err != nil {
		return &SettingError{File: file, Problem: verbatim(strings.TrimPrefix(err.Error(), "toml: "))}
	}
	return nil
}

func decodeError(file string, e *toml.DecodeError, problem Phrase) *SettingError {
	line, column := e.Position()
	return &SettingError{File: file, Line: line, Column: column, Key: strings.Join(e.Key(), "."), Problem: problem}
}

func fieldNames() string {
	var names []string
	for i := range fields {
		names = append(names, fields[i].Key)
	}
	return strings.Join(names, " ")
}

func join(found []*SettingError) error {
	errs := make([]error, len(found))
	for i, e := range found {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// located gives mistakes their place in the text, and brings them into its order.
func located(file string, text []byte, found []*SettingError) []*SettingError {
	places := keyPlaces(text)
	for _, e := range found {
		at, key := places[e.Key], e.Key
		for at.Line == 0 && strings.Contains(key, ".") { // the part of an inline table stands where the whole does
			key = key[:strings.LastIndexByte(key, '.')]
			at = places[key]
		}
		e.File, e.Line, e.Column = file, at.Line, at.Column
	}
	slices.SortStableFunc(found, func(a, b *SettingError) int { return a.Line - b.Line })
	return found
}

// keyPlaces finds where the keys of a document that has been decoded stand, by paths such as group[1].port.
func keyPlaces(text []byte) map[string]unstable.Position {
	places := make(map[string]unstable.Position)
	var p unstable.Parser
	p.Reset(text)
	table, tables := "", make(map[string]int)
	for p.NextExpression() {
		node := p.Expression()
		key, at := dottedKey(&p, node)
		switch node.Kind {
		case unstable.ArrayTable:
			table = element(key, tables[key])
			tables[key]++
			places[table] = at
		case unstable.Table:
			table = current(key, tables)
			places[table] = at
		case unstable.KeyValue:
			places[member(table, key)] = at
		}
	}
	return places
}

// tablesForLists finds [group.staff] where [[group]] is meant.
func tablesForLists(file string, text []byte) (found []*SettingError) {
	lists := map[string]bool{"group": false, "person": false} // whether there is one by now
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		node := p.Expression()
		if node.Kind != unstable.ArrayTable && node.Kind != unstable.Table {
			continue
		}
		key, at := dottedKey(&p, node)
		list, name, named := strings.Cut(key, ".")
		begun, is := lists[list]
		switch {
		case !is || begun:
		case node.Kind == unstable.ArrayTable:
			lists[list] = true
		default:
			problem := Say("there may be several: write [[%s]] with name = \"…\"", list)
			if named {
				problem = Say("write [[%s]] with name = %q", list, name)
			}
			found = append(found, &SettingError{File: file, Line: at.Line, Column: at.Column, Key: key, Problem: problem})
		}
	}
	return found
}

// current is the path of a table whose first part may be the last of an array of tables: group.consent, group[1].consent.
func current(key string, tables map[string]int) string {
	first, rest, nested := strings.Cut(key, ".")
	if n := tables[first]; n > 0 {
		first = element(first, n-1)
	}
	if nested {
		return first + "." + rest
	}
	return first
}

func dottedKey(p *unstable.Parser, node *unstable.Node) (string, unstable.Position) {
	var parts []string
	var at unstable.Position
	for keys := node.Key(); keys.Next(); {
		if parts == nil {
			at = p.Shape(keys.Node().Raw).Start
		}
		parts = append(parts, string(keys.Node().Data))
	}
	return strings.Join(parts, "."), at
}
