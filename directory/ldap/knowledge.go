package ldap

import (
	"context"

	"calport/directory"
)

// knowledge is what the reading of a part has to know of the whole: whom names lead to, which groups have numbers,
// and who has delegates by groups of delegates.
type knowledge struct {
	of         *directory.Snapshot // that names were made of; nil if they have to be made
	names      names
	primary    map[string]string
	delegates  map[string]*delegateGroup
	delegateDN map[string]bool
}

// learn makes everything known anew.
func (w *watch) learn(ctx context.Context, c *conn) error {
	k := &w.known
	k.learnNames(w.people())
	r := &reading{d: w.d, sh: w.sh, c: c, names: newNames(), delegates: make(map[string]*delegateGroup), delegateDN: make(map[string]bool),
		primary: make(map[string]string)}
	if err := r.readDelegateGroups(ctx); err != nil {
		return err
	}
	if len(w.sh.attributes.PrimaryGroupID) > 0 {
		if err := r.nameGroups(ctx); err != nil {
			return err
		}
	}
	k.primary, k.delegates, k.delegateDN = r.primary, r.delegates, r.delegateDN
	return nil
}

// learnNames makes the names known that a snapshot has.
func (k *knowledge) learnNames(s *directory.Snapshot) {
	k.of, k.names = s, newNames()
	for p := range s.All() {
		k.names.add(dnKey(p.DN), p.GUID)
		switch p.Kind {
		case directory.Individual:
			k.names.people[directory.Fold(p.ShortName)] = p.GUID
		case directory.Group:
			k.names.groups[directory.Fold(p.ShortName)] = p.GUID
		}
	}
}

// remove makes a principal unknown.
func (n names) remove(p *directory.Principal) {
	drop := func(m map[string]string, key string) {
		if m[key] == p.GUID {
			delete(m, key)
		}
	}
	drop(n.byDN, dnKey(p.DN))
	drop(n.byGUID, directory.Fold(p.GUID))
	drop(n.people, directory.Fold(p.ShortName))
	drop(n.groups, directory.Fold(p.ShortName))
}
