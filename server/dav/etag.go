package dav

import (
	"net/http"
	"strings"
)

// QuoteETag makes the strong entity tag of an opaque value.
func QuoteETag(opaque string) string { return `"` + opaque + `"` }

// ETag writes the strong entity tag of an opaque value.
func (w *Writer) ETag(opaque string) {
	w.Raw(`"`)
	w.Text(opaque)
	w.Raw(`"`)
}

// ETag is an entity tag without its quotes.
type ETag struct {
	Opaque string
	Weak   bool
}

// ETags is the value of an If-Match or If-None-Match header.
type ETags struct {
	Any  bool // "*"
	Tags []ETag
}

// ReadETags parses the header of that name; nil when it is absent or empty.
func ReadETags(h http.Header, name string) (*ETags, error) {
	value := strings.TrimSpace(strings.Join(h.Values(name), ","))
	switch value {
	case "":
		return nil, nil
	case "*":
		return &ETags{Any: true}, nil
	}
	tags := new(ETags)
	for rest := value; ; {
		rest = strings.TrimLeft(rest, " \t,") // RFC 9110 section 5.6.1: empty list members
		if rest == "" {
			break
		}
		tag, after, ok := cutETag(rest)
		if !ok {
			return nil, BadRequest("%s has no entity tag at %q", name, rest)
		}
		tags.Tags = append(tags.Tags, tag)
		rest = strings.TrimLeft(after, " \t")
		if rest != "" && rest[0] != ',' {
			return nil, BadRequest("%s has no comma at %q", name, rest)
		}
	}
	return tags, nil
}

// cutETag parses the entity tag that s begins with. RFC 9110 section 8.8.3.
func cutETag(s string) (tag ETag, rest string, ok bool) {
	if after, weak := strings.CutPrefix(s, "W/"); weak {
		tag.Weak, s = true, after
	}
	if !strings.HasPrefix(s, `"`) {
		return ETag{}, "", false
	}
	tag.Opaque, rest, ok = strings.Cut(s[1:], `"`)
	return tag, rest, ok
}

// match compares with a resource's strong tag. The comparison of If-Match is the
// strong one, by which a weak tag equals nothing: RFC 9110 section 8.8.3.2.
func (t *ETags) match(current string, strong bool) bool {
	if current == "" {
		return false
	}
	if t.Any {
		return true
	}
	for _, tag := range t.Tags {
		if tag.Opaque == current && !(strong && tag.Weak) {
			return true
		}
	}
	return false
}

// CheckETags evaluates If-Match and If-None-Match against a resource's current
// opaque entity tag, "" when it does not exist. It returns nil, or an *Error with
// 412, or 304 for GET and HEAD. RFC 9110 section 13.2.2.
func CheckETags(r *http.Request, current string) error {
	ifMatch, err := ReadETags(r.Header, "If-Match")
	if err != nil {
		return err
	}
	if ifMatch != nil && !ifMatch.match(current, true) {
		return &Error{Status: http.StatusPreconditionFailed, Detail: "the resource is not as If-Match wants it"}
	}
	ifNoneMatch, err := ReadETags(r.Header, "If-None-Match")
	if err != nil {
		return err
	}
	if ifNoneMatch == nil || !ifNoneMatch.match(current, false) {
		return nil
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return &Error{Status: http.StatusNotModified, Header: http.Header{"Etag": {QuoteETag(current)}}}
	}
	return &Error{Status: http.StatusPreconditionFailed, Detail: "the resource is as If-None-Match does not want it"}
}
