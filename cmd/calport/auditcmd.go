package main

import (
	"context"
	"errors"
	"net/url"

	"github.com/spf13/cobra"

	"calport/web"
)

// errEnough ends a listing.
var errEnough = errors.New("enough")

func setupAudit(p *program, c *cobra.Command) func(context.Context, []string) error {
	asked := url.Values{}
	for _, f := range []struct{ name, usage string }{
		{"actor", "what this `person` did: a short name, a mail address, a GUID; or a token's name, or \"command line\""},
		{"action", "only these deeds: a `word` such as token, or all of it such as token.create"},
		{"object", "what was done to this `person`, group, room or thing"},
		{"since", "from this `day` on, such as 2026-11-28 (UTC)"},
		{"until", "up to this `day`, itself included"},
	} {
		c.Flags().Func(f.name, f.usage, func(v string) error {
			asked.Set(f.name, v)
			return nil
		})
	}
	format := c.Flags().String("format", web.DeedsText, "text, csv or jsonl (JSON lines)")
	limit := c.Flags().Int("limit", 100, "at most so many; 0 is all")
	return func(ctx context.Context, _ []string) error {
		return p.withHouse(ctx, func(h *house) error {
			if err := h.people.Load(ctx); err != nil {
				h.log.Warn("the kept copy of the directory cannot be read, so there are no names", "err", err)
			}
			f, err := web.ParseDeedFilter(h.people.Snapshot(), asked)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			out, err := web.NewDeedWriter(p.out, *format, h.people.Snapshot())
			if err != nil {
				return &exitError{exitUsage, err}
			}
			left := *limit
			err = audit{h.store}.EachDeed(ctx, f, func(e web.DeedEntry) error {
				if left--; left == -1 && *limit > 0 {
					return errEnough
				}
				return out.Write(e)
			})
			if err != nil && !errors.Is(err, errEnough) {
				return err
			}
			return out.Flush()
		})
	}
}
