package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// reading is one pass over the directory: first the names of groups and the delegations, then people, each handed
// on at once, then rooms, resources and the few people who have delegates, then the groups with their members. In
// memory stays only what leads from a DN or a name to a GUID.
type reading struct {
	d     *Directory
	sh    *shape
	c     *conn
	yield func(*directory.Principal) error

	names      names
	delegates  map[string]*delegateGroup // by the folded short name of the owner
	delegateDN map[string]bool           // keys of the groups of delegates
	held       []heldPrincipal
	joined     map[string][]string // GUID of a group: people whose own entry says so
	primary    map[string]string   // number of a group: its GUID
	skipped    int                 // entries without stable id or name
	found      int

	// What follows is set when only a part is read, see part.
	narrow     func(*area) []narrowing // what to read of an area; nil means everything
	fresh      map[string]bool         // keys of what was read
	alsoJoined func(context.Context, *goldap.Entry, *directory.Principal) ([]string, error)
}

// narrowing is one entry, or those in an area for which a further filter holds.
type narrowing struct{ dn, filter string }

// delegateGroup holds the delegates of one owner as the directory names them.
type delegateGroup struct{ read, write []string }

// heldPrincipal waits for the names of others.
type heldPrincipal struct {
	*directory.Principal
	delegates   delegateGroup
	acceptGroup string
}

// Read implements directory.Directory.
func (d *Directory) Read(ctx context.Context, yield func(*directory.Principal) error) error {
	c, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	err = d.read(ctx, c, yield)
	if c.dead != nil && ctx.Err() == nil {
		c.server.note(err, d.now()) // so that the next reading goes to another server
	}
	return err
}

