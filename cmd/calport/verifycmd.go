package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"calport/profiles"
	"calport/signing"
)

func setupProfileVerify(p *program, c *cobra.Command) func(context.Context, []string) error {
	rootFile := c.Flags().String("root", "", "PEM `file` of the roots to trust; else the system's and, with a configuration, our own")
	return func(_ context.Context, args []string) error {
		roots, err := p.verifyRoots(*rootFile)
		if err != nil {
			return err
		}
		sound := true
		for _, file := range args {
			sound = p.verify(file, roots) && sound
		}
		if !sound {
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

// complaint is one thing wrong with a file, whoever found it.
type complaint struct {
	severe                bool
	place, detail, remedy string
}

func (c complaint) String() string {
	text := "caution: "
	if c.severe {
		text = "ERROR: "
	}
	text += c.place + ": " + c.detail
	if c.remedy != "" {
		text += "; " + c.remedy
	}
	return text
}

// verify prints everything wrong with one file and reports whether it holds no error.
func (p *program) verify(file string, roots *x509.CertPool) bool {
	var signer string
	var found []complaint
	data, err := p.readFile(file)
	if err == nil {
		signer, found = inspect(data, roots, p.now())
	} else {
		found = []complaint{{true, "file", err.Error(), ""}}
	}
	fmt.Fprintln(p.out, file)
	if signer != "" {
		fmt.Fprintf(p.out, "  %s\n", signer)
	}
	errs := 0
	for _, c := range found {
		fmt.Fprintf(p.out, "  %v\n", c)
		if c.severe {
			errs++
		}
	}
	fmt.Fprintf(p.out, "  %s\n", summed(errs, len(found)-errs))
	return errs == 0
}

// inspect judges a file: who signed it, in words, and everything wrong with signature and content.
func inspect(data []byte, roots *x509.CertPool, now time.Time) (signer string, found []complaint) {
	content := data
	signature, err := signing.Verify(data, roots, now)
	switch {
	case errors.Is(err, signing.ErrNotCMS):
		signer = "unsigned"
	case err != nil:
		return "", []complaint{{true, "file", err.Error(), ""}}
	default:
		content = signature.Content
		if leaf := signature.Signer; leaf != nil {
			signer = fmt.Sprintf("signed by %q, valid until %s", leaf.Subject.CommonName, day(leaf.NotAfter))
		}
		for _, f := range signature.Findings {
			found = append(found, complaint{f.Severity == signing.Error, "signature", f.Detail, f.Remedy})
		}
	}
	if content == nil {
		return signer, found
	}
	for _, f := range profiles.Verify(content) {
		place := f.Path
		if place == "" {
			place = "profile"
		}
		found = append(found, complaint{f.Severity == profiles.Error, place, f.Detail, f.Remedy})
	}
	return signer, found
}

func summed(errs, cautions int) string {
	switch {
	case errs+cautions == 0:
		return "nothing is wrong"
	case errs == 0:
		return "no errors, " + counted(cautions, "caution")
	case cautions == 0:
		return counted(errs, "error")
	}
	return counted(errs, "error") + ", " + counted(cautions, "caution")
}

// counted is a number of things in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprint(n, " ", thing, "s")
}
