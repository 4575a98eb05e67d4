package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"calport/profiles"
	"calport/profiles/check"
)

// checkFlags are the flags of calport check.
type checkFlags struct {
	resolver string
	rootFile string
	noDNS    bool
}

func setupCheck(p *program, c *cobra.Command) func(context.Context, []string) error {
	f := &checkFlags{}
	flags := c.Flags()
	flags.StringVar(&f.resolver, "resolver", "", "`address` of the name server to ask, such as 192.0.2.53:53; else the system's")
	flags.StringVar(&f.rootFile, "root", "", "PEM `file` of further roots to trust")
	flags.BoolVar(&f.noDNS, "no-dns", false, "leave out the DNS records: profiles do not need them")
	return func(ctx context.Context, args []string) error {
		who := ""
		if len(args) == 1 {
			who = args[0]
		}
		account, err := p.account(ctx, f, who)
		if err != nil {
			return err
		}
		return p.walk(ctx, account)
	}
}

// account gathers what is to be walked: by the configuration, or, without one, by a mail address alone, as automatic
// set-up does.
func (p *program) account(ctx context.Context, f *checkFlags, who string) (check.Account, error) {
	a := check.Account{Now: p.now}
	if f.resolver != "" {
		a.Resolver = resolverAt(f.resolver)
	}
	c, err := p.loadConfig()
	switch {
	case err == nil:
		if err := p.accountOf(ctx, c, &a, who); err != nil {
			return a, err
		}
	case p.configFile == "" && strings.Contains(who, "@") && p.noConfig():
		a.Mail, a.User = who, who
	default:
		return a, err
	}
	if f.noDNS {
		a.Mail = ""
	}
	if f.rootFile != "" {
		pem, err := os.ReadFile(f.rootFile)
		if err != nil {
			return a, err
		}
		if a.Roots == nil {
			a.Roots = (&house{}).pool()
		}
		if !a.Roots.AppendCertsFromPEM(pem) {
			return a, fmt.Errorf("%s holds no certificate in PEM form", f.rootFile)
		}
	}
	if a.User != "" {
		if a.Password, err = p.password(a.User); err != nil {
			return a, err
		}
	}
	return a, nil
}

// noConfig says that there is no configuration at all, rather than one with mistakes.
func (p *program) noConfig() bool {
	_, err := p.findConfig()
	return err != nil
}

// accountOf fills in what the configuration, the directory and the profile say.
func (p *program) accountOf(ctx context.Context, c *Config, a *check.Account, who string) error {
	h, err := p.openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	a.Host, a.Port, a.Roots = c.Server.PublicHost, c.Server.PublicPort, h.pool()
	if who == "" {
		return nil
	}
	if err := h.loadPeople(ctx); err != nil {
		return err
	}
	person, err := h.findPerson(who)
	if err != nil {
		return err
	}
	a.Mail = person.Mail()
	g, err := h.profileGenerator(ctx)
	if err != nil {
		return err
	}
	profile, err := g.Calendar(h.people.Snapshot(), person, profiles.Any)
	if err != nil {
		fmt.Fprintf(p.err, "%s gets no profile: %v\n", person.ShortName, err)
		a.User = person.ShortName
		return nil
	}
	a.User, a.Profile = profile.UserName, profile.Bytes()
	return nil
}

// password takes the password from CALPORT_PASSWORD, or asks for it on a terminal. Without either the walk ends
// before the sign-in.
func (p *program) password(user string) (string, error) {
	if v := p.env("CALPORT_PASSWORD"); v != "" {
		return v, nil
	}
	f, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", nil
	}
	fmt.Fprintf(p.err, "Password of %s: ", user)
	text, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(p.err)
	return string(text), err
}

// walk prints the table, each step as soon as it is done, and a remedy for each that did not pass.
func (p *program) walk(ctx context.Context, a check.Account) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	report, err := check.Run(ctx, a, func(r check.Result) {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.State, r.Title, r.Found)
	})
	w.Flush()
	if err != nil {
		return err
	}
	header := "\nWhat to do:\n"
	for _, r := range report {
		if r.Remedy.Format != "" && r.State != check.Skipped {
			fmt.Fprintf(p.out, "%s  %s: %s\n", header, r.Title, r.Remedy)
			header = ""
		}
	}
	if !report.OK() {
		return &exitError{status: exitFailed}
	}
	return nil
}

// resolverAt asks one name server only.
func resolverAt(address string) *net.Resolver {
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "53")
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
}
