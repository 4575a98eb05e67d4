package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/profiles"
	"calport/signing"
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

func setupProfileVerify(p *program, c *cobra.Command) func(context.Context, []string) error {
	rootFile := c.Flags().String("root", "", "PEM `file` of the roots to trust; else the system's and, with a configuration, our own")
	return func(_ context.Context, args []string) error {
		roots, err := p.verifyRoots(*rootFile)
		if err != nil {
			return err
		}
		bad := false
		for _, file := range args {
			data, err := p.readFile(file)
			if err != nil {
				return err
			}
			if !p.verify(file, data, roots) {
				bad = true
			}
		}
		if bad {
			return &exitError{status: exitFailed}
		}
		return nil
	}
}

// verifyRoots are the anchors of `profile verify`. Without a configuration the system's will do: the command is for
// anyone's profiles.
func (p *program) verifyRoots(file string) (*x509.CertPool, error) {
	if file != "" {
		data, err := p.readFile(file)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
		}
		return pool, nil
	}
	c, err := p.loadConfig()
	if err != nil {
		var exit *exitError
		if p.configFile == "" && errors.As(err, &exit) {
			return nil, nil
		}
		return nil, err
	}
	h := &house{config: c, env: p.env, now: p.now}
	if err := h.openAuthority(); err != nil {
		return nil, err
	}
	return h.pool(), nil
}

// verify prints everything wrong with one file and reports whether it holds no error.
func (p *program) verify(file string, data []byte, roots *x509.CertPool) bool {
	content, errs, cautions := data, 0, 0
	say := func(severe bool, format string, args ...any) {
		word := "caution"
		if severe {
			word = "ERROR"
			errs++
		} else {
			cautions++
		}
		fmt.Fprintf(p.out, "  %s: %s\n", word, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(p.out, "%s\n", file)
	signature, err := signing.Verify(data, roots, p.now())
	switch {
	case errors.Is(err, signing.ErrNotCMS):
		fmt.Fprintln(p.out, "  unsigned")
	case err != nil:
		say(true, "%v", err)
		content = nil
	default:
		content = signature.Content
		if signature.Signer != nil {
			fmt.Fprintf(p.out, "  signed by %q, valid until %s\n", signature.Signer.Subject.CommonName, day(signature.Signer.NotAfter))
		}
		for _, f := range signature.Findings {
			say(f.Severity == signing.Error, "signature: %v", f)
		}
	}
	if content != nil {
		for _, f := range profiles.Verify(content) {
			place := f.Path
			if place == "" {
				place = "profile"
			}
			say(f.Severity == profiles.Error, "%s: %s; %s", place, f.Detail, f.Remedy)
		}
	}
	switch {
	case errs > 0:
		fmt.Fprintf(p.out, "  %d errors, %d cautions\n", errs, cautions)
	case cautions > 0:
		fmt.Fprintf(p.out, "  no errors, %d cautions\n", cautions)
	default:
		fmt.Fprintln(p.out, "  nothing is wrong")
	}
	return errs == 0
}
