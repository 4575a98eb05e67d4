package profiles

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"howett.net/plist"
)

// MaxSize is the largest content, in bytes, that is parsed.
const MaxSize = 1 << 20

// maxDepth is how deep values may nest. A profile needs eight levels.
const maxDepth = 32

// maxValues is how many values a binary property list may have, shared ones counted each time they are met. An XML
// one is bounded by MaxSize.
const maxValues = 1 << 16

// Parse reads an XML or binary property list whose root is a dictionary. The error is a *ContentError.
func Parse(content []byte) (Dict, error) {
	values, _, err := parse(content)
	return values, err
}

// parse also returns findings that do not keep the content from being read. howett.net/plist alone would overflow the
// stack on deep nesting, expand shared objects without bound, ignore what follows the root, take the last of two equal
// keys and, failing all else, read any text as an OpenStep list; so the content is walked before it is given to it.
func parse(content []byte) (Dict, []Finding, error) {
	if len(content) > MaxSize {
		return nil, nil, unreadable(TooLarge, fmt.Sprintf("the content has %d bytes; the limit is %d", len(content), MaxSize), "profiles are a few kilobytes")
	}
	var findings []Finding
	var err error
	format := plist.XMLFormat
	switch text := bytes.TrimLeft(content, "\ufeff \t\r\n"); {
	case bytes.HasPrefix(content, []byte("bplist")):
		format = plist.BinaryFormat
		err = walkBinary(content)
	case bytes.HasPrefix(text, []byte("<")):
		findings, err = walkXML(text)
		content = text
	case bytes.HasPrefix(content, []byte{0x30, 0x80}), bytes.HasPrefix(content, []byte{0x30, 0x81}),
		bytes.HasPrefix(content, []byte{0x30, 0x82}), bytes.HasPrefix(content, []byte{0x30, 0x83}):
		err = unreadable(SignedContent, "the content is signed (CMS)", "take the signature off first")
	default:
		err = unreadable(NotPlist, "the content is neither an XML nor a binary property list", "export it again as XML")
	}
	if err != nil {
		return nil, findings, err
	}
	root, err := unmarshal(content, format)
	if err != nil {
		return nil, findings, err
	}
	values, ok := normal(root).(Dict)
	if !ok {
		return nil, findings, unreadable(Malformed, "the root is not a dictionary", "a profile is one dictionary")
	}
	return values, findings, nil
}

func unreadable(kind FindingKind, detail, remedy string) error {
	return &ContentError{Finding{Kind: kind, Severity: Error, Detail: detail, Remedy: remedy}}
}

// unmarshal calls howett.net/plist, which lets run-time panics over damaged content through to its caller.
func unmarshal(content []byte, want int) (root any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = unreadable(Malformed, fmt.Sprintf("the property list is damaged: %v", r), "export it again")
		}
	}()
	format, err := plist.Unmarshal(content, &root)
	if err != nil {
		return nil, unreadable(Malformed, strings.TrimPrefix(err.Error(), "plist: "), "export it again")
	}
	if format != want {
		return nil, unreadable(NotPlist, "the content is no XML property list", "export it again as XML")
	}
	return root, nil
}

// normal gives values the types that Dict names.
func normal(value any) any {
	switch v := value.(type) {
	case map[string]any:
		d := make(Dict, len(v))
		for key, item := range v {
			d[strings.ToValidUTF8(key, "\ufffd")] = normal(item)
		}
		return d
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
		return v
	case uint64:
		if int64(v) >= 0 {
			return int64(v)
		}
		return v
	case float32: // how the library gives a real of four bytes
		return float64(v)
	case time.Time:
		return v.UTC()
	}
	return value
}
