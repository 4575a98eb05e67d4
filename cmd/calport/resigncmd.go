package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

func setupProfileResign(p *program, c *cobra.Command) func(context.Context, []string) error {
	how := c.Flags().String("progress", "auto", "auto, plain, json (lines for machines) or none")
	return func(ctx context.Context, _ []string) error {
		show, err := p.progress(*how)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		return p.withHouse(ctx, func(h *house) error {
			if err := h.loadPeople(ctx); err != nil {
				return err
			}
			summary, err := h.resign(ctx, show)
			if errors.Is(err, context.Canceled) {
				fmt.Fprintln(p.err, "stopped; run the same command again to go on")
				return &exitError{status: exitFailed}
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(p.out, "Signed by %s: %s.\n", h.signer.Load().Fingerprint(), counts(summary))
			return nil
		})
	}
}

// signings counts what is signed anew on its way to the shelf.
type signings struct {
	export.Shelf
	count atomic.Int64
}

func (s *signings) Keep(ctx context.Context, fresh []export.Kept) ([]export.Kept, error) {
	s.count.Add(int64(len(fresh)))
	return s.Shelf.Keep(ctx, fresh)
}

// resign has everybody's profiles, for each platform, signed by the signer in force, where another one has signed them or
// none. The content stays as it is, with its UUIDs: devices see the same profile.
func (h *house) resign(ctx context.Context, show func(export.Progress)) (export.Summary, error) {
	r, err := h.renderer(ctx)
	if err != nil {
		return export.Summary{}, err
	}
	fresh := &signings{Shelf: r.Shelf}
	r.Shelf = fresh
	people := h.people.Snapshot()
	allowed := func(yield func(*directory.Principal) bool) {
		for one := range people.All(directory.Individual) {
			if h.access.Profile.Allows(people, one) && !yield(one) {
				return
			}
		}
	}
	platforms := []profiles.Platform{profiles.Any, profiles.IOS, profiles.MacOS}
	total, done := 0, 0
	for range allowed {
		total += len(platforms)
	}
	var s export.Summary
	meter := export.NewMeter(show, time.Now, total)
	for _, platform := range platforms {
		err := r.Each(ctx, allowed, platform, true, func(one export.Rendered) error {
			done++
			switch {
			case errors.Is(one.Err, profiles.ErrDenied):
				s.Denied++
			case profiles.Skips(one.Err):
				s.Skipped++
			case one.Err != nil:
				return one.Err
			}
			s.Written = min(int(fresh.count.Load()), done) // some are ahead
			s.Unchanged = done - s.Written - s.Denied - s.Skipped
			meter.Show(s, false)
			return nil
		})
		if err != nil {
			return s, err
		}
	}
	meter.Show(s, true)
	return s, nil
}
