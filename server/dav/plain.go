package dav

import "encoding/xml"

// plainReader reads XML of the plainest kind, which is what calendar clients
// send nearly always: elements and attributes of ASCII, UTF-8 declared or not,
// no references, comments, CDATA sections, processing instructions or carriage
// returns. It does so many times faster than encoding/xml, and leaves whatever
// else there is, mistakes included, to that: it never decides that a document
// is wrong.
type plainReader struct {
	parser
	body  []byte
	at    int
	local string // of the last tag, for the next is often of the same name
}

// plainDocument returns the root of a document, ok if all of it is plain.
func (l Limits) plainDocument(body []byte) (root *Element, ok bool) {
	r := plainReader{parser: parser{depth: l.Depth}, body: body}
	if !r.declaration() {
		return nil, false
	}
	for r.at < len(r.body) {
		if !r.next() {
			return nil, false
		}
	}
	if r.root == nil || len(r.open) > 0 {
		return nil, false
	}
	return r.root, true
}

// declarations are those that can be passed over.
var declarations = []string{
	`<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version="1.0" encoding="utf-8"?>`, `<?xml version="1.0" encoding="utf-8" ?>`,
	`<?xml version='1.0' encoding='UTF-8'?>`, `<?xml version='1.0' encoding='utf-8'?>`, `<?xml version="1.0"?>`,
	`<?xml version="1.0" encoding="UTF-8" standalone="no" ?>`, `<?xml version='1.0' encoding='UTF-8' ?>`,
}

func (r *plainReader) declaration() bool {
	if !r.starts("<?") {
		return true
	}
	for _, d := range declarations {
		if r.starts(d) {
			r.at += len(d)
			return true
		}
	}
	return false
}

func (r *plainReader) starts(text string) bool {
	return len(r.body)-r.at >= len(text) && string(r.body[r.at:r.at+len(text)]) == text
}

// next reads a tag or the text up to one.
func (r *plainReader) next() bool {
	switch {
	case r.starts("</"):
		r.at += 2
		r.text()
		return r.endTag()
	case r.starts("<"):
		r.at++
		r.text()
		return r.startTag()
	}
	begin := r.at
	for r.at < len(r.body) && plainText[r.body[r.at]] {
		r.at++
	}
	if begin == r.at || len(r.open) == 0 && !isSpace(r.body[begin:r.at]) {
		return false
	}
	r.chars = append(r.chars, r.body[begin:r.at]...)
	return true
}

func (r *plainReader) endTag() bool {
	name, ok := r.name()
	r.space()
	return ok && r.skip('>') && r.end(xml.EndElement{Name: name}) == nil
}

func (r *plainReader) startTag() bool {
	name, ok := r.name()
	if !ok {
		return false
	}
	var attrs []xml.Attr
	for r.space() && !r.starts(">") && !r.starts("/") {
		a, ok := r.attr()
		if !ok {
			return false
		}
		attrs = append(attrs, a)
	}
	empty := r.skip('/')
	if !r.skip('>') || r.start(xml.StartElement{Name: name, Attr: attrs}) != nil {
		return false
	}
	return !empty || r.end(xml.EndElement{Name: name}) == nil
}

func (r *plainReader) attr() (a xml.Attr, ok bool) {
	if a.Name, ok = r.name(); !ok || !r.skip('=') || r.at == len(r.body) {
		return a, false
	}
	quote := r.body[r.at]
	if quote != '"' && quote != '\'' {
		return a, false
	}
	r.at++
	begin := r.at
	for r.at < len(r.body) && r.body[r.at] != quote {
		if b := r.body[r.at]; !plainText[b] || b < ' ' {
			return a, false
		}
		r.at++
	}
	a.Value = string(r.body[begin:r.at])
	return a, r.skip(quote)
}

// name reads a name with or without a prefix.
func (r *plainReader) name() (n Name, ok bool) {
	first := r.word()
	if !r.skip(':') {
		n.Local = r.localName(first)
		return n, len(first) > 0
	}
	second := r.word()
	n.Space, n.Local = r.prefix(first), r.localName(second)
	return n, len(first) > 0 && len(second) > 0 && !r.starts(":")
}

// word reads letters, digits and what else a name may have, but not at its beginning.
func (r *plainReader) word() []byte {
	begin := r.at
	for r.at < len(r.body) && nameBytes[r.body[r.at]] {
		r.at++
	}
	if word := r.body[begin:r.at]; len(word) > 0 && letters[word[0]] {
		return word
	}
	return nil
}

func (r *plainReader) localName(word []byte) string {
	if string(word) != r.local {
		r.local = string(word)
	}
	return r.local
}

// prefix is the declared prefix itself where there is one.
func (r *plainReader) prefix(word []byte) string {
	for i := len(r.scope) - 1; i >= 0; i-- {
		if r.scope[i].prefix == string(word) {
			return r.scope[i].prefix
		}
	}
	return string(word)
}

func (r *plainReader) skip(b byte) bool {
	if r.at == len(r.body) || r.body[r.at] != b {
		return false
	}
	r.at++
	return true
}

// space passes over white space, and says whether there was any.
func (r *plainReader) space() bool {
	begin := r.at
	for r.at < len(r.body) && whiteSpace(r.body[r.at]) {
		r.at++
	}
	return r.at > begin
}

func whiteSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' }

func isSpace(text []byte) bool {
	for _, b := range text {
		if !whiteSpace(b) {
			return false
		}
	}
	return true
}

// plainText are the bytes that stand for themselves outside of tags; nameBytes
// are those of names, letters those that begin them.
var plainText, nameBytes, letters = func() (text, name, letter [256]bool) {
	for b := byte(' '); b < 0x7f; b++ {
		text[b] = b != '<' && b != '>' && b != '&'
		letter[b] = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_'
		name[b] = letter[b] || b >= '0' && b <= '9' || b == '-' || b == '.'
	}
	text['\n'], text['\t'] = true, true
	return text, name, letter
}()
