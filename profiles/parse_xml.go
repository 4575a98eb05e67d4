package profiles

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// plistElements are the elements of Apple's DTD.
var plistElements = map[string]bool{
	"plist": true, "dict": true, "array": true, "key": true, "string": true, "integer": true, "real": true, "true": true,
	"false": true, "date": true, "data": true,
}

// xmlWalk is what has been seen of an XML property list.
type xmlWalk struct {
	decoder  *xml.Decoder
	open     []map[string]bool // one for each open element; keys seen, for a dict
	roots    int
	findings []Finding
}

// walkXML makes sure that the content is one well-formed XML property list of bounded depth, and finds equal keys in
// one dictionary.
func walkXML(content []byte) ([]Finding, error) {
	w := xmlWalk{decoder: xml.NewDecoder(bytes.NewReader(content))}
	for {
		token, err := w.decoder.Token()
		if errors.Is(err, io.EOF) && w.roots == 1 && len(w.open) == 0 {
			return w.findings, nil
		}
		if err != nil {
			return w.findings, w.fail(NotPlist, "the content is not well-formed XML: "+err.Error())
		}
		if err := w.token(token); err != nil {
			return w.findings, err
		}
	}
}

func (w *xmlWalk) fail(kind FindingKind, detail string) error {
	line, _ := w.decoder.InputPos()
	return unreadable(kind, fmt.Sprintf("line %d: %s", line, detail), "export it again as an XML property list")
}

func (w *xmlWalk) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return w.start(t)
	case xml.EndElement:
		w.open = w.open[:len(w.open)-1]
	case xml.CharData:
		if len(w.open) == 0 && len(bytes.TrimSpace(t)) > 0 {
			return w.fail(NotPlist, "text outside the property list")
		}
	case xml.Directive:
		if bytes.Contains(t, []byte("<!ENTITY")) {
			return w.fail(NotPlist, "it declares entities, which property lists do not have")
		}
	}
	return nil
}

func (w *xmlWalk) start(t xml.StartElement) error {
	name := t.Name.Local
	if !plistElements[name] {
		return w.fail(NotPlist, fmt.Sprintf("element <%s> is unknown to property lists", name))
	}
	if (len(w.open) == 0) != (name == "plist") {
		return w.fail(NotPlist, fmt.Sprintf("element <%s> stands where it must not", name))
	}
	if len(w.open) == 0 {
		if w.roots++; w.roots > 1 {
			return w.fail(NotPlist, "there is a second property list")
		}
	}
	if len(w.open) > maxDepth {
		return w.fail(TooDeep, fmt.Sprintf("values nest deeper than %d", maxDepth))
	}
	if name == "key" {
		return w.key()
	}
	var keys map[string]bool
	if name == "dict" {
		keys = make(map[string]bool)
	}
	w.open = append(w.open, keys)
	return nil
}

// key reads to the end of a <key>, which no other element may interrupt.
func (w *xmlWalk) key() error {
	keys := w.open[len(w.open)-1]
	if keys == nil {
		return w.fail(Malformed, "element <key> stands outside a dictionary")
	}
	var name []byte
	for {
		token, err := w.decoder.Token()
		if err != nil {
			return w.fail(NotPlist, "the content is not well-formed XML: "+err.Error())
		}
		switch t := token.(type) {
		case xml.CharData:
			name = append(name, t...)
		case xml.StartElement:
			return w.fail(Malformed, fmt.Sprintf("element <%s> stands inside a <key>", t.Name.Local))
		case xml.EndElement:
			if keys[string(name)] {
				line, _ := w.decoder.InputPos()
				w.findings = append(w.findings, Finding{Kind: DuplicateKey, Severity: Error,
					Detail: fmt.Sprintf("line %d: the key %q is there twice in one dictionary", line, name), Remedy: "keep one of them"})
			}
			keys[string(name)] = true
			return nil
		}
	}
}
