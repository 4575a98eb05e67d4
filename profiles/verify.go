package profiles

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Severity grades a finding.
type Severity int

// The severities.
const (
	Caution Severity = iota // odd, but devices take it
	Error                   // calport never makes such a profile; a device may refuse it, or the account fails
)

func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "caution"
}

// FindingKind names what is wrong with a profile's content.
type FindingKind string

// The kinds of findings.
const (
	TooLarge            FindingKind = "too-large"            // above MaxSize
	TooDeep             FindingKind = "too-deep"             // nested deeper than any profile
	NotPlist            FindingKind = "not-a-plist"          // neither an XML nor a binary property list
	SignedContent       FindingKind = "signed"               // CMS; the signature has to be taken off first
	Malformed           FindingKind = "malformed"            // breaks off or contradicts itself
	DuplicateKey        FindingKind = "duplicate-key"        // twice in one dictionary
	WrongOuterType      FindingKind = "wrong-outer-type"     // not a Configuration
	WrongType           FindingKind = "wrong-type"           // a string or real where an integer belongs
	Missing             FindingKind = "missing"              // a key that the schema, or a device, requires
	UnknownKey          FindingKind = "unknown-key"          //
	UnknownPayload      FindingKind = "unknown-payload"      // a payload type that is not in the tables
	NotAllowed          FindingKind = "not-allowed"          // not one of the allowed values
	OutOfRange          FindingKind = "out-of-range"         //
	EmptyString         FindingKind = "empty-string"         // accounts with empty values do not open
	BadText             FindingKind = "bad-text"             // a host with a scheme, a user name with a colon, control characters
	NeverUse            FindingKind = "never-use"            // keys and payloads that must not be written
	DuplicateUUID       FindingKind = "duplicate-uuid"       // devices refuse the profile
	DuplicateIdentifier FindingKind = "duplicate-identifier" // must be unique within the profile
	DuplicateAccount    FindingKind = "duplicate-account"    // same host and user name twice
	OddUUID             FindingKind = "odd-uuid"             // not in the form of a UUID
	TooMany             FindingKind = "too-many"             // of a payload that may be in a profile once
	Contradiction       FindingKind = "contradiction"        // two keys of which only one counts
	LeftoverVariable    FindingKind = "leftover-variable"    // one of ours that nobody has filled in
	Unavailable         FindingKind = "unavailable"          // not known to the platform the profile is made for
)

// Finding is one thing wrong with a profile's content.
type Finding struct {
	Kind     FindingKind
	Severity Severity
	Path     string // such as PayloadContent[0].CalDAVPort; empty for the whole
	Detail   string // what was found
	Remedy   string // what to do about it
}

func (f Finding) String() string {
	var b strings.Builder
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Detail)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// ContentError says why a profile's content cannot be read or written.
type ContentError struct{ Finding Finding }

func (e *ContentError) Error() string { return e.Finding.String() }

// Verify judges the content of a profile, ours or anyone's, an XML or binary property list without signature, against
// the key tables. It returns everything wrong, in the order of the tables; nothing when all is well. It takes foreign
// bytes: its cost is bounded by MaxSize and it never panics.
func Verify(content []byte) []Finding {
	values, findings, err := parse(content)
	var unreadable *ContentError
	if errors.As(err, &unreadable) {
		return append(findings, unreadable.Finding)
	}
	return slices.Concat(findings, check(values), leftovers(values))
}

// wholeRules are the rules that concern more than one key.
var wholeRules = []func(*checker, Dict){
	uniqueUUIDs, uniqueIdentifiers, uniqueAccounts, onceOnly, oneRemoval, noUserScopeOnMobile,
}

// parts yields the profile and its payloads with their paths.
func parts(values Dict, yield func(path string, part Dict)) {
	yield("", values)
	payloadsIn(values, yield)
}

func payloadsIn(values Dict, yield func(path string, payload Dict)) {
	list, _ := values["PayloadContent"].([]any)
	for i, item := range list {
		if payload, ok := item.(Dict); ok {
			yield(element("PayloadContent", i), payload)
		}
	}
}

