package ldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// Flags of LDAP_SERVER_DIRSYNC_OID ([MS-ADTS] section 3.1.1.3.4.1.3).
const (
	dirSyncObjectSecurity    = 0x1        // what the bind account may see, without the right to replicate
	dirSyncIncrementalValues = 0x80000000 // of members only those who came or left
)

// dirSyncBytes is how much of an answer is asked for at a time.
const dirSyncBytes = 1 << 20

// offersDirSync reports whether this is Active Directory with everything in its default naming context, which is what
// DirSync searches.
func (w *watch) offersDirSync() bool {
	key := dnKey(w.root.base)
	return slices.Contains(w.root.capabilities, capabilityActiveDirectory) && slices.Contains(w.root.controls, goldap.ControlTypeDirSync) &&
		!slices.ContainsFunc(w.sh.sources(), func(s source) bool { return !within(s.key, key) })
}

// dirSync looks again and again for objects of which an attribute has changed that is used, and reads these anew: what
// DirSync hands out is not the whole of them.
func (w *watch) dirSync(ctx context.Context, c *conn, from position) error {
	s := &dirSync{w: w, c: c, cookie: from.Cookies[""], flags: dirSyncIncrementalValues}
	resumed := len(s.cookie) > 0
	if !resumed {
		// A filter that nothing passes leads to a cookie for now.
		if _, err := s.changes(ctx, "(!(objectClass=*))"); err != nil {
			return err
		}
	}
	for begun := false; ; {
		touched, err := s.changes(ctx, "(objectClass=*)")
		if err != nil {
			return s.verdict(err, resumed && !begun)
		}
		w.position.Cookies = map[string][]byte{"": s.cookie}
		if begun {
			err = w.tell(ctx, c, touched)
		} else {
			err, begun = w.begin(ctx, c, !resumed, touched), true
		}
		if err != nil {
			return err
		}
		if !wait(ctx, w.d.o.Poll) {
			return ctx.Err()
		}
	}
}

type dirSync struct {
	w      *watch
	c      *conn
	cookie []byte
	flags  int64
}

// verdict tells a refused cookie from other failures.
func (s *dirSync) verdict(err error, resumed bool) error {
	code, refused := answered(err)
	switch {
	case refused && resumed:
		return fmt.Errorf("%w: %w", errRejected, err)
	case refused && (code == goldap.LDAPResultInsufficientAccessRights || code == goldap.LDAPResultUnavailableCriticalExtension):
		return errNotOffered
	}
	return searchError(s.c, s.w.root.base, "", err)
}

// changes answers the objects that changed since the cookie, and moves it on.
func (s *dirSync) changes(ctx context.Context, filter string) ([]touch, error) {
	var touched []touch
	for {
		request := goldap.NewSearchRequest(s.w.root.base, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, 0, false, filter, s.w.sh.dirSyncAttributes(), nil)
		var result *goldap.SearchResult
		err := s.c.do(ctx, func() (err error) {
			result, err = s.c.DirSync(request, s.flags, dirSyncBytes, s.cookie)
			return err
		})
		if code, refused := answered(err); refused && code == goldap.LDAPResultInsufficientAccessRights && s.flags&dirSyncObjectSecurity == 0 {
			s.flags |= dirSyncObjectSecurity
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range result.Entries {
			if guid, ok := formatObjectGUID(e.GetEqualFoldRawAttributeValue("objectGUID")); ok {
				touched = append(touched, s.w.sh.touchOf(guid, e.DN))
			}
		}
		answer, ok := goldap.FindControl(result.Controls, goldap.ControlTypeDirSync).(*goldap.ControlDirSync)
		if !ok {
			return nil, fmt.Errorf("%w: no DirSync control in the answer", errNotOffered)
		}
		if s.cookie = answer.Cookie; answer.Flags == 0 { // there is no more
			return touched, nil
		}
	}
}

// touchOf is the touch of an object of Active Directory, whatever is the GUID of principals.
func (sh *shape) touchOf(guid, dn string) touch {
	t := touch{dn: dn, filter: "(objectGUID=" + escapeObjectGUID(guid) + ")"}
	if len(sh.attributes.GUID) == 1 && strings.EqualFold(sh.attributes.GUID[0], "objectGUID") {
		t.guid = guid
	}
	return t
}

// dirSyncAttributes lists what of an object is used, and what else tells of a change in it: where it is, that it was
// deleted, and what attributes depend on that are computed and therefore never change by themselves.
func (sh *shape) dirSyncAttributes() []string {
	names := append(sh.attributes.needed(anyEntry), sh.personAttributes()...)
	names = append(names, "objectGUID", "name", "isDeleted", "lockoutTime", "showInAdvancedViewOnly", "msExchRecipientDisplayType")
	names = slices.DeleteFunc(names, func(name string) bool {
		return strings.EqualFold(name, "primaryGroupToken") || strings.EqualFold(name, "msDS-User-Account-Control-Computed")
	})
	slices.Sort(names)
	return slices.Compact(names)
}
