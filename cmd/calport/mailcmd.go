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
			if err := h.sendMail(ctx, imip.Letter{
				To: args[0], Subject: "Test of " + h.config.Server.PublicHost,
				Text: "This is a test of the mail of calport at " + (&originOf{h.config}).String() + ".\nNothing has to be done.\n",
			}); err != nil {
				return fmt.Errorf("mail: %w", err)
			}
			fmt.Fprintf(p.out, "%s has taken a mail to %s from %s; see whether it arrives.\n", h.config.Mail.Host, args[0], h.config.Mail.From)
			return p.checkMailbox(ctx, h)
		})
	}
}

// checkMailbox looks whether answers can be read.
func (p *program) checkMailbox(ctx context.Context, h *house) error {
	in := &h.config.Mail.Incoming
	mailbox, err := h.openMailbox()
	if err != nil {
		return err
	}
	if mailbox == nil {
		fmt.Fprintln(p.out, "No mailbox of answers is configured (mail.incoming.host): answers to invitations go to the organizers' own addresses.")
		return nil
	}
	waiting, err := mailbox.Check(ctx)
	if err != nil {
		return fmt.Errorf("mail.incoming: %w", err)
	}
	fmt.Fprintf(p.out, "%s of %s at %s can be read; %d mails wait in it.\n", in.Mailbox, in.User, in.Host, waiting)
	return nil
}