func uniqueUUIDs(c *checker, values Dict) {
	seen := make(map[string]string, 4)
	parts(values, func(path string, part Dict) {
		id, ok := part["PayloadUUID"].(string)
		if !ok || id == "" {
			return
		}
		path = member(path, "PayloadUUID")
		if !isUUID(id) {
			c.caution(OddUUID, path, fmt.Sprintf("%q is not a UUID", id), "make one with uuidgen")
		}
		id = strings.ToUpper(id)
		if first, again := seen[id]; again {
			c.fault(DuplicateUUID, path, "it is the same as "+first, "give each payload a UUID of its own")
			return
		}
		seen[id] = path
	})
}

func uniqueIdentifiers(c *checker, values Dict) {
	seen := make(map[string]string, 4)
	parts(values, func(path string, part Dict) {
		id, ok := part["PayloadIdentifier"].(string)
		if !ok || id == "" {
			return
		}
		path = member(path, "PayloadIdentifier")
		if first, again := seen[id]; again {
			c.fault(DuplicateIdentifier, path, "it is the same as "+first, "give each payload an identifier of its own")
			return
		}
		seen[id] = path
	})
}

// uniqueAccounts finds accounts of one type with the same host and user name: devices add only the first.
func uniqueAccounts(c *checker, values Dict) {
	seen := make(map[[3]string]string, 2)
	payloadsIn(values, func(path string, payload Dict) {
		kind, _ := payload["PayloadType"].(string)
		for _, prefix := range []string{"CalDAV", "CardDAV"} {
			host, _ := payload[prefix+"HostName"].(string)
			user, _ := payload[prefix+"Username"].(string)
			if host == "" || user == "" {
				continue
			}
			account := [3]string{kind, strings.ToLower(host), user}
			if first, again := seen[account]; again {
				c.fault(DuplicateAccount, path, "it is the same account as "+first, "leave one of them out")
			}
			seen[account] = path
		}
	})
}

func onceOnly(c *checker, values Dict) {
	var seen string
	payloadsIn(values, func(path string, payload Dict) {
		kind, _ := payload["PayloadType"].(string)
		if row := payloadOf(kind); row == nil || !row.Once {
			return
		}
		if kind == seen {
			c.fault(TooMany, path, "a profile holds "+kind+" only once", "leave one of them out")
		}
		seen = kind
	})
}

func oneRemoval(c *checker, values Dict) {
	if values["RemovalDate"] != nil && values["DurationUntilRemoval"] != nil {
		c.caution(Contradiction, "DurationUntilRemoval", "RemovalDate is there too; the earlier counts", "keep one of them")
	}
}

// noUserScopeOnMobile: iOS refuses a user-scoped profile because it has no user channel.
func noUserScopeOnMobile(c *checker, values Dict) {
	if c.platform == IOS && values["PayloadScope"] == "User" {
		c.fault(Contradiction, "PayloadScope", "iPhones and iPads refuse a profile for a user", "leave PayloadScope out")
	}
}

// leftovers finds what should have been filled in for a person. Our own profiles are not held against it: whatever the
// directory calls somebody stays.
func leftovers(values Dict) []Finding {
	var c checker
	texts("", values, func(path, text string) {
		if variable := variableIn(text); variable != "" {
			c.caution(LeftoverVariable, path, variable+" has not been filled in", "render the profile for a person, or write what is meant")
		}
	})
	return c.findings
}

// texts yields every string below a value, keys in order.
func texts(path string, value any, yield func(path, text string)) {
	switch value := value.(type) {
	case string:
		yield(path, value)
	case Dict:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			texts(member(path, key), value[key], yield)
		}
	case []any:
		for i, item := range value {
			texts(element(path, i), item, yield)
		}
	}
}

// isUUID tells the text form of a UUID, in either letter case (RFC 9562 section 4).
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch i {
		case 8, 13, 18, 23:
			if r != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
				return false
			}
		}
	}
	return true
}
