package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"calport/server/imip"
)

func setupMailTest(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		return p.withHouse(ctx, func(h *house) error {
			err := h.sendMail(ctx, imip.Letter{
				To: args[0], Subject: "Test of " + h.config.Server.PublicHost,
				Text: "This is a test of the mail of calport at " + (&originOf{h.config}).String() + ".\nNothing has to be done.\n",
			})
			if err != nil {
				return fmt.Errorf("mail: %w", err)
			}
			fmt.Fprintf(p.out, "%s has taken a mail to %s from %s; see whether it arrives.\n", h.config.Mail.Host, args[0], h.config.Mail.From)
			return nil
		})
	}
}