func (d *Directory) read(ctx context.Context, c *conn, yield func(*directory.Principal) error) error {
	sh, err := d.shapeOf(ctx, c)
	if err != nil {
		return err
	}
	r := &reading{
		d: d, sh: sh, c: c, yield: yield, names: newNames(), delegates: make(map[string]*delegateGroup),
		delegateDN: make(map[string]bool), joined: make(map[string][]string), primary: make(map[string]string),
	}
	for _, step := range []func(context.Context) error{
		r.readDelegateGroups, r.nameGroups, r.readPlaces, r.readPeople, r.release, r.readGroups,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// in reads what is in an area, if there is one.
func (r *reading) in(ctx context.Context, a *area, attributes []string, each func(*goldap.Entry) error) error {
	if a == nil {
		return nil
	}
	if r.narrow == nil {
		return r.bearing(a, r.c.pages(ctx, a.base, a.filter, attributes, r.d.o.PageSize, each))
	}
	for _, n := range r.narrow(a) {
		if n.dn == "" {
			err := r.c.pages(ctx, a.base, "(&"+a.filter+n.filter+")", attributes, r.d.o.PageSize, each)
			if err := r.bearing(a, err); err != nil {
				return err
			}
			continue
		}
		e, err := r.c.read(ctx, n.dn, a.filter, attributes)
		if err == nil && e != nil {
			err = each(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bearing answers the error of a search in an area, unless it says that a place is missing that need not exist.
func (r *reading) bearing(a *area, err error) error {
	if missing := (*NoBaseError)(nil); a.optional && errors.As(err, &missing) {
		r.d.log.Info("the flavour's usual place is not in the directory", "flavour", r.sh.flavour.name, "base", a.base)
		return nil
	}
	return err
}

// know makes an entry known as what it was read as.
func (r *reading) know(key, guid string) {
	r.names.add(key, guid)
	if r.fresh != nil {
		r.fresh[key] = true
	}
}

// known reports whether the entry of a key was read as one of a kind that comes before.
func (r *reading) known(key string) bool {
	if r.fresh != nil {
		return r.fresh[key]
	}
	return r.names.byDN[key] != ""
}

func (r *reading) readDelegateGroups(ctx context.Context) error {
	o := r.d.o.Delegates
	wanted := attributeNames([]string{o.Name}, r.sh.attributes.Members)
	return r.in(ctx, r.sh.delegates, wanted, func(e *goldap.Entry) error {
		name := directory.Fold(first(e, []string{o.Name}))
		owner, write := strings.CutSuffix(name, directory.Fold(o.WriteSuffix))
		read := false
		if !write {
			owner, read = strings.CutSuffix(name, directory.Fold(o.ReadSuffix))
		}
		if !read && !write {
			return nil
		}
		members, err := r.members(ctx, e)
		if err != nil {
			return err
		}
		r.delegateDN[dnKey(e.DN)] = true
		of := r.delegates[owner]
		if of == nil {
			of = &delegateGroup{}
			r.delegates[owner] = of
		}
		if write {
			of.write = append(of.write, members...)
		} else {
			of.read = append(of.read, members...)
		}
		return nil
	})
}

// nameGroups makes the groups known, so that what refers to them can be understood; their members come last.
func (r *reading) nameGroups(ctx context.Context) error {
	a := &r.sh.attributes
	wanted := attributeNames(a.GUID, a.GroupName, a.PrimaryGroupID)
	return r.in(ctx, r.sh.areas[directory.Group], wanted, func(e *goldap.Entry) error {
		key, guid, name := dnKey(e.DN), r.sh.guid(e), first(e, a.GroupName)
		if guid == "" || name == "" || r.delegateDN[key] {
			return nil
		}
		r.know(key, guid)
		r.names.groups[directory.Fold(name)] = guid
		if number := first(e, a.PrimaryGroupID); number != "" {
			r.primary[number] = guid
		}
		return nil
	})
}

func (r *reading) readPlaces(ctx context.Context) error {
	a := &r.sh.attributes
	for _, kind := range []directory.Kind{directory.Room, directory.Resource} {
		at := r.sh.areas[kind]
		err := r.in(ctx, at, a.needed(place), func(e *goldap.Entry) error {
			key := dnKey(e.DN)
			if key == at.key || r.known(key) {
				return nil
			}
			p, problem := r.sh.place(kind, e)
			if p == nil {
				r.skip(e, at)
				return nil
			}
			if problem != nil {
				r.d.log.Warn("a room or resource has an unknown auto-schedule mode; automatic is used", "dn", e.DN, "error", problem)
			}
			r.know(key, p.GUID)
			r.held = append(r.held, heldPrincipal{p, r.delegatesOf(e, p.ShortName), first(e, a.AutoAcceptGroup)})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) readPeople(ctx context.Context) error {
	a := &r.sh.attributes
	at := r.sh.areas[directory.Individual]
	err := r.in(ctx, at, r.sh.personAttributes(), func(e *goldap.Entry) error {
		key := dnKey(e.DN)
		if key == at.key || r.known(key) { // a room or resource, or read already
			return nil
		}
		p := r.sh.person(e, r.d.now())
		if p == nil {
			r.skip(e, at)
			return nil
		}
		r.found++
		r.know(key, p.GUID)
		r.names.people[directory.Fold(p.ShortName)] = p.GUID
		r.join(p.GUID, e)
		if of := r.delegatesOf(e, p.ShortName); len(of.read)+len(of.write) > 0 {
			r.held = append(r.held, heldPrincipal{Principal: p, delegates: of})
			return nil
		}
		return r.yield(p)
	})
	if err != nil {
		return err
	}
	if r.found == 0 && r.skipped > 0 && r.narrow == nil {
		return fmt.Errorf("none of the %d people in %q has an attribute of %q and one of %q that the bind account may read; "+
			"check its rights, and attributes.guid and attributes.short_name", r.skipped, at.base, a.GUID, a.ShortName)
	}
	if r.skipped > 0 {
		r.d.log.Warn("entries without stable id or short name were left out", "entries", r.skipped)
	}
	return nil
}

func (r *reading) skip(e *goldap.Entry, at *area) {
	if dnKey(e.DN) != at.key {
		r.skipped++
		r.d.log.Debug("an entry without stable id or short name is left out", "dn", e.DN)
	}
}

// join notes the groups that a person's own entry names.
func (r *reading) join(guid string, e *goldap.Entry) {
	a := &r.sh.attributes
	for _, dn := range values(e, a.MemberOf) {
		if g := r.names.byDN[dnKey(dn)]; g != "" {
			r.joined[g] = append(r.joined[g], guid)
		}
	}
	if g := r.primary[first(e, a.PrimaryGroup)]; g != "" {
		r.joined[g] = append(r.joined[g], guid)
	}
}

func (r *reading) delegatesOf(e *goldap.Entry, shortName string) delegateGroup {
	of := delegateGroup{read: values(e, r.sh.attributes.DelegatesRead), write: values(e, r.sh.attributes.DelegatesWrite)}
	if named := r.delegates[directory.Fold(shortName)]; named != nil {
		of.read, of.write = append(of.read, named.read...), append(of.write, named.write...)
	}
	return of
}

// release hands on what was held, now that everybody's name is known.
func (r *reading) release(context.Context) error {
	for _, h := range r.held {
		h.Delegates.Read, h.Delegates.Write = r.names.resolve(h.delegates.read), r.names.resolve(h.delegates.write)
		if h.acceptGroup != "" {
			if h.Place.AutoAcceptGroup = r.names.group(h.acceptGroup); h.Place.AutoAcceptGroup == "" {
				r.d.log.Warn("a room or resource has an auto-accept group that is not there", "dn", h.DN, "group", h.acceptGroup)
			}
		}
		if err := r.yield(h.Principal); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) readGroups(ctx context.Context) error {
	a := &r.sh.attributes
	return r.in(ctx, r.sh.areas[directory.Group], a.needed(group), func(e *goldap.Entry) error {
		key := dnKey(e.DN)
		g := r.sh.named(directory.Group, e, a.GroupName)
		if g == nil || r.names.byDN[key] != g.GUID {
			return nil
		}
		g.LoginNames = nil
		members, err := r.members(ctx, e)
		if err != nil {
			return err
		}
		g.Members = append(r.names.resolve(members), r.joined[g.GUID]...)
		if r.alsoJoined != nil {
			joined, err := r.alsoJoined(ctx, e, g)
			if err != nil {
				return err
			}
			g.Members = append(g.Members, joined...)
		}
		slices.Sort(g.Members)
		g.Members = slices.Compact(g.Members)
		return r.yield(g)
	})
}
