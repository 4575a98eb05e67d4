package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"rsc.io/qr"

	"calport/directory/demo"
)

// demoFlags are the flags of calport demo.
type demoFlags struct{ data, https, http, lan string }

// lanSelf is the value of --lan without a host: this machine's own .local name.
const lanSelf = "this machine"

func setupDemo(p *program, c *cobra.Command) func(context.Context, []string) error {
	f := &demoFlags{}
	flags := c.Flags()
	flags.StringVar(&f.data, "data", "", "`folder` for everything; kept between starts (default ~/.cache/calport-demo)")
	flags.StringVar(&f.https, "https", "127.0.0.1:8443", "`address` for https")
	flags.StringVar(&f.http, "http", "127.0.0.1:8008", "`address` that leads to https")
	flags.StringVar(&f.lan, "lan", "", "let the local network in, by this `host` name (default this machine's .local name)")
	flags.Lookup("lan").NoOptDefVal = lanSelf
	return func(ctx context.Context, args []string) error { return p.demo(ctx, f, c.Flags().Changed) }
}

// demo runs the sample organisation until ctx ends.
func (p *program) demo(ctx context.Context, f *demoFlags, given func(string) bool) error {
	if f.data == "" {
		// The same place on every system, so that the README can name it.
		home, err := os.UserHomeDir()
		if err != nil {
			home = os.TempDir()
		}
		f.data = filepath.Join(home, ".cache", "calport-demo")
	}
	dir, err := filepath.Abs(f.data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("--data: %w; name a folder that you may write to", err)
	}
	sample, err := demo.Start(ctx)
	if err != nil {
		return err
	}
	defer sample.Close()
	c, err := f.config(dir, sample.URL(), given)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Directory.PasswordFile, []byte(demo.Password+"\n"), 0o600); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	return p.serve(ctx, c, func(h *house) error {
		// Written only now: the other commands shall find the demo that holds the lock on the folder.
		text, err := writeConfig(*c)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "calport.toml"), text, 0o600); err != nil {
			return err
		}
		if err := h.seedWeek(ctx); err != nil {
			return fmt.Errorf("sample events: %w", err)
		}
		p.welcome(dir, c, f.lan != "")
		return nil
	})
}

// config is the configuration of the demo, which every other command accepts while it runs.
func (f *demoFlags) config(dir, ldapURL string, given func(string) bool) (*Config, error) {
	c := defaults()
	c.Data = dir
	c.Server.HTTPS, c.Server.HTTP = []string{f.https}, []string{f.http}
	c.Server.PublicHost = "localhost"
	if f.lan != "" {
		if err := f.openToLAN(&c, given); err != nil {
			return nil, err
		}
	}
	host, port, err := net.SplitHostPort(c.Server.HTTPS[0])
	if err == nil {
		_, err = fmt.Sscan(port, &c.Server.PublicPort)
	}
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--https %q is no address such as 127.0.0.1:8443", f.https)}
	}
	if a, err := netip.ParseAddr(host); err == nil && !a.IsLoopback() && f.lan == "" {
		return nil, &exitError{exitUsage, errors.New("--https leads beyond this machine; the demo's passwords are known to everybody: say --lan if you mean it")}
	}
	c.Directory.URLs, c.Directory.AllowPlain = []string{ldapURL}, true
	c.Directory.Flavour, c.Directory.Base = demo.Flavour, demo.BaseDN
	c.Directory.BindDN, c.Directory.PasswordFile = demo.ReaderDN, filepath.Join(dir, "ldap-password")
	c.Directory.People.Base, c.Directory.Groups.Base = demo.PeopleDN, demo.GroupsDN
	c.Directory.Rooms = AreaConfig{Base: demo.RoomsDN, Filter: demo.RoomFilter}
	c.Directory.Resources = AreaConfig{Base: demo.ResourcesDN, Filter: demo.ResourceFilter}
	c.Directory.Delegates.Base = demo.DelegatesDN
	c.Directory.Attributes = map[string][]string{
		"auto_schedule": {demo.AutoSchedule}, "auto_accept_group": {demo.AutoAcceptGroup}, "capacity": {demo.Capacity},
	}
	c.Access.Admin = []string{demo.AdminGroup}
	c.Profiles.Organization, c.Profiles.Identifier = "Sample Organisation", "org.example.calport"
	c.Log.Level = "warn"
	if wrong := c.mistakes(); len(wrong) > 0 {
		return nil, &exitError{exitUsage, &configError{"of the demo", wrong}}
	}
	return &c, nil
}

// openToLAN listens on every address and takes the names by which the network knows this machine.
func (f *demoFlags) openToLAN(c *Config, given func(string) bool) error {
	host := f.lan
	if host == lanSelf {
		name, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("--lan: %w; give the host name: --lan=mac.local", err)
		}
		host = strings.TrimSuffix(strings.ToLower(name), ".local") + ".local"
	}
	c.Server.PublicHost = host
	c.Server.Aliases = append(c.Server.Aliases, "localhost")
	for _, a := range lanAddresses() {
		c.Server.Aliases = append(c.Server.Aliases, a.String())
	}
	if !given("https") {
		c.Server.HTTPS = []string{":8443"}
	}
	if !given("http") {
		c.Server.HTTP = []string{":8008"}
	}
	return nil
}

// lanAddresses are this machine's addresses on the local network.
func lanAddresses() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var out []netip.Addr
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() {
			out = append(out, p.Addr())
		}
	}
	return out
}

// welcome says where to go and who can sign in.
func (p *program) welcome(dir string, c *Config, lan bool) {
	origin := (&originOf{c}).String()
	fmt.Fprintf(p.out, `calport demo is ready.

  Portal      %[1]s/
  CalDAV      %[1]s/   (any calendar client; user name and password as below)
  Sign in as  ada, grace, linus, zoë, or admin; everybody's password is %[2]s
  Root        %[3]s   (let your browser and devices trust it)
  Commands    calport --config %[4]s profile show ada

`, origin, demo.Password, filepath.Join(dir, "ca.pem"), filepath.Join(dir, "calport.toml"))
	if lan {
		fmt.Fprintf(p.out, "WARNING: everybody on the network can sign in: the demo's passwords are known. Stop it when you are done.\n\n")
		printQR(p.out, origin+"/")
		fmt.Fprintln(p.out)
	}
	fmt.Fprintf(p.out, "Ctrl-C stops it; the data stays in %s.\n", dir)
}

// originOf is the public URL of a configuration.
type originOf struct{ *Config }

func (o *originOf) String() string {
	if o.Server.PublicPort == 443 {
		return "https://" + o.Server.PublicHost
	}
	return "https://" + net.JoinHostPort(o.Server.PublicHost, fmt.Sprint(o.Server.PublicPort))
}

// printQR draws a QR code with half blocks, dark on light whatever the terminal's colours, with the quiet zone that
// cameras need.
func printQR(out io.Writer, text string) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return // the URL is printed above
	}
	const quiet = 2
	const reset, onWhite = "\x1b[0m", "\x1b[30;107m"
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var line strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			line.WriteString([]string{" ", "▀", "▄", "█"}[bit(code.Black(x, y))|bit(code.Black(x, y+1))<<1])
		}
		fmt.Fprintf(out, "  %s%s%s\n", onWhite, line.String(), reset)
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// monday is the first day of the week of t.
func monday(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d-(int(t.Weekday())+6)%7, 0, 0, 0, 0, t.Location())
}
