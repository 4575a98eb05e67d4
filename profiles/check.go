package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Dict is a property list dictionary. Its values are string, int64, float64, bool, time.Time, []byte, []any and Dict;
// what was parsed may also hold uint64, for integers above the range of int64.
type Dict map[string]any

// typeOf names the type of a property list value; 0 if it is none.
func typeOf(value any) Type {
	switch value.(type) {
	case string:
		return String
	case int64, uint64:
		return Integer
	case float64:
		return Real
	case bool:
		return Boolean
	case time.Time:
		return Date
	case []byte:
		return Data
	case []any:
		return Array
	case Dict:
		return Dictionary
	}
	return 0
}

// fits reports whether a value may stand where the type is wanted. An integer may stand for a real.
func (t Type) fits(value any) bool {
	got := typeOf(value)
	return got == t || got == Integer && t == Real
}

// checker compares values with the key tables. Encoding and Verify share it, so that nothing can be written that
// would not pass.
type checker struct {
	platform Platform // for which the profile says it is
	findings []Finding
}

// check finds everything wrong with a profile's values.
func check(values Dict) []Finding {
	c := checker{platform: targetOf(values)}
	c.dict("", values, topKeys)
	if list, ok := values["PayloadContent"].([]any); ok {
		for i, item := range list {
			if payload, ok := item.(Dict); ok { // else dict has already said so
				c.payload(element("PayloadContent", i), payload)
			}
		}
		if len(list) == 0 {
			c.fault(Missing, "PayloadContent", "the profile has no payload", "add one")
		}
	}
	for _, rule := range wholeRules {
		rule(&c, values)
	}
	return c.findings
}

// targetOf tells the platform that a profile's TargetDeviceType names.
func targetOf(values Dict) Platform {
	switch values["TargetDeviceType"] {
	case targetMobile:
		return IOS
	case targetMac:
		return MacOS
	}
	return Any
}

func (c *checker) fault(kind FindingKind, path, detail, remedy string) {
	c.findings = append(c.findings, Finding{Kind: kind, Severity: Error, Path: path, Detail: detail, Remedy: remedy})
}

func (c *checker) caution(kind FindingKind, path, detail, remedy string) {
	c.findings = append(c.findings, Finding{Kind: kind, Severity: Caution, Path: path, Detail: detail, Remedy: remedy})
}

func (c *checker) payload(path string, values Dict) {
	kind, _ := values["PayloadType"].(string)
	row := payloadOf(kind)
	if row == nil {
		c.values(path, values, commonKeys)
		if kind != "" {
			c.caution(UnknownPayload, member(path, "PayloadType"), fmt.Sprintf("%q is not a payload type that calport knows; its keys were not checked", kind), "see Apple's documentation")
		}
		return
	}
	if row.Never != "" {
		c.fault(NeverUse, member(path, "PayloadType"), row.Type+" must not be used: "+row.Never, "leave the payload out")
	}
	if !row.Since.on(c.platform) {
		c.caution(Unavailable, member(path, "PayloadType"), fmt.Sprintf("%s is not available on %v", row.Type, c.platform), "make the profile for another platform")
	}
	c.dict(path, values, row.Keys, commonKeys)
}

// dict checks a dictionary whose keys must all be in the tables.
func (c *checker) dict(path string, values Dict, tables ...[]Key) {
	if known := c.values(path, values, tables...); known == len(values) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if keyOf(name, tables...) != nil {
			continue
		}
		remedy := "take it out"
		if similar := similarKey(name, tables...); similar != "" {
			remedy = "write " + similar
		}
		c.fault(UnknownKey, member(path, name), "the key is unknown here", remedy)
	}
}

// values checks the values of the known keys, and how many of the dictionary's keys are known.
func (c *checker) values(path string, values Dict, tables ...[]Key) (known int) {
	for _, keys := range tables {
		for i := range keys {
			key := &keys[i]
			if key.Name == "*" {
				for _, name := range slices.Sorted(maps.Keys(values)) {
					c.value(path, name, key, values[name])
				}
				return len(values)
			}
			value, present := values[key.Name]
			switch {
			case present:
				known++
				c.value(path, key.Name, key, value)
			case key.Needed && (key.Unless == "" || values[key.Unless] == nil):
				c.fault(Missing, member(path, key.Name), "the key is missing", "add it: "+key.Type.example(key))
			}
		}
	}
	return known
}

