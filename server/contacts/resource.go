package contacts

import (
	"iter"
	"net/http"
	"net/url"
	"strings"

	"calport/directory"
	"calport/server/dav"
)

// The kinds of resource.
const (
	root dav.Kind = 1 << iota // /addressbooks/ and /addressbooks/__uids__/
	home
	book
	card

	everything = root | home | book | card
)

// resource is what stands at a URL.
type resource struct {
	*visit
	kind dav.Kind
	href string
	of   *directory.Principal // whom a card is about
}

// Kind makes a resource one that dav's tables evaluate. There are no dead properties.
func (r *resource) Kind() dav.Kind              { return r.kind }
func (*resource) Dead(dav.Name) (string, bool)  { return "", false }
func (*resource) DeadNames(func(dav.Name) bool) {}
func (*resource) SetDead(dav.Name, string) error {
	return dav.Forbidden(dav.CannotModifyProtectedProperty)
}

// extension is how the names of cards end.
const extension = ".vcf"

// find returns what stands at an escaped path, which may double slashes or lack the last. Other people's homes, and
// cards of whom the visitor may not find, are not there.
func (v *visit) find(escapedPath string) (*resource, error) {
	var segments []string
	for segment := range strings.SplitSeq(escapedPath, "/") {
		if segment == "" {
			continue
		}
		name, err := url.PathUnescape(segment)
		if err != nil {
			name = segment // a lone "%" is meant literally
		}
		segments = append(segments, name)
	}
	kind := [...]dav.Kind{0, root, root, home, book, card}
	depth := len(segments)
	switch {
	case depth == 0 || depth >= len(kind):
		return nil, nothing()
	case depth > 1 && segments[1] != byGUID, depth > 2 && !strings.EqualFold(segments[2], v.who.GUID), depth > 3 && segments[3] != bookName:
		return nil, nothing()
	}
	r := &resource{visit: v, kind: kind[depth], href: dav.EncodePath(kind[depth] != card, segments...)}
	if r.kind == card {
		if r.of = v.whose(segments[4]); r.of == nil {
			return nil, nothing()
		}
	}
	return r, nil
}

func nothing() error { return dav.Status(http.StatusNotFound) }

// whose finds whom a card of a name is about, nil if there is nobody whom the visitor may find.
func (v *visit) whose(name string) *directory.Principal {
	guid, ok := strings.CutSuffix(name, extension)
	if !ok {
		return nil
	}
	if p := v.people.ByGUID(guid); p != nil && v.sees(p) {
		return p
	}
	return nil
}

// bookHref is the path of the visitor's address book.
func (v *visit) bookHref() string { return Home(v.who) + bookName + "/" }

// cardName is the last segment of a card's path.
func cardName(p *directory.Principal) string { return dav.EncodeSegment(p.GUID + extension) }

// members yields what is in a collection.
func (r *resource) members() iter.Seq[*resource] {
	return func(yield func(*resource) bool) {
		switch r.kind {
		case root: // whose homes there are is nobody's business
		case home:
			yield(&resource{visit: r.visit, kind: book, href: r.bookHref()})
		case book:
			m := &resource{visit: r.visit, kind: card} // one for all: a listing keeps none
			base := r.bookHref()
			for p := range r.people.All() {
				if !r.sees(p) {
					continue
				}
				if m.of, m.href = p, base+cardName(p); !yield(m) {
					return
				}
			}
		}
	}
}
