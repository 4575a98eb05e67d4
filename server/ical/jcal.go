package ical

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// jCal (RFC 7265) is the same data as JSON. A value that is not what its type
// says comes as of the type "unknown", just as it is written, so that nothing
// is lost on the way there and back.

// JSON returns the component as jCal.
func (c *Component) JSON() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c.jcal()); err != nil {
		panic("ical: jCal that is no JSON: " + err.Error()) // there is nothing in it but texts and numbers
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// jcal is an array of name, properties and components (RFC 7265 section 3.3).
func (c *Component) jcal() []any {
	properties := make([]any, len(c.Properties))
	for i, p := range c.Properties {
		properties[i] = p.jcal()
	}
	components := make([]any, len(c.Components))
	for i, s := range c.Components {
		components[i] = s.jcal()
	}
	return []any{strings.ToLower(c.Name), properties, components}
}

// jcal is an array of name, parameters, type and values (RFC 7265 section 3.4).
func (p *Property) jcal() []any {
	kind := p.valueType()
	values, ok := p.jcalValues(kind)
	if !ok {
		kind, values = unknownType, []any{p.Value()}
	}
	params := map[string]any{}
	for name, list := range p.Params() {
		switch {
		case name == "VALUE" && kind != unknownType, name == "ENCODING" && kind == "binary":
			// The type says it.
		case len(list) == 1:
			params[strings.ToLower(name)] = list[0]
		default:
			params[strings.ToLower(name)] = list
		}
	}
	return append([]any{strings.ToLower(p.Name()), params, kind}, values...)
}

// unknownType is that of properties of which it is not known (RFC 7265 section
// 5.1).
const unknownType = "unknown"

// defaultTypes are the types of properties that do not say otherwise: RFC 5545,
// RFC 7808, RFC 7953, RFC 7986, RFC 9073, RFC 9074 and RFC 9253.
var defaultTypes = func() map[string]string {
	types := map[string]string{}
	for kind, names := range map[string]string{
		"text": "ACTION BUSYTYPE CALSCALE CATEGORIES CLASS COLOR COMMENT CONTACT DESCRIPTION LOCATION LOCATION-TYPE METHOD " +
			"NAME PARTICIPANT-TYPE PRODID PROXIMITY REFID RELATED-TO REQUEST-STATUS RESOURCE-TYPE RESOURCES STATUS SUMMARY TRANSP " +
			"TZID TZID-ALIAS-OF TZNAME UID VERSION",
		"integer":     "PERCENT-COMPLETE PRIORITY REPEAT SEQUENCE",
		"float":       "GEO",
		"date-time":   "ACKNOWLEDGED COMPLETED CREATED DTEND DTSTAMP DTSTART DUE EXDATE LAST-MODIFIED RDATE RECURRENCE-ID TZUNTIL",
		"duration":    "DURATION TRIGGER",
		"period":      "FREEBUSY",
		"recur":       "EXRULE RRULE",
		"utc-offset":  "TZOFFSETFROM TZOFFSETTO",
		"cal-address": "ATTENDEE CALENDAR-ADDRESS ORGANIZER",
		"uri":         "ATTACH CONCEPT SOURCE TZURL URL",
	} {
		for name := range strings.FieldsSeq(names) {
			types[name] = kind
		}
	}
	return types
}()

func defaultType(name string) string {
	if kind, ok := defaultTypes[name]; ok {
		return kind
	}
	return unknownType
}

func (p *Property) valueType() string {
	if kind := p.Param("VALUE"); kind != "" {
		return strings.ToLower(kind)
	}
	return defaultType(p.Name())
}

// lists are the properties with values that a comma is between.
var lists = map[string]bool{"CATEGORIES": true, "RESOURCES": true, "EXDATE": true, "RDATE": true, "FREEBUSY": true}

// jcalValues are the property's values; not ok if they are not of that type.
func (p *Property) jcalValues(kind string) (values []any, ok bool) {
	switch {
	case p.Name() == "GEO" && kind == "float": // RFC 7265 section 3.4.1.2
		lat, long, _ := strings.Cut(p.Value(), ";")
		first, ok1 := jsonNumber(lat)
		second, ok2 := jsonNumber(long)
		return []any{[]any{first, second}}, ok1 && ok2
	case p.Name() == "REQUEST-STATUS" && kind == "text": // RFC 7265 section 3.4.1.3
		var parts []any
		for part := range splitText(p.Value(), ';') {
			parts = append(parts, UnescapeText(part))
		}
		return []any{parts}, len(parts) > 1
	case !lists[p.Name()]:
		value, ok := jcalValue(kind, p.Value())
		return []any{value}, ok
	}
	for one := range splitText(p.Value(), ',') {
		value, ok := jcalValue(kind, one)
		if !ok {
			return nil, false
		}
		values = append(values, value)
	}
	return values, len(values) > 0
}

// jcalValue converts one value (RFC 7265 section 3.6).
func jcalValue(kind, s string) (value any, ok bool) {
	switch kind {
	case "text":
		return UnescapeText(s), true
	case "date", "date-time", "time":
		return jcalTime(kind, s)
	case "period":
		from, to, _ := strings.Cut(s, "/")
		start, ok1 := jcalTime("date-time", from)
		end, ok2 := jcalTime("date-time", to)
		if _, err := ParseDuration(to); err == nil {
			end, ok2 = to, true
		}
		return []any{start, end}, ok1 && ok2
	case "recur":
		return jcalRule(s)
	case "utc-offset":
		if _, err := ParseUTCOffset(s); err != nil {
			return nil, false
		}
		text := s[:3] + ":" + s[3:5]
		if len(s) == 7 {
			text += ":" + s[5:]
		}
		return text, true
	case "boolean":
		return s == "TRUE", s == "TRUE" || s == "FALSE"
	case "integer", "float":
		return jsonNumber(s)
	}
	return s, true
}

// jcalTime puts the separators of RFC 3339 into a DATE, DATE-TIME or TIME.
func jcalTime(kind, s string) (string, bool) {
	date, clock := s, ""
	switch kind {
	case "date-time":
		var ok bool
		if date, clock, ok = strings.Cut(s, "T"); !ok || clock == "" {
			return "", false
		}
	case "time":
		date, clock = "", s
	}
	text := ""
	if kind != "time" {
		if _, ok := digits(date); !ok || len(date) != 8 {
			return "", false
		}
		text = date[:4] + "-" + date[4:6] + "-" + date[6:]
	}
	if kind == "date" {
		return text, true
	}
	time, utc := strings.CutSuffix(clock, "Z")
	if _, ok := digits(time); !ok || len(time) != 6 {
		return "", false
	}
	if kind == "date-time" {
		text += "T"
	}
	text += time[:2] + ":" + time[2:4] + ":" + time[4:]
	if utc {
		text += "Z"
	}
	return text, true
}

// jcalRule is an object of the parts (RFC 7265 section 3.6.10).
func jcalRule(s string) (rule map[string]any, ok bool) {
	rule = map[string]any{}
	for part := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(part, "=")
		name = strings.ToLower(name)
		if _, twice := rule[name]; !ok || twice || value == "" {
			return nil, false
		}
		if name == "until" {
			text, isTime := jcalTime("date-time", value)
			if !isTime {
				if text, isTime = jcalTime("date", value); !isTime {
					return nil, false
				}
			}
			rule[name] = text
			continue
		}
		var all []any
		for one := range strings.SplitSeq(value, ",") {
			if number, ok := jsonNumber(one); ok {
				all = append(all, number)
			} else {
				all = append(all, one)
			}
		}
		if rule[name] = all; len(all) == 1 {
			rule[name] = all[0]
		}
	}
	return rule, true
}

// jsonNumber is a number whose digits JSON writes just so.
func jsonNumber(s string) (n json.Number, ok bool) {
	if _, err := strconv.ParseFloat(s, 64); err != nil || !json.Valid([]byte(s)) {
		return "", false
	}
	return json.Number(s), true
}
