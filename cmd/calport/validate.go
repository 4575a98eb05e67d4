package main

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"calport/server"
)

// mistakes checks every value; each mistake says what to write instead.
func (c *Config) mistakes() []mistake {
	v := &verdict{}
	v.required("data", c.Data)
	c.checkServer(v)
	c.checkTLS(v)
	c.checkDirectory(v)
	c.checkSigning(v)
	if _, err := c.access(); err != nil {
		key, text, _ := strings.Cut(err.Error(), ": ")
		v.add(key, text)
	}
	if _, err := c.visibility(); err != nil {
		key, text, _ := strings.Cut(err.Error(), ": ")
		v.add(key, text)
	}
	v.required("profiles.organization", c.Profiles.Organization)
	if c.Profiles.Identifier == "" || !identifierForm.MatchString(c.Profiles.Identifier) {
		v.add("profiles.identifier", "write a reversed domain name of yours, such as \"com.example.calport\"")
	}
	v.oneOf("sign_in.app_passwords", c.SignIn.AppPasswords, "off", "offered", "required")
	if c.SignIn.AppPasswordDays < 0 {
		v.add("sign_in.app_password_days", "write 0 for ever, or a number of days")
	}
	c.checkOIDC(v)
	c.checkMDM(v)
	c.checkRecords(v)
	c.checkMail(v)
	c.checkInvites(v)
	v.prefixes("sign_in.exempt_networks", c.SignIn.Exempt)
	v.oneOf("log.format", c.Log.Format, "text", "json")
	var level slog.Level
	if level.UnmarshalText([]byte(c.Log.Level)) != nil {
		v.add("log.level", `write "debug", "info", "warn" or "error"`)
	}
	for key, n := range map[string]int64{"limits.max_resource_size": c.Limits.ResourceSize, "limits.max_attendees": int64(c.Limits.Attendees),
		"limits.max_instances": int64(c.Limits.Instances), "limits.max_collections": int64(c.Limits.Collections),
		"sign_in.failures": int64(c.SignIn.FailuresPerAge), "sign_in.names_per_address": int64(c.SignIn.NamesPerAddr)} {
		if n < 0 {
			v.add(key, "write 0 for the default, or a positive number")
		}
	}
	return v.wrong
}

var identifierForm = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

func (c *Config) checkServer(v *verdict) {
	s := &c.Server
	switch {
	case s.PublicHost == "":
		v.add("server.public_host", "is required: the host name by which devices reach calport")
	case strings.ContainsAny(s.PublicHost, "/ ") || strings.Contains(s.PublicHost, "://"):
		v.add("server.public_host", "write the bare host name, without scheme, path or spaces")
	case hasPortSuffix(s.PublicHost):
		v.add("server.public_host", "write the port into server.public_port")
	}
	if s.PublicPort < 1 || s.PublicPort > 65535 {
		v.add("server.public_port", "write a port from 1 to 65535")
	}
	if len(s.HTTPS)+len(s.Plain) == 0 {
		v.add("server.https", "name at least one address here or in server.plain")
	}
	v.addresses("server.https", s.HTTPS)
	v.addresses("server.http", s.HTTP)
	v.addresses("server.plain", s.Plain)
	if s.Metrics != "" {
		v.addresses("server.metrics", []string{s.Metrics})
	}
	v.prefixes("server.trusted_proxies", s.TrustedProxies)
}

func (c *Config) checkTLS(v *verdict) {
	t := &c.TLS
	v.oneOf("tls.source", t.Source, "own", "files", "acme")
	if _, err := server.ParseTLSVersion(t.MinVersion); err != nil {
		v.add("tls.min_version", err.Error())
	}
	if t.Source == "files" {
		v.required("tls.certificate", t.Certificate)
		v.required("tls.key", t.Key)
		if (t.RSACertificate == "") != (t.RSAKey == "") {
			v.add("tls.rsa_certificate", "name both tls.rsa_certificate and tls.rsa_key, or neither")
		}
	}
	if t.Source == "acme" {
		c.checkACME(v)
	}
}

func (c *Config) checkACME(v *verdict) {
	t := &c.TLS
	if _, err := netip.ParseAddr(c.Server.PublicHost); err == nil || !strings.Contains(c.Server.PublicHost, ".") {
		v.add("server.public_host", "write a host name with a domain: ACME gives certificates for no others")
	}
	if u, err := url.Parse(t.ACMEDirectory); t.ACMEDirectory != "" && (err != nil || u.Scheme != "https") {
		v.add("tls.acme_directory", "write an https URL")
	}
	if t.ACMECAFile != "" && t.ACMEDirectory == "" {
		v.add("tls.acme_ca_file", "is for an ACME server of your own: name it in tls.acme_directory")
	}
}

func (c *Config) checkSigning(v *verdict) {
	s := &c.Signing
	v.oneOf("signing.source", s.Source, "own", "pem", "pkcs12")
	v.oneOf("signing.key", s.Key, "ecdsa", "rsa")
	switch {
	case s.Source == "own":
	case len(s.Files) == 0:
		v.add("signing.files", "name the files of the signing identity")
	case s.Source == "pkcs12" && len(s.Files) != 1:
		v.add("signing.files", "name one PKCS#12 file")
	default:
		for _, f := range s.Files {
			v.required("signing.files", f)
		}
	}
}

// verdict gathers mistakes.
type verdict struct{ wrong []mistake }

func (v *verdict) add(key, text string) { v.wrong = append(v.wrong, mistake{key: key, text: text}) }

func (v *verdict) required(key, value string) {
	if value == "" {
		v.add(key, "is required")
	}
}

func (v *verdict) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.add(key, strconv.Quote(value)+" is not known; write one of \""+strings.Join(allowed, `", "`)+`"`)
	}
}

func (v *verdict) addresses(key string, all []string) {
	for _, a := range all {
		host, port, err := net.SplitHostPort(a)
		n, perr := strconv.Atoi(port)
		switch {
		case err != nil || perr != nil || n < 0 || n > 65535:
			v.add(key, strconv.Quote(a)+` is no address; write ":8443" or "127.0.0.1:8443"`)
		case strings.Contains(host, "/"):
			v.add(key, strconv.Quote(a)+" must not have a path")
		}
	}
}

func (v *verdict) prefixes(key string, all []string) {
	for _, a := range all {
		if _, err := parsePrefix(a); err != nil {
			v.add(key, strconv.Quote(a)+` is no network; write "10.1.2.0/24" or a single address`)
		}
	}
}

// parsePrefix reads a network, or an address as the network of that address alone.
func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

func parsePrefixes(all []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range all {
		if p, err := parsePrefix(s); err == nil { // checked by validate
			out = append(out, p)
		}
	}
	return out
}

func hasPortSuffix(host string) bool {
	_, _, err := net.SplitHostPort(host)
	return err == nil
}

// checkConfig is `calport config --check FILE`.
func checkConfig(file string) (*Config, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseConfig(file, data)
}