// value checks the value of a key of the dictionary at path. It is the hot path of encoding: where the value stands is
// spelled out only when something is wrong.
func (c *checker) value(path, name string, key *Key, value any) {
	if key.Never != "" {
		c.fault(NeverUse, member(path, name), "the key must not be used: "+key.Never, "take it out")
		return
	}
	if !key.Type.fits(value) {
		c.fault(WrongType, member(path, name), fmt.Sprintf("it is of type %v, not %v", typeOf(value), key.Type), "write "+key.Type.example(key))
		return
	}
	if !key.Since.on(c.platform) {
		c.caution(Unavailable, member(path, name), fmt.Sprintf("the key is not available on %v", c.platform), "leave it out for this platform")
	}
	switch v := value.(type) {
	case string:
		c.text(path, name, key, v)
	case []any:
		at := member(path, name)
		for i, item := range v {
			c.item(at, i, key, item)
		}
	case Dict:
		if key.Keys != nil {
			c.dict(member(path, name), v, key.Keys)
		}
	case int64:
		if (key.Min != 0 || key.Max != 0) && (v < key.Min || v > key.Max) {
			c.fault(OutOfRange, member(path, name), fmt.Sprintf("%d is outside %d to %d", v, key.Min, key.Max), "choose a number in between")
		}
	case uint64:
		c.fault(OutOfRange, member(path, name), fmt.Sprintf("%d is too large", v), "choose a smaller number")
	}
	c.allowed(path, name, key, value)
}

// item checks an item of the array at path.
func (c *checker) item(path string, i int, key *Key, item any) {
	got := typeOf(item)
	if key.Elem != 0 && got != key.Elem {
		c.fault(WrongType, element(path, i), fmt.Sprintf("it is of type %v, not %v", got, key.Elem), "write "+key.Elem.example(key))
		return
	}
	if v, ok := item.(Dict); ok && key.Keys != nil {
		c.dict(element(path, i), v, key.Keys)
	}
}

func (c *checker) text(path, name string, key *Key, s string) {
	if strings.TrimSpace(s) == "" {
		c.fault(EmptyString, member(path, name), "the text is empty", "give a value or take the key out")
		return
	}
	if problem := plainText(s); problem != "" {
		c.fault(BadText, member(path, name), fmt.Sprintf("%q: %s", s, problem), "correct the text")
		return
	}
	if key.Rule == nil {
		return
	}
	if problem := key.Rule(s); problem != "" {
		c.fault(BadText, member(path, name), fmt.Sprintf("%q is unusable", s), problem)
	}
}

func (c *checker) allowed(path, name string, key *Key, value any) {
	if len(key.Allowed) == 0 || slices.ContainsFunc(key.Allowed, func(choice Choice) bool { return choice.Value == value }) {
		return
	}
	kind := NotAllowed
	if path == "" && name == "PayloadType" {
		kind = WrongOuterType
	}
	c.fault(kind, member(path, name), fmt.Sprintf("%v is not allowed", value), "write "+key.Type.example(key))
}

// example shows how a value of the type is written in XML.
func (t Type) example(key *Key) string {
	switch {
	case t == Boolean:
		return "<true/> or <false/>"
	case t == Array || t == Dictionary:
		return "an " + map[Type]string{Array: "<array>", Dictionary: "element <dict>"}[t]
	case len(key.Allowed) > 0:
		return fmt.Sprintf("<%v>%v</%v>", t, key.Allowed[0].Value, t)
	case key.Max == 65535:
		return "<integer>443</integer>"
	}
	return fmt.Sprintf("a <%v>", t)
}

// member is the path of a key inside a dictionary; element that of an array's item.
func member(path, name string) string {
	switch {
	case strings.ContainsAny(name, ".[]\" "):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
