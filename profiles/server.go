package profiles

import (
	"crypto/x509"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ServerConfig is what profiles say about the server. All of it comes from the configuration, never from a request.
type ServerConfig struct {
	Host         string   // public name or address of the server, without scheme, port and path
	Port         int      // public port, 1 to 65535
	Plain        bool     // no TLS; phones then send no password
	Organization string   // shown by the device; may be empty
	Prefix       string   // of identifiers, in reverse DNS form, such as com.example.calport; must never change
	Roots        [][]byte // DER, for the Trust profile; may be empty
	Words        Words    // says built-in texts in other languages; nil: there is English only
	Assets       string   // https address of /api/v1/ddm on the MDM server's host, as its devices reach it; empty: on Host
}

// maxPrefix keeps identifiers, with kind and GUID added, well below the length of a domain name.
const maxPrefix = 128

// mistakes finds everything wrong with the configuration, and parses the roots.
func (c ServerConfig) mistakes() (roots []*x509.Certificate, found []*SettingError) {
	add := func(key string, problem Phrase) {
		if !problem.Empty() {
			found = append(found, &SettingError{Key: key, Problem: problem})
		}
	}
	add("host", checkHost(c.Host))
	add("port", checkPort(c.Port))
	add("prefix", checkPrefix(c.Prefix))
	if c.Organization != "" && strings.TrimSpace(c.Organization) == "" {
		add("organization", Say("it is empty"))
	}
	add("organization", Say(plainText(c.Organization)))
	if u, err := url.Parse(c.Assets); c.Assets != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		add("assets", Say("%q is no https address; write for example https://mdm.example.com/calport/api/v1/ddm", c.Assets))
	}
	for i, der := range c.Roots {
		root, err := x509.ParseCertificate(der)
		switch {
		case err != nil:
			add(element("roots", i), Say("it is no certificate in DER: %v", err))
		case slices.ContainsFunc(roots, root.Equal):
			add(element("roots", i), Say("it is there twice"))
		default:
			roots = append(roots, root)
		}
	}
	return roots, found
}

// assets is where declarations send devices for documents.
func (c ServerConfig) assets() string {
	if c.Assets != "" {
		return strings.TrimSuffix(c.Assets, "/")
	}
	return "https://" + net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) + "/api/v1/ddm"
}

func checkPrefix(prefix string) Phrase {
	labels := strings.Split(prefix, ".")
	bad := func(label string) bool { return label == "" || strings.ContainsFunc(label, notInHost) }
	if len(labels) < 2 || len(prefix) > maxPrefix || slices.ContainsFunc(labels, bad) {
		return Say("%q is no identifier in reverse DNS form; write for example com.example.calport", prefix)
	}
	return Phrase{}
}
