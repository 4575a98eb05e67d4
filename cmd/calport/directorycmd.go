package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/server/store"
)

// confirmedKey is where `calport directory --confirm` tells a running server of it.
const confirmedKey = "confirmed"

func setupDirectory(p *program, c *cobra.Command) func(context.Context, []string) error {
	confirm := c.Flags().Bool("confirm", false, "accept that more people than directory.max_loss have left")
	return func(ctx context.Context, _ []string) error {
		return p.withHouse(ctx, func(h *house) error {
			status, err := h.directory.Check(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.out, "%s (%s) answered in %s.\n", status.Server, status.Vendor, status.Latency.Round(time.Millisecond))
			if err := h.people.Load(ctx); err != nil {
				h.log.Warn("the kept copy cannot be read; it is made anew", "err", err)
			}
			err = h.people.Refresh(ctx)
			var loss *directory.LossError
			switch {
			case errors.As(err, &loss) && *confirm:
				return p.confirmLoss(ctx, h)
			case errors.As(err, &loss):
				return fmt.Errorf("%s To confirm: calport directory --confirm", h.people.Health().Problem())
			case err != nil:
				return err
			}
			p.countPeople(h)
			return nil
		})
	}
}

// confirmLoss accepts what the last refresh would lose, here and in the server that runs beside.
func (p *program) confirmLoss(ctx context.Context, h *house) error {
	if err := h.people.Confirm(ctx); err != nil {
		return err
	}
	if err := h.store.SetValue(ctx, snapshotBucket, confirmedKey, []byte(h.now().Format(time.RFC3339))); err != nil {
		return err
	}
	p.countPeople(h)
	fmt.Fprintln(p.out, "The loss is accepted; a running server takes it up within half a minute.")
	return h.audit(ctx, "directory.confirm", "")
}

func (p *program) countPeople(h *house) {
	now := h.people.Health()
	fmt.Fprintf(p.out, "%d people, %d groups, %d rooms, %d resources.\n", now.People, now.Groups, now.Rooms, now.Resources)
	for _, left := range now.Dropped {
		fmt.Fprintf(p.out, "left out, its stable id is missing or not its own: %s\n", left.DN)
	}
}

// confirmEvery is how often a server looks whether a loss was confirmed.
const confirmEvery = 20 * time.Second

// takeConfirmations does what `calport directory --confirm` asks of a running server, until ctx ends.
func (h *house) takeConfirmations(ctx context.Context) {
	tick := time.NewTicker(confirmEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if h.people.Health().Refused == nil {
			continue
		}
		if err := h.takeConfirmation(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("a confirmed loss of people cannot be taken up", "err", err)
		}
	}
}

func (h *house) takeConfirmation(ctx context.Context) error {
	_, err := h.store.Value(ctx, snapshotBucket, confirmedKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := h.store.DeleteValue(ctx, snapshotBucket, confirmedKey); err != nil {
		return err
	}
	h.log.Info("a loss of people was confirmed by calport directory --confirm")
	return h.people.Confirm(ctx)
}
