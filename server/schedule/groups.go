package schedule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// Groups as attendees. Package itip invites their members when the organizer writes. The store remembers which groups an
// object invites and by which members it was written, so that Reconcile finds what is to be written anew when the
// directory has changed, however long ago and on whichever node.

// members are whom a group invites; false if an address is no group that the organizer sees.
func (r *round) members(organizer *directory.Principal, address string) ([]itip.User, bool) {
	g := ByAddress(r.people, address)
	if g == nil || g.Kind != directory.Group {
		return nil, false
	}
	finds := r.finds(organizer)
	if finds != nil && !finds(g) {
		return nil, false
	}
	var all []itip.User
	for _, p := range r.people.Members(g.GUID) {
		if finds == nil || finds(p) {
			all = append(all, user(p))
		}
	}
	return all, true
}

// membership says who is in a group, so that two are equal if the same are.
func membership(people *directory.Snapshot, group string) string {
	var keys []string
	for _, p := range people.Members(group) {
		keys = append(keys, ownerKey(p))
	}
	slices.Sort(keys)
	sum := sha256.New()
	for _, k := range keys {
		sum.Write([]byte(k + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// noteGroups remembers which groups the organizer's copy invites, if it does or did. Of a series that has begun those who
// are members now have not been invited yet: what was remembered of its groups stays, so that Reconcile parts it.
func (r *round) noteGroups(before, after *ical.Component) error {
	if !itip.HasGroups(before) && !itip.HasGroups(after) {
		return nil
	}
	home, err := r.Home(r.tx, r.owner)
	if err != nil {
		return err
	}
	uid := uidOf(before)
	var groups []store.GroupAttendee
	if after != nil {
		uid = uidOf(after)
		known := map[string]string{} // memberships by which it was written
		if before != nil && itip.HasBegun(after, r.context(r.owner)) {
			if known, err = r.tx.Memberships(home.ID, uid); err != nil {
				return err
			}
		}
		end := ical.NewObject(after, nil).Facts().LastEnd
		for _, address := range itip.Groups(after) {
			if g := ByAddress(r.people, address); g != nil && g.Kind == directory.Group {
				by, ok := known[ownerKey(g)]
				if !ok {
					by = membership(r.people, g.GUID)
				}
				groups = append(groups, store.GroupAttendee{Group: ownerKey(g), Membership: by, LastEnd: end})
			}
		}
	}
	slices.SortFunc(groups, func(a, b store.GroupAttendee) int { return strings.Compare(a.Group, b.Group) })
	groups = slices.CompactFunc(groups, func(a, b store.GroupAttendee) bool { return a.Group == b.Group })
	return r.tx.SetGroupAttendees(home.ID, uid, groups)
}

// atOnce is how many objects are listed at a time. Each is written in a transaction of its own.
const atOnce = 100

// Reconcile writes anew what is to come and invites groups whose members are others now: who is new is invited, who is no
// longer a member hears that it is off. What it does not come to, since it fails or ctx ends, the next one does. A group
// that is gone from the directory changes nothing.
func (s *Scheduler) Reconcile(ctx context.Context) error {
	groups, err := s.Store.GroupsInvited(ctx, s.Now())
	if err != nil {
		return err
	}
	for _, group := range groups {
		people := s.People()
		if people.ByGUID(group) == nil {
			continue
		}
		next := store.GroupAttendee{Group: group, Membership: membership(people, group)}
		for {
			found, err := s.Store.GroupAttendees(ctx, next, s.Now(), atOnce)
			if err != nil {
				return err
			}
			for i := range found {
				if err := s.reconcile(ctx, &found[i]); err != nil {
					if ctx.Err() != nil {
						return ctx.Err()
					}
					s.Log.Error("the members of a group cannot be invited as they are now; it is tried again", "group", group,
						"owner", found[i].Owner, "uid", found[i].UID, "err", err)
				}
			}
			if len(found) < atOnce {
				break
			}
			next.HomeID, next.UID = found[atOnce-1].HomeID, found[atOnce-1].UID
		}
	}
	return nil
}

// reconcile writes one object anew, as its organizer would who puts it as it is.
func (s *Scheduler) reconcile(ctx context.Context, g *store.GroupAttendee) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		organizer := s.People().ByGUID(g.Owner)
		home, err := tx.Home(g.Owner)
		if errors.Is(err, store.ErrNotFound) || err == nil && organizer == nil {
			return tx.SetGroupAttendees(g.HomeID, g.UID, nil)
		}
		if err != nil {
			return err
		}
		r := s.begin(tx, organizer)
		mine, err := r.find(home, g.UID)
		if err != nil {
			return err
		}
		if mine == nil || itip.Classify(mine.object, r.context(organizer).Me) != itip.IsOrganizer {
			return tx.SetGroupAttendees(g.HomeID, g.UID, nil)
		}
		return r.organizeAnew(mine)
	})
}

// organizeAnew lets an organizer's copy follow its groups. Its Schedule-Tag stays: what a client changed meanwhile it can
// still write, since the server expands the groups then too.
func (r *round) organizeAnew(mine *found) error {
	r.entry.Deed = DeedGroups
	if itip.HasBegun(mine.object, r.context(r.owner)) {
		var err error
		if mine, err = r.future(mine); err != nil || mine == nil {
			return err
		}
	}
	w, err := r.organize(mine.object, mine.object, r.context(r.owner))
	if errors.Is(err, itip.ErrTooMany) {
		r.Log.Warn("a group has become too large for a meeting; those who are invited stay", "owner", r.owner.ShortName, "err", err)
		return r.noteGroups(nil, mine.object)
	}
	if err != nil || !w.Changed {
		return err
	}
	if err := rememberETag(r.tx, &mine.item); err != nil {
		return err
	}
	_, _, err = r.tx.PutObject(mine.item.CollectionID, stored(mine.item.Name, w.Object, mine.item.ScheduleTag))
	return err
}

// future parts a series that has begun from its past, as Apple's server does before it changes who is invited, and returns
// what is to come of it. It is nil if the series cannot be parted: then it stays as it is, and is not looked at again.
func (r *round) future(mine *found) (*found, error) {
	_, err := r.Split(r.tx, r.owner, &mine.item, Split{At: nowLike(mine.object, r.now)})
	if errors.Is(err, ErrSplit) {
		r.Log.Info("a series that has begun cannot be parted; the members of its groups stay", "owner", r.owner.ShortName, "uid", mine.item.UID)
		return nil, r.noteGroups(nil, mine.object)
	}
	if err != nil {
		return nil, err
	}
	home, err := r.Home(r.tx, r.owner)
	if err != nil {
		return nil, err
	}
	return r.find(home, mine.item.UID)
}

// nowLike is a time in the form that a split of a series has: of days, the next one, since today has begun.
func nowLike(object *ical.Component, now time.Time) ical.Time {
	form := ical.UTC
	if master := ical.NewObject(object, nil).Master(); master != nil {
		if start, err := master.Prop("DTSTART").Time(); err == nil {
			form = start.Form()
		}
	}
	now = now.UTC()
	switch form {
	case ical.Date:
		day := now.AddDate(0, 0, 1)
		return ical.DateOf(day.Year(), day.Month(), day.Day())
	case ical.Floating:
		return ical.FloatingOf(now)
	}
	return ical.UTCOf(now)
}
