package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/profiles"
)

func setupProfileShow(p *program, c *cobra.Command) func(context.Context, []string) error {
	platformName := c.Flags().String("platform", "any", "`ios`, macos or any")
	raw := c.Flags().Bool("plist", false, "print the unsigned property list and nothing else")
	return func(ctx context.Context, args []string) error {
		platform, err := profiles.ParsePlatform(*platformName)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		return p.withHouse(ctx, func(h *house) error {
			if err := h.loadPeople(ctx); err != nil {
				return err
			}
			person, err := h.findPerson(args[0])
			if err != nil {
				return err
			}
			g, err := h.profileGenerator(ctx)
			if err != nil {
				return err
			}
			profile, err := g.Calendar(h.people.Snapshot(), person, platform)
			if *raw {
				if err != nil {
					return err
				}
				_, err = p.out.Write(profile.Bytes())
				return err
			}
			showValues(p.out, person, g.Show(h.people.Snapshot(), person))
			if err != nil {
				return fmt.Errorf("no profile: %w", err)
			}
			showProfile(p.out, profile, platform)
			return nil
		})
	}
}

// showValues prints the effective settings and where each comes from.
func showValues(out io.Writer, person *directory.Principal, values []profiles.Value) {
	fmt.Fprintf(out, "%s (%s)\n\n", person.FullName, person.ShortName)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tVALUE\tFROM")
	for _, v := range values {
		value := v.Value
		if v.Err != nil {
			value = "(" + v.Err.Error() + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Key, value, v.Source)
	}
	w.Flush()
}

// showProfile prints what a profile holds in words.
func showProfile(out io.Writer, profile *profiles.Profile, platform profiles.Platform) {
	fmt.Fprintf(out, "\nidentifier  %s\nuuid        %s\nsha256      %s\n", profile.Identifier, profile.UUID, profile.SHA256())
	group := ""
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range profiles.Describe(profile.Values(), platform) {
		if line.Group != group {
			group = line.Group
			fmt.Fprintf(w, "\n%s\n", group)
		}
		fmt.Fprintf(w, "  %s\t%s\n", line.Title, line.Value)
	}
	w.Flush()
}

// lookUpPerson finds a person by short name, mail:…, guid:… or any name to sign in with.
func lookUpPerson(s *directory.Snapshot, name string) (*directory.Principal, error) {
	var p *directory.Principal
	switch form, value, _ := strings.Cut(name, ":"); form {
	case "guid":
		p = s.ByGUID(value)
	case "mail":
		p = s.ByAddress("mailto:" + value)
	default:
		return s.ByLogin(name)
	}
	if p == nil || p.Kind != directory.Individual {
		return nil, directory.ErrNotFound
	}
	return p, nil
}
