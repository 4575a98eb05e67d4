package ldap

import (
	"context"

	goldap "github.com/go-ldap/ldap/v3"
)

// read answers one entry by its DN, nil if it is not there or the filter does not hold for it.
func (c *conn) read(ctx context.Context, dn, filter string, attributes []string) (*goldap.Entry, error) {
	found, err := c.search(ctx, dn, goldap.ScopeBaseObject, 0, filter, attributes, nil)
	switch {
	case goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject):
		return nil, nil
	case err != nil:
		return nil, searchError(c, dn, filter, err)
	case len(found.Entries) == 0:
		return nil, nil
	}
	return found.Entries[0], nil
}

// pages searches a subtree in pages (RFC 2696) and hands over each entry. A server without paging answers at once.
func (c *conn) pages(ctx context.Context, base, filter string, attributes []string, size int, each func(*goldap.Entry) error) error {
	var cookie []byte
	for {
		paging := goldap.NewControlPaging(uint32(size))
		paging.SetCookie(cookie)
		page, err := c.search(ctx, base, goldap.ScopeWholeSubtree, 0, filter, attributes, []goldap.Control{paging})
		if err != nil {
			return searchError(c, base, filter, err)
		}
		for _, e := range page.Entries {
			if err := each(e); err != nil {
				return err
			}
		}
		answer, ok := goldap.FindControl(page.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
		if !ok || len(answer.Cookie) == 0 {
			return nil
		}
		cookie = answer.Cookie
	}
}

// search is one search operation. Aliases are not followed, nor are referrals.
func (c *conn) search(ctx context.Context, base string, scope, limit int, filter string, attributes []string,
	controls []goldap.Control) (result *goldap.SearchResult, err error) {
	request := goldap.NewSearchRequest(base, scope, goldap.NeverDerefAliases, limit, 0, false, filter, attributes, controls)
	err = c.do(ctx, func() error {
		result, err = c.Conn.Search(request)
		return err
	})
	return result, err
}
