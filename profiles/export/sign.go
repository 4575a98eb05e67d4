package export

import (
	"context"

	"calport/profiles"
)

// due is a person's profile whose signed file has to be right at the end of a chunk.
type due struct {
	item    *item
	profile *profiles.Profile
	signed  Kept // without bytes until there is something to write
}

// sign brings the signed files of a chunk up to date. What the shelf does not have is signed, then kept at one go. The
// error is for what keeps the run from going on; a signature that fails is its person's failure.
func (x *run) sign(ctx context.Context, chunk []*due, stage *stage) error {
	chunk, err := x.outdated(ctx, chunk)
	if err != nil || x.DryRun {
		return err
	}
	if err := x.signMissing(ctx, chunk); err != nil {
		return err
	}
	for _, d := range chunk {
		if d.signed.Bytes == nil {
			continue // could not be signed
		}
		file := x.signer
		file.Path, file.Content, file.SHA256 = x.name(d.item.person)+profiles.Extension, d.signed.Content, d.signed.digest()
		if err := stage.write(d.item, &d.item.entry.Signed, file, d.signed.Bytes, d.profile.HasSecret()); err != nil {
			return err
		}
	}
	return nil
}

// outdated leaves those whose files have to be written, with what the shelf has of them. A file whose bytes the shelf
// does not know stays; one that differs from the shelf's goes.
func (x *run) outdated(ctx context.Context, chunk []*due) (old []*due, err error) {
	if len(chunk) == 0 {
		return nil, nil
	}
	keys := make([]string, len(chunk))
	for n, d := range chunk {
		keys[n] = shelfKey(d.profile)
	}
	found, err := x.Shelf.Find(ctx, keys)
	if err != nil {
		return nil, err
	}
	for n, d := range chunk {
		content, file := d.profile.SHA256(), d.item.entry.Signed
		if on := found[keys[n]]; on.Of(content, x.signer.Signer) {
			d.signed = on
		}
		if x.current(file, content, x.signer.Signer) && (d.signed.Bytes == nil || d.signed.digest() == file.SHA256) {
			continue
		}
		d.item.outcome = max(d.item.outcome, written)
		old = append(old, d)
	}
	return old, nil
}

// signMissing signs what the shelf does not have.
func (x *run) signMissing(ctx context.Context, chunk []*due) error {
	var fresh []Kept
	var whose []*due
	for _, d := range chunk {
		if d.signed.Bytes != nil {
			continue
		}
		bytes, err := x.Signer.Sign(d.profile.Bytes())
		if err != nil {
			d.item.fail(err, x.Platform)
			continue
		}
		fresh = append(fresh, Kept{shelfKey(d.profile), d.profile.SHA256(), x.signer.Signer, bytes})
		whose = append(whose, d)
	}
	if len(fresh) == 0 {
		return nil
	}
	now, err := x.Shelf.Keep(ctx, fresh)
	if err != nil {
		return err
	}
	for n, d := range whose {
		d.signed = now[n]
	}
	return nil
}
