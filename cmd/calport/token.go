package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"calport/server/store"
)

// tokenPrefix lets scanners for leaked secrets know one when they see it.
const tokenPrefix = "calport_"

func setupTokenCreate(p *program, c *cobra.Command) func(context.Context, []string) error {
	days := c.Flags().Int("days", 0, "let it expire after so many `days`; 0 is never")
	secrets := c.Flags().Bool("secrets", false, "let it make app passwords and fetch profiles with one inside, too")
	return func(ctx context.Context, args []string) error {
		if *days < 0 {
			return &exitError{exitUsage, errors.New("--days must not be negative")}
		}
		return p.withHouse(ctx, func(h *house) error {
			if _, err := h.tokenNamed(ctx, args[0]); err == nil {
				return fmt.Errorf("there is a token named %q already; revoke it first or take another name", args[0])
			}
			secret := tokenPrefix + rand.Text()
			t := store.Token{Name: args[0], Hash: store.HashSecret(secret), Scopes: []string{"list", "read"}}
			if *secrets {
				t.Scopes = append(t.Scopes, "secrets")
			}
			if *days > 0 {
				t.Expires = h.now().AddDate(0, 0, *days)
			}
			if _, err := h.store.CreateToken(ctx, t); err != nil {
				return err
			}
			if err := h.audit(ctx, "token.create", args[0]); err != nil {
				return err
			}
			fmt.Fprintln(p.out, secret)
			fmt.Fprintln(p.err, "Keep it safe: it is shown only this once.")
			return nil
		})
	}
}

func setupTokenList(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, _ []string) error {
		return p.withHouse(ctx, func(h *house) error {
			all, err := h.store.Tokens(ctx)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tCREATED\tEXPIRES\tLAST USED\tSTATE")
			for _, t := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.Name, day(t.Created), day(t.Expires), day(t.LastUsed), tokenState(t, h.now()))
			}
			return w.Flush()
		})
	}
}

func setupTokenRevoke(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		return p.withHouse(ctx, func(h *house) error {
			t, err := h.tokenNamed(ctx, args[0])
			if err != nil {
				return err
			}
			if err := h.store.RevokeToken(ctx, t.ID); err != nil {
				return err
			}
			fmt.Fprintf(p.out, "%s is useless from now on.\n", t.Name)
			return h.audit(ctx, "token.revoke", t.Name)
		})
	}
}

// tokenNamed finds the token of that name that is not revoked.
func (h *house) tokenNamed(ctx context.Context, name string) (store.Token, error) {
	all, err := h.store.Tokens(ctx)
	if err != nil {
		return store.Token{}, err
	}
	for _, t := range all {
		if t.Name == name && t.Revoked.IsZero() {
			return t, nil
		}
	}
	return store.Token{}, fmt.Errorf("there is no token named %q; calport token list shows them", name)
}

func tokenState(t store.Token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked"
	case !t.Expires.IsZero() && now.After(t.Expires):
		return "expired"
	}
	return "valid"
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateOnly)
}

// audit records what a command did.
func (h *house) audit(ctx context.Context, action, object string) error {
	return h.store.Write(ctx, func(tx *store.Tx) error {
		return tx.AppendAudit(store.AuditEntry{Actor: "command line", Action: action, Object: object})
	})
}
