package export

import (
	"context"
	"errors"
	"io/fs"

	"calport/directory"
	"calport/profiles"
)

// work brings the files of some people up to date. The error is for what keeps the run from going on.
func (x *run) work(ctx context.Context, items []*item, stage *stage) error {
	var fatal error
	var signed []*due
	for _, i := range items {
		switch {
		case i.person == nil:
			if x.gone(i); x.Prune && i.entry != nil && i.outcome == gone {
				fatal = firstOf(fatal, x.dissolve(i, stage))
				x.pruneStale(i)
			}
		case ctx.Err() != nil || fatal != nil:
			i.keep(remaining)
		case i.clash:
			i.fail(errClash, x.Platform)
		default:
			var p *profiles.Profile
			if p, fatal = x.one(context.WithoutCancel(ctx), i, stage); fatal != nil {
				i.fail(fatal, x.Platform)
			} else if p != nil && x.Format&Signed != 0 {
				signed = append(signed, &due{item: i, profile: p})
			}
		}
	}
	if fatal == nil { // a chunk that was begun is ended, even when the run is stopped
		fatal = x.sign(context.WithoutCancel(ctx), signed, stage)
	}
	for _, d := range signed {
		if fatal != nil {
			d.item.fail(fatal, x.Platform)
		}
	}
	if x.Prune {
		for _, i := range items {
			if i.person != nil && i.outcome != failed && i.outcome != remaining {
				x.prune(i)
				if i.outcome == denied {
					fatal = firstOf(fatal, x.dissolve(i, stage))
				}
				x.pruneStale(i)
			}
		}
	}
	return firstOf(fatal, stage.commit(x.Platform))
}

// gone deals with a row of the old manifest without a person.
func (x *run) gone(i *item) {
	if !x.Everyone {
		i.keep(kept)
		return
	}
	entry := *i.old
	entry.Status, entry.Reason = StatusGone, "no longer among the people who get a profile, under this short name"
	i.entry, i.outcome = &entry, gone
	if x.Prune {
		x.prune(i)
		if entry.Signed == nil && entry.Unsigned == nil && entry.Declarations == nil {
			i.entry = nil
		}
	}
}

// one renders a person's profile and brings the unsigned file up to date; nil for who gets none.
func (x *run) one(ctx context.Context, i *item, stage *stage) (*profiles.Profile, error) {
	i.entry = newEntry(i.person, x.Platform)
	if i.old != nil {
		i.entry.Signed, i.entry.Unsigned = i.old.Signed, i.old.Unsigned
		i.entry.Declarations, i.entry.Retired = i.old.Declarations, i.old.Retired
	}
	p, err := x.Generator.Calendar(x.Directory, i.person, x.Platform)
	if err != nil {
		i.without(err, x.Platform)
		return nil, nil
	}
	if x.Password != nil {
		i.outcome = written
		if x.DryRun { // it would make a password that nobody gets
			i.entry.describe(p, p.SHA256())
			return nil, nil
		}
		if p, err = x.withPassword(ctx, i.person); err != nil {
			i.fail(err, x.Platform)
			return nil, nil
		}
	}
	sum := p.SHA256()
	i.entry.describe(p, sum)
	i.outcome = max(i.outcome, unchanged)
	if x.Layout == KMFDDM {
		return p, x.declare(i, stage)
	}
	if x.Format&Unsigned != 0 && !x.current(i.entry.Unsigned, sum, "") {
		if err := x.writeUnsigned(i, p, sum, stage); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (x *run) withPassword(ctx context.Context, person *directory.Principal) (*profiles.Profile, error) {
	secret, err := x.Password(ctx, person)
	if err != nil {
		return nil, err
	}
	return x.Generator.CalendarWithPassword(x.Directory, person, x.Platform, secret)
}

// writeUnsigned stages the unsigned file.
func (x *run) writeUnsigned(i *item, p *profiles.Profile, sum string, stage *stage) error {
	i.outcome = max(i.outcome, written)
	if x.DryRun {
		return nil
	}
	return stage.write(i, &i.entry.Unsigned, File{Path: x.unsignedPath(i.person), SHA256: sum, Content: sum}, p.Bytes(), p.HasSecret())
}

// without deals with a person who gets no profile. What is in the folder from before stays, unless pruned.
func (i *item) without(err error, platform profiles.Platform) {
	if !profiles.Skips(err) {
		i.fail(err, platform)
		return
	}
	i.entry.Status, i.outcome = StatusSkipped, skipped
	if errors.Is(err, profiles.ErrDenied) {
		i.entry.Status, i.outcome = StatusDenied, denied
	}
	i.entry.Reason = err.Error()
}

// current reports whether a file has this content and signer, and is still there in its size.
func (x *run) current(f *File, content, signer string) bool {
	if f == nil || f.Content != content || f.Signer != signer || !f.ours() || x.root == nil {
		return false
	}
	info, err := x.root.Lstat(f.Path)
	return err == nil && info.Mode().IsRegular() && info.Size() == f.Size
}

// prune deletes the files that the row names and that this run does not stand for.
func (x *run) prune(i *item) {
	exported := i.entry.Status == StatusExported
	for _, slot := range []struct {
		file   **File
		wanted bool
	}{
		{&i.entry.Signed, exported && x.Format&Signed != 0},
		{&i.entry.Unsigned, exported && x.Format&Unsigned != 0},
	} {
		if *slot.file == nil || slot.wanted || !(*slot.file).ours() {
			continue
		}
		if !x.DryRun {
			if err := x.root.Remove((*slot.file).Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				i.fail(err, x.Platform)
				return
			}
		}
		*slot.file = nil
		i.pruned++
	}
}

// keep leaves the old row as it is.
func (i *item) keep(o outcome) { i.entry, i.outcome = i.old, o }

// fail notes why a person's files could not be brought up to date. The row goes on naming those that are there.
func (i *item) fail(err error, platform profiles.Platform) {
	if i.entry == nil && i.old != nil {
		entry := *i.old
		i.entry = &entry
	}
	if i.entry == nil {
		i.entry = newEntry(i.person, platform)
	}
	i.entry.Status, i.entry.Reason, i.outcome = StatusFailed, err.Error(), failed
}
