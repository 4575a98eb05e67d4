package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/server/store"
	"calport/web"
)

// tokenPrefix lets scanners for leaked secrets know one when they see it.
const tokenPrefix = "calport_"

func setupTokenCreate(p *program, c *cobra.Command) func(context.Context, []string) error {
	scopes := c.Flags().StringSlice("scope", []string{web.ScopeList, web.ScopeRead}, "what it opens: "+strings.Join(web.Scopes, ", "))
	groups := c.Flags().StringArray("group", nil, "limit it to the members of a group, nested ones included, by short `name` or GUID; repeatable")
	expires := c.Flags().String("expires", "never", "`when` it ends: 90d is after so many days, 2027-01-31 the end of that day")
	return func(ctx context.Context, args []string) error {
		ends, err := parseExpiry(*expires, p.now())
		if err != nil {
			return &exitError{exitUsage, err}
		}
		for _, scope := range *scopes {
			if !slices.Contains(web.Scopes, scope) {
				return &exitError{exitUsage, fmt.Errorf("--scope %q is unknown; write one or more of %s", scope, strings.Join(web.Scopes, ", "))}
			}
		}
		return p.withHouse(ctx, func(h *house) error {
			t := store.Token{Name: args[0], Scopes: *scopes, Expires: ends}
			if t.Groups, err = h.groupsNamed(ctx, *groups); err != nil {
				return err
			}
			secret, _, err := h.makeToken(ctx, t, store.AuditEntry{Actor: "command line"})
			if err != nil {
				return err
			}
			fmt.Fprintln(p.out, secret)
			fmt.Fprintln(p.err, "Keep it safe: it is shown only this once.")
			return nil
		})
	}
}

// makeToken keeps a token under a secret of its own, and records who made it. The secret is nowhere else.
func (h *house) makeToken(ctx context.Context, t store.Token, entry store.AuditEntry) (secret string, made store.Token, err error) {
	if _, err := h.tokenNamed(ctx, t.Name); err == nil {
		return "", made, fmt.Errorf("%w: %q; revoke it first or take another name", web.ErrNameTaken, t.Name)
	}
	secret = tokenPrefix + rand.Text()
	t.Hash = store.HashSecret(secret)
	if made, err = h.store.CreateToken(ctx, t); err != nil {
		return "", made, err
	}
	entry.Action, entry.Object, entry.Detail = "token.create", t.Name, "scopes "+strings.Join(t.Scopes, " ")
	if len(t.Groups) > 0 {
		entry.Detail += ", groups " + strings.Join(t.Groups, " ")
	}
	return secret, made, h.store.AppendAudit(ctx, entry)
}

// groupsNamed finds the GUIDs of groups, in lower case.
func (h *house) groupsNamed(ctx context.Context, names []string) (guids []string, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	if err := h.loadPeople(ctx); err != nil {
		return nil, err
	}
	s := h.people.Snapshot()
	for _, name := range names {
		g := cmp.Or(s.ByName(directory.Group, name), s.ByGUID(name))
		if g == nil || g.Kind != directory.Group {
			return nil, fmt.Errorf("there is no group %q in the directory", name)
		}
		guids = append(guids, strings.ToLower(g.GUID))
	}
	slices.Sort(guids)
	return slices.Compact(guids), nil
}

// parseExpiry reads "never", a number of days such as 90d, or the last day. The zero time is never.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" || text == "never" {
		return time.Time{}, nil
	}
	ends, err := time.ParseInLocation(time.DateOnly, text, now.Location())
	if err == nil {
		ends = ends.AddDate(0, 0, 1)
	} else if count, found := strings.CutSuffix(text, "d"); found {
		var days int
		if days, err = strconv.Atoi(count); err == nil {
			ends = now.AddDate(0, 0, days)
		}
	}
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("expiry %q is neither never, a number of days such as 90d, nor a date such as 2027-01-31", text)
	case !ends.After(now):
		return time.Time{}, fmt.Errorf("expiry %q is over already", text)
	}
	return ends, nil
}

func setupTokenList(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, _ []string) error {
		return p.withHouse(ctx, func(h *house) error {
			all, err := h.store.Tokens(ctx)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tSCOPES\tGROUPS\tCREATED\tEXPIRES\tLAST USED\tSTATE")
			for _, t := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, strings.Join(t.Scopes, ","), cmp.Or(strings.Join(t.Groups, ","), "all"),
					day(t.Created), day(t.Expires), day(t.LastUsed), tokenState(t, h.now()))
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
	case !t.Valid(now):
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
