package ical

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// maxJSONDepth bounds how deep components may be in each other.
const maxJSONDepth = 16

// ParseJSON reads jCal (RFC 7265). Errors wrap ErrData.
func ParseJSON(data []byte) (*Component, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return nil, badJSON("%v", err)
	}
	if d.More() {
		return nil, badJSON("something follows the calendar")
	}
	c, err := readJCal(root, 0)
	if err == nil && c.Name != "VCALENDAR" {
		return nil, badJSON("it begins with %s where vcalendar should be", strings.ToLower(c.Name))
	}
	return c, err
}

func badJSON(format string, args ...any) error {
	return fmt.Errorf("%w: jCal: %s", ErrData, fmt.Sprintf(format, args...))
}

func readJCal(v any, depth int) (*Component, error) {
	parts, _ := v.([]any)
	if len(parts) != 3 || depth == maxJSONDepth {
		return nil, badJSON("a component is an array of name, properties and components, at most %d deep", maxJSONDepth)
	}
	name, err := jsonName(parts[0])
	properties, ok1 := parts[1].([]any)
	components, ok2 := parts[2].([]any)
	if err != nil || !ok1 || !ok2 {
		return nil, badJSON("component %v needs a name and two arrays", parts[0])
	}
	c := NewComponent(name)
	for _, one := range properties {
		p, err := readJCalProperty(one)
		if err != nil {
			return nil, err
		}
		c.Add(p)
	}
	for _, one := range components {
		s, err := readJCal(one, depth+1)
		if err != nil {
			return nil, err
		}
		c.AddChild(s)
	}
	return c, nil
}

// jsonName is the name of a component, property, parameter or part of a rule,
// in upper case.
func jsonName(v any) (string, error) {
	name, _ := v.(string)
	for _, b := range []byte(name) {
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '-' {
			return "", badJSON("%q is no name", name)
		}
	}
	if name == "" {
		return "", badJSON("%v is no name", v)
	}
	return upper(name), nil
}

func readJCalProperty(v any) (*Property, error) {
	parts, _ := v.([]any)
	if len(parts) < 4 {
		return nil, badJSON("a property is an array of name, parameters, type and at least one value")
	}
	name, err := jsonName(parts[0])
	if err != nil {
		return nil, err
	}
	params, ok := parts[1].(map[string]any)
	kind, isText := parts[2].(string)
	if !ok || !isText {
		return nil, badJSON("the parameters or the type of %s are missing", name)
	}
	kind = strings.ToLower(kind)
	var values []string
	for _, one := range parts[3:] {
		value, err := readJCalValue(name, kind, one)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	p := NewProperty(name, strings.Join(values, ","))
	if err := p.setJCalParams(params); err != nil {
		return nil, err
	}
	if kind == unknownType || kind == defaultType(name) {
		return p, nil
	}
	if _, err := jsonName(kind); err != nil {
		return nil, err
	}
	p.SetParam("VALUE", upper(kind))
	if kind == "binary" {
		p.SetParam("ENCODING", "BASE64") // RFC 5545 section 3.3.1
	}
	return p, nil
}

// setJCalParams sets the parameters in an order that does not change from time
// to time.
func (p *Property) setJCalParams(params map[string]any) error {
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, key := range names {
		name, err := jsonName(key)
		if err != nil {
			return err
		}
		list, several := params[key].([]any)
		if !several {
			list = []any{params[key]}
		}
		values := make([]string, len(list))
		for i, v := range list {
			if values[i], err = scalar(v); err != nil {
				return err
			}
		}
		p.SetParam(name, values...)
	}
	return nil
}

// scalar is a text, number or boolean as iCalendar writes it.
func scalar(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strings.ToUpper(fmt.Sprint(v)), nil
	}
	return "", badJSON("%v is no value", v)
}

// readJCalValue converts one value back (RFC 7265 section 3.6).
func readJCalValue(name, kind string, v any) (string, error) {
	switch v := v.(type) {
	case []any: // a structured value, or a period
		return readJCalParts(name, kind, v)
	case map[string]any:
		if kind == "recur" {
			return readJCalRule(v)
		}
	}
	s, err := scalar(v)
	if err != nil {
		return "", err
	}
	switch kind {
	case "text":
		return EscapeText(s), nil
	case "date", "date-time", "time":
		return withoutSeparators(s), nil
	case "period": // Apple's server writes it so
		from, to, _ := strings.Cut(s, "/")
		return readJCalParts(name, kind, []any{from, to})
	case "utc-offset":
		return strings.ReplaceAll(s, ":", ""), nil
	}
	return s, nil
}

func withoutSeparators(s string) string {
	return strings.NewReplacer("-", "", ":", "").Replace(s)
}

func readJCalParts(name, kind string, list []any) (string, error) {
	parts := make([]string, len(list))
	for i, v := range list {
		s, err := scalar(v)
		if err != nil {
			return "", err
		}
		switch {
		case kind == "text":
			s = EscapeText(s)
		case kind == "period" && !strings.Contains(s, "P"):
			s = withoutSeparators(s)
		}
		parts[i] = s
	}
	switch {
	case kind == "period" && len(parts) == 2:
		return strings.Join(parts, "/"), nil
	case kind == "period" || len(parts) == 0:
		return "", badJSON("%v is no value of %s", list, name)
	}
	return strings.Join(parts, ";"), nil
}

// readJCalRule writes FREQ first, as RFC 5545 section 3.3.10 wants it for old
// readers.
func readJCalRule(rule map[string]any) (string, error) {
	var names, parts []string
	for name := range rule {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if first := strings.EqualFold(a, "freq"); first != strings.EqualFold(b, "freq") {
			if first {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, key := range names {
		name, err := jsonName(key)
		if err != nil {
			return "", err
		}
		list, several := rule[key].([]any)
		if !several {
			list = []any{rule[key]}
		}
		values := make([]string, len(list))
		for i, v := range list {
			if values[i], err = scalar(v); err != nil {
				return "", err
			}
			if name == "UNTIL" {
				values[i] = withoutSeparators(values[i])
			}
		}
		parts = append(parts, name+"="+strings.Join(values, ","))
	}
	return strings.Join(parts, ";"), nil
}
