package contacts

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/emersion/go-vcard"
	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/carddav"

	"calport/directory"
	"calport/server/dav"
)

// backend is what go-webdav's CardDAV handler asks for one request. The methods that change something are never reached:
// the table of methods refuses them.
type backend struct {
	*visit
	err error // the answer, where the library could not word it
}

var _ carddav.Backend = (*backend)(nil)

// CurrentUserPrincipal is the path of the visitor's principal (RFC 5397).
func (b *backend) CurrentUserPrincipal(context.Context) (string, error) {
	return b.o.PrincipalHref(b.who), nil
}

// AddressBookHomeSetPath is the path of the visitor's home.
func (b *backend) AddressBookHomeSetPath(context.Context) (string, error) { return Home(b.who), nil }

// ListAddressBooks lists the one address book there is.
func (b *backend) ListAddressBooks(context.Context) ([]carddav.AddressBook, error) {
	return []carddav.AddressBook{{Path: b.bookHref(), Name: b.o.Name}}, nil
}

// GetAddressBook finds it by its path.
func (b *backend) GetAddressBook(ctx context.Context, path string) (*carddav.AddressBook, error) {
	books, err := b.ListAddressBooks(ctx)
	if r, findErr := b.find(path); findErr != nil || r.kind != book {
		return nil, gone()
	}
	return &books[0], err
}

// GetAddressObject finds a card by its path, which a multiget names as the client wrote it, decoded.
func (b *backend) GetAddressObject(_ context.Context, path string, want *carddav.AddressDataRequest) (*carddav.AddressObject, error) {
	prefix := Root + byGUID + "/" + b.who.GUID + "/" + bookName + "/"
	if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) {
		return nil, gone()
	}
	p := b.whose(path[len(prefix):])
	if p == nil {
		return nil, gone()
	}
	o := b.object(p, want)
	o.Path = path
	return &o, nil
}

// ListAddressObjects is what PROPFIND of the library would ask; ours lists without it.
func (b *backend) ListAddressObjects(context.Context, string, *carddav.AddressDataRequest) ([]carddav.AddressObject, error) {
	return nil, webdav.NewHTTPError(http.StatusForbidden, nil)
}

// QueryAddressObjects finds the cards that a query describes, sorted by short name. Without a limit of the client's, more
// matches than the server's limit are an error, since the answer has no place to say that it is not whole (RFC 6352
// section 8.6.2).
func (b *backend) QueryAddressObjects(_ context.Context, _ string, q *carddav.AddressBookQuery) ([]carddav.AddressObject, error) {
	limit := b.o.MaxHits
	if q.Limit > 0 {
		limit = min(limit, q.Limit)
	}
	var found []carddav.AddressObject
	for p := range b.matches(q, limit+1) {
		if len(found) == limit {
			if q.Limit > 0 {
				break
			}
			b.err = &dav.Error{Status: http.StatusInsufficientStorage, Condition: dav.NumberOfMatchesWithinLimits}
			return nil, b.err
		}
		found = append(found, b.object(p, &q.DataRequest))
	}
	return found, nil
}

// object is a card with what a request wants of it.
func (b *backend) object(p *directory.Principal, want *carddav.AddressDataRequest) carddav.AddressObject {
	some := want != nil && !want.AllProp && len(want.Props) > 0
	wants := func(field string) bool {
		return !some || slices.ContainsFunc(want.Props, func(name string) bool { return strings.EqualFold(name, field) })
	}
	c := b.card(p, wants(vcard.FieldPhoto))
	for field := range c {
		if field != vcard.FieldVersion && !wants(field) {
			delete(c, field)
		}
	}
	return carddav.AddressObject{Path: b.bookHref() + cardName(p), ETag: b.etag(p), Card: c}
}

func gone() error { return webdav.NewHTTPError(http.StatusNotFound, nil) }

func refused() error { return webdav.NewHTTPError(http.StatusForbidden, nil) }

// CreateAddressBook, DeleteAddressBook, PutAddressObject and DeleteAddressObject are refused.
func (*backend) CreateAddressBook(context.Context, *carddav.AddressBook) error { return refused() }
func (*backend) DeleteAddressBook(context.Context, string) error               { return refused() }
func (*backend) DeleteAddressObject(context.Context, string) error             { return refused() }
func (*backend) PutAddressObject(context.Context, string, vcard.Card, *carddav.PutAddressObjectOptions) (*carddav.AddressObject, error) {
	return nil, refused()
}
