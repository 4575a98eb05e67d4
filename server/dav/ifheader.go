package dav

import (
	"slices"
	"strings"
)

// If is a parsed If header: RFC 4918 section 10.4.
type If struct {
	lists []ifList
}

// ifList is one parenthesised list: all of its conditions must be true.
type ifList struct {
	path       string // "" for the request's own resource
	conditions []ifCondition
}

// ifCondition is a state token or an entity tag, perhaps negated.
type ifCondition struct {
	not   bool
	token string
	etag  ETag // if token is ""
}

// IfState answers for the present state of resources. path is encoded as the
// client wrote it, "" for the request's own resource.
type IfState interface {
	// ETag returns the resource's opaque entity tag, "" if it has none.
	ETag(path string) string
	// Has reports whether a state token is true of the resource: a sync token
	// (RFC 6578 section 5) or a lock.
	Has(path, token string) bool
}

// ParseIf parses the header; nil for an empty one.
func ParseIf(header string) (*If, error) {
	p := ifParser{rest: header}
	f := new(If)
	tag, tagged := "", false
	for p.space(); p.rest != ""; p.space() {
		switch {
		case p.rest[0] == '<' && (tagged || len(f.lists) == 0):
			href, ok := p.between('<', '>')
			path, err := HrefPath(href)
			if !ok || err != nil {
				return nil, p.wrong("a resource tag")
			}
			tag, tagged = path, true
			if p.space(); !strings.HasPrefix(p.rest, "(") {
				return nil, p.wrong("a list after the resource tag")
			}
		case p.rest[0] == '(':
			conditions, ok := p.list()
			if !ok {
				return nil, p.wrong("a list of conditions")
			}
			f.lists = append(f.lists, ifList{tag, conditions})
		default:
			return nil, p.wrong("a list")
		}
	}
	if len(f.lists) == 0 {
		return nil, nil
	}
	return f, nil
}

// Holds evaluates the header: one of its lists must be true. A nil If holds.
func (f *If) Holds(s IfState) bool {
	return f == nil || slices.ContainsFunc(f.lists, func(l ifList) bool {
		return l.holds(s)
	})
}

func (l ifList) holds(s IfState) bool {
	for _, c := range l.conditions {
		if c.holds(s, l.path) == c.not {
			return false
		}
	}
	return true
}

func (c ifCondition) holds(s IfState, path string) bool {
	if c.token != "" {
		return s.Has(path, c.token)
	}
	// The strong comparison, RFC 4918 section 10.4.4.
	return !c.etag.Weak && c.etag.Opaque != "" && c.etag.Opaque == s.ETag(path)
}

type ifParser struct{ rest string }

func (p *ifParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *ifParser) wrong(want string) error {
	return BadRequest("the If header needs %s at %q", want, p.rest)
}

// list parses "(" 1*Condition ")".
func (p *ifParser) list() (conditions []ifCondition, ok bool) {
	p.rest = p.rest[1:]
	for {
		p.space()
		if after, end := strings.CutPrefix(p.rest, ")"); end {
			p.rest = after
			return conditions, len(conditions) > 0
		}
		condition, ok := p.condition()
		if !ok {
			return nil, false
		}
		conditions = append(conditions, condition)
	}
}

// condition parses ["Not"] (State-token | "[" entity-tag "]").
func (p *ifParser) condition() (c ifCondition, ok bool) {
	if len(p.rest) >= 3 && strings.EqualFold(p.rest[:3], "not") {
		c.not, p.rest = true, p.rest[3:]
		p.space()
	}
	if strings.HasPrefix(p.rest, "<") {
		c.token, ok = p.between('<', '>')
		return c, ok && c.token != ""
	}
	if !strings.HasPrefix(p.rest, "[") {
		return c, false
	}
	p.rest = p.rest[1:]
	p.space()
	if c.etag, p.rest, ok = cutETag(p.rest); !ok {
		return c, false
	}
	p.space()
	p.rest, ok = strings.CutPrefix(p.rest, "]")
	return c, ok
}

// between takes what stands between two brackets, of which the first is next.
func (p *ifParser) between(open, end byte) (inner string, ok bool) {
	at := strings.IndexByte(p.rest, end)
	if p.rest[0] != open || at < 0 {
		return "", false
	}
	inner, p.rest = p.rest[1:at], p.rest[at+1:]
	return strings.TrimSpace(inner), true
}
