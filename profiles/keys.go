package profiles

import (
	"slices"
	"strings"
)

// Type is the type of a property list value.
type Type uint8

// The types, by the names of their XML elements.
const (
	String     Type = iota + 1
	Integer         // int64
	Real            // float64
	Boolean         // bool
	Date            // time.Time
	Data            // []byte
	Array           // []any
	Dictionary      // Dict
)

var typeNames = [...]string{
	String: "string", Integer: "integer", Real: "real", Boolean: "boolean", Date: "date", Data: "data", Array: "array",
	Dictionary: "dictionary",
}

func (t Type) String() string {
	if int(t) < len(typeNames) && t > 0 {
		return typeNames[t]
	}
	return "value of no known type"
}

// Key is one row of a key table: a fact of Apple's schema, or a rule that keeps devices from refusing the profile.
type Key struct {
	Name   string // "*" stands for any name
	Type   Type
	Title  string // words for a reader; empty: plumbing that tells a reader nothing
	Needed bool   // the schema, or a device, requires it
	Unless string // another key in whose presence it is not needed
	Never  string // why it must not be written
	Secret bool   // never shown

	Allowed  []Choice               // empty: any value
	Min, Max int64                  // of an integer; both zero: any
	Rule     func(string) string    // of a string: what is wrong with it, or ""
	Words    func(value any) Phrase // how a reader sees the value; nil: by its type

	Since   OS
	Default any // what a device assumes; nil: nothing

	Elem Type  // of an array's elements
	Keys []Key // of a dictionary, or of an array's dictionaries; nil: not looked into
}

// Choice is an allowed value and the words for it.
type Choice struct {
	Value any
	Words string
}

// OS says since which version of a system a key or payload is known; empty is never.
type OS struct{ IOS, MacOS, VisionOS string }

// on reports whether it is known on a platform; everything may be in a profile for any.
func (o OS) on(p Platform) bool {
	return p == Any || p == IOS && o.IOS != "" || p == MacOS && o.MacOS != ""
}

// Payload is one payload type and its own keys; those that all payloads share are in commonKeys.
type Payload struct {
	Type  string
	Title string // words for a reader
	Since OS
	Once  bool   // at most one in a profile
	Never string // why it must not be used
	Keys  []Key
}

// payloadOf finds the row of a payload type; nil if it is unknown.
func payloadOf(payloadType string) *Payload {
	i := slices.IndexFunc(payloads, func(p Payload) bool { return p.Type == payloadType })
	if i < 0 {
		return nil
	}
	return &payloads[i]
}

// keyOf finds the row of a key among several tables; nil if it is unknown.
func keyOf(name string, tables ...[]Key) *Key {
	for _, keys := range tables {
		for i := range keys {
			if keys[i].Name == name || keys[i].Name == "*" {
				return &keys[i]
			}
		}
	}
	return nil
}

// similarKey finds a key that differs from name in letter case only, which devices do not forgive.
func similarKey(name string, tables ...[]Key) string {
	for _, keys := range tables {
		for i := range keys {
			if strings.EqualFold(keys[i].Name, name) {
				return keys[i].Name
			}
		}
	}
	return ""
}
