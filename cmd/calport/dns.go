package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/spf13/cobra"
)

func setupDNS(p *program, c *cobra.Command) func(context.Context, []string) error {
	domain := c.Flags().String("domain", "", "mail `domain` of your people; else the one of server.public_host")
	return func(context.Context, []string) error {
		c, err := p.loadConfig()
		if err != nil {
			return err
		}
		return printDNS(p.out, c, *domain)
	}
}

// printDNS prints the records of RFC 6764 in the form of a zone file. Clients ask for them below the domain of a
// person's mail address. The http service leads to https; where it is not offered, a target of "." says so (RFC 2782).
func printDNS(out io.Writer, c *Config, domain string) error {
	domain, err := recordDomain(c, domain)
	if err != nil {
		return err
	}
	secure := fmt.Sprintf("0 1 %d %s.", c.Server.PublicPort, c.Server.PublicHost)
	plain := "0 0 0 ."
	if len(c.Server.HTTP) > 0 {
		_, port, err := net.SplitHostPort(c.Server.HTTP[0])
		if err != nil {
			return err
		}
		plain = fmt.Sprintf("0 1 %s %s.", port, c.Server.PublicHost)
	}
	_, err = fmt.Fprintf(out, `; calendars of people whose mail addresses end in @%[1]s
_caldavs._tcp.%[1]s.	3600	IN	SRV	%[2]s
_caldavs._tcp.%[1]s.	3600	IN	TXT	"path=/principals/"
_caldav._tcp.%[1]s.	3600	IN	SRV	%[3]s
_caldav._tcp.%[1]s.	3600	IN	TXT	"path=/principals/"
`, domain, secure, plain)
	if err != nil || c.Contacts.Off {
		return err
	}
	_, err = fmt.Fprintf(out, `; the address book of the directory (RFC 6352 section 11)
_carddavs._tcp.%[1]s.	3600	IN	SRV	%[2]s
_carddavs._tcp.%[1]s.	3600	IN	TXT	"path=/principals/"
_carddav._tcp.%[1]s.	3600	IN	SRV	%[3]s
_carddav._tcp.%[1]s.	3600	IN	TXT	"path=/principals/"
`, domain, secure, plain)
	return err
}

// recordDomain is the domain under which records are: the one given, else the one of server.public_host.
func recordDomain(c *Config, domain string) (string, error) {
	if net.ParseIP(strings.Trim(c.Server.PublicHost, "[]")) != nil { // the target of RFC 2782 is a domain name
		return "", fmt.Errorf("server.public_host is %s: SRV records lead to names, never to addresses; give the server a name in DNS and set server.public_host to it", c.Server.PublicHost)
	}
	if domain == "" {
		_, rest, found := strings.Cut(c.Server.PublicHost, ".")
		if !found || !strings.Contains(rest, ".") {
			rest = c.Server.PublicHost
		}
		domain = rest
	}
	return strings.TrimSuffix(domain, "."), nil
}
