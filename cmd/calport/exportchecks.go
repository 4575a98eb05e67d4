package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// changedSince narrows people to those whose profiles have changed after a revision of the change feed, and tells the
// latest. What has changed while no server ran is noted first, as the server does.
func changedSince(ctx context.Context, h *house, people iter.Seq[*directory.Principal], since int64) (iter.Seq[*directory.Principal], int64, error) {
	if err := newNewsDesk(h).everybody(ctx); err != nil {
		return nil, 0, err
	}
	changed, latest := map[string]bool{}, since
	for {
		news, newest, err := h.store.ProfileNews(ctx, latest, newsAtATime)
		if err != nil {
			return nil, 0, err
		}
		if newest < since {
			return nil, 0, &exitError{exitUsage, fmt.Errorf("--since %d: there has been no such revision; the latest is %d", since, newest)}
		}
		if len(news) == 0 {
			break
		}
		for _, n := range news {
			changed[strings.ToLower(n.Owner)] = true
			latest = max(latest, n.Revision)
		}
	}
	return func(yield func(*directory.Principal) bool) {
		for p := range people {
			if changed[strings.ToLower(p.GUID)] && !yield(p) {
				return
			}
		}
	}, latest, nil
}

// tellRevision says what to give to --since next time.
func (p *program) tellRevision(progress string, latest int64) {
	if progress == "json" {
		json.NewEncoder(p.err).Encode(map[string]int64{"revision": latest})
		return
	}
	fmt.Fprintf(p.err, "revision %d; for what changes from now on, say --since %d\n", latest, latest)
}

// readBack judges the files of an export as they are on the disk.
func (p *program) readBack(ctx context.Context, h *house, o export.Options) error {
	roots := h.pool()
	if chain := h.signer.Load().Chain(); len(chain) > 0 {
		roots.AddCert(chain[len(chain)-1]) // it may come from an authority that only the devices know
	}
	count, wrong := 0, 0
	complain := func(path, text string) {
		wrong++
		fmt.Fprintf(p.err, "%s: %s\n", path, text)
	}
	err := export.EachFile(ctx, o.Dir, o.Layout, func(path string, content []byte, err error) {
		count++
		if err != nil {
			complain(path, err.Error())
			return
		}
		if !strings.HasSuffix(path, profiles.Extension) {
			return // a declaration: it is the one that was written
		}
		_, found := inspect(content, roots, p.now())
		for _, c := range found {
			if c.severe {
				complain(path, c.String())
			}
		}
	})
	if err != nil {
		return fmt.Errorf("reading %s back: %w", o.Dir, err)
	}
	if wrong > 0 {
		fmt.Fprintf(p.err, "%s read back, %s\n", counted(count, "file"), counted(wrong, "error"))
		return &exitError{status: exitFailed}
	}
	fmt.Fprintf(p.err, "%s read back, nothing is wrong\n", counted(count, "file"))
	return nil
}
