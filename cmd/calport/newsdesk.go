package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/server/store"
	"calport/web"
)

// newsDesk finds out whose profiles have changed, and notes it in the store, where the change feed has it from. A change of
// the directory has those rendered anew whom it concerns; new settings, and a start, have everybody. Only profiles that
// come out otherwise are news. It is for one goroutine, but for note.
type newsDesk struct {
	house *house
	wake  chan struct{}

	mu  sync.Mutex
	due map[string]bool // GUIDs whose profiles are to be looked at

	revision int64 // of the settings that everybody was last looked at with; -1: never
}

// How often the settings are looked at, which other processes change, and how many people's news are written together.
const (
	settingsEvery = 3 * time.Second
	newsAtATime   = 500
)

func newNewsDesk(h *house) *newsDesk {
	d := &newsDesk{house: h, wake: make(chan struct{}, 1), due: map[string]bool{}, revision: -1}
	h.people.OnChange(d.note)
	return d
}

// note remembers whom a change of the directory concerns.
func (d *newsDesk) note(guids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, guid := range guids {
		d.due[guid] = true
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. What fails is tried again.
func (d *newsDesk) Run(ctx context.Context) {
	tick := time.NewTicker(settingsEvery)
	defer tick.Stop()
	for {
		if err := d.work(ctx); err != nil && ctx.Err() == nil {
			d.house.log.Error("whose profiles have changed cannot be noted; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.wake:
		}
	}
}

func (d *newsDesk) work(ctx context.Context) error {
	snapshot := d.house.people.Snapshot()
	if snapshot.Count(directory.Individual) == 0 {
		return nil // not read yet: nobody has gone
	}
	revision, err := d.house.store.SettingsRevision(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	due := d.due
	d.due = map[string]bool{}
	d.mu.Unlock()
	if revision != d.revision {
		if err = d.everybody(ctx); err == nil {
			d.revision = revision
		}
	} else if len(due) > 0 {
		err = d.some(ctx, due)
	}
	if err != nil {
		d.mu.Lock()
		for guid := range due {
			d.due[guid] = true
		}
		d.mu.Unlock()
	}
	return err
}

// everybody compares all profiles with what is known.
func (d *newsDesk) everybody(ctx context.Context) error {
	g, err := d.house.profileGenerator(ctx)
	if err != nil {
		return err
	}
	known, err := d.house.store.ProfileDigests(ctx)
	if err != nil {
		return err
	}
	p := press{house: d.house, generator: g, people: d.house.people.Snapshot()}
	for one := range p.people.All(directory.Individual) {
		news := p.of(one)
		old := known[news.Owner]
		delete(known, news.Owner)
		if news.Digest != old {
			if err := p.add(ctx, news); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	for owner := range known {
		if err := p.add(ctx, store.ProfileNews{Owner: owner}); err != nil {
			return err
		}
	}
	return p.print(ctx)
}

// some looks at those whom a change concerns.
func (d *newsDesk) some(ctx context.Context, due map[string]bool) error {
	g, err := d.house.profileGenerator(ctx)
	if err != nil {
		return err
	}
	p := press{house: d.house, generator: g, people: d.house.people.Snapshot()}
	for guid := range due {
		one := p.people.ByGUID(guid)
		news := store.ProfileNews{Owner: strings.ToLower(guid)}
		if one != nil {
			if one.Kind != directory.Individual {
				continue
			}
			news = p.of(one)
		}
		if err := p.add(ctx, news); err != nil {
			return err
		}
	}
	return p.print(ctx)
}

// press collects news and has them written together.
type press struct {
	house     *house
	generator *profiles.Generator
	people    *directory.Snapshot
	news      []store.ProfileNews
}

// of is the news of a person: the digest is of all variants of the profile, or empty where there is none.
func (p *press) of(one *directory.Principal) store.ProfileNews {
	news := store.ProfileNews{Owner: strings.ToLower(one.GUID), Name: one.ShortName}
	if !p.house.access.Profile.Allows(p.people, one) {
		return news
	}
	var uuids []string
	for _, platform := range []profiles.Platform{profiles.Any, profiles.IOS, profiles.MacOS} {
		profile, err := p.generator.Calendar(p.people, one, platform)
		if err != nil {
			return news // the list says why
		}
		uuids = append(uuids, profile.UUID) // changes if and only if the content does
	}
	news.Digest = strings.Join(uuids, " ")
	return news
}

func (p *press) add(ctx context.Context, news store.ProfileNews) error {
	if p.news = append(p.news, news); len(p.news) < newsAtATime {
		return nil
	}
	return p.print(ctx)
}

func (p *press) print(ctx context.Context) error {
	if len(p.news) == 0 {
		return nil
	}
	_, err := p.house.store.NoteProfiles(ctx, p.news)
	p.news = p.news[:0]
	return err
}

// newsOf joins the portal's change feed to the store's.
type newsOf struct{ store *store.Store }

func (n newsOf) ProfileNews(ctx context.Context, after int64, limit int) ([]web.ProfileNews, int64, error) {
	found, latest, err := n.store.ProfileNews(ctx, after, limit)
	news := make([]web.ProfileNews, len(found))
	for i, f := range found {
		news[i] = web.ProfileNews{Owner: f.Owner, Name: f.Name, Removed: f.Digest == "", Revision: f.Revision, Born: f.Born}
	}
	return news, latest, err
}
