package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"calport/web"
)

func setupHealth(p *program, c *cobra.Command) func(context.Context, []string) error {
	asJSON := c.Flags().Bool("json", false, "for machines")
	return func(ctx context.Context, _ []string) error {
		return p.withHouse(ctx, func(h *house) error {
			if err := h.people.Load(ctx); err != nil {
				h.log.Warn("the kept copy of the directory cannot be read", "err", err)
			}
			facts := h.healthFacts(ctx)
			state := web.WorstHealth(facts)
			if err := p.printHealth(facts, state, *asJSON); err != nil {
				return err
			}
			if state == web.HealthBad {
				return &exitError{exitFailed, nil}
			}
			return nil
		})
	}
}

func (p *program) printHealth(facts []web.HealthFact, state web.HealthState, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			State web.HealthState  `json:"state"`
			Facts []web.HealthFact `json:"facts"`
		}{state, facts})
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, f := range facts {
		name, value := f.English()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Area, name, f.State, value)
	}
	return w.Flush()
}
