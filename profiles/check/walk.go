package check

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/caldav"
)

// walk is what the steps learn from each other.
type walk struct {
	account Account
	domain  string
	passed  map[string]bool
	http    *http.Client

	host      string // where the server is: as given, else as DNS says
	port      int
	context   string // path where discovery begins
	client    *caldav.Client
	principal string
	home      string
	calendars []caldav.Calendar
}

func newWalk(a Account) (*walk, error) {
	_, domain, _ := strings.Cut(a.Mail, "@")
	switch {
	case a.Host == "" && domain == "":
		return nil, errors.New("nothing to check: give a mail address or a host")
	case a.Mail != "" && domain == "":
		return nil, errors.New("the mail address " + strconv.Quote(a.Mail) + " has no domain")
	}
	if a.Timeout == 0 {
		a.Timeout = defaultTimeout
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Resolver == nil {
		a.Resolver = net.DefaultResolver
	}
	w := &walk{account: a, domain: domain, passed: map[string]bool{}, host: a.Host, port: a.Port}
	w.http = &http.Client{
		Transport: &http.Transport{
			DialContext:       (&net.Dialer{Resolver: a.Resolver}).DialContext,
			TLSClientConfig:   &tls.Config{RootCAs: a.Roots, Time: a.Now},
			ForceAttemptHTTP2: true,
		},
		// A device keeps the method when it is redirected, net/http does not: the steps follow by themselves.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w, nil
}

func (w *walk) close() { w.http.CloseIdleConnections() }

// authority is host and port as a URL has them.
func (w *walk) authority() string { return net.JoinHostPort(w.host, strconv.Itoa(w.port)) }

func (w *walk) url(path string) string { return "https://" + w.authority() + path }

// discoveryBody is what every Apple client sends first.
const discoveryBody = `<?xml version="1.0" encoding="UTF-8"?>
<A:propfind xmlns:A="DAV:"><A:prop><A:current-user-principal/><A:principal-URL/><A:resourcetype/></A:prop></A:propfind>`

// ask sends a PROPFIND of Depth 0 without credentials. The caller closes the body.
func (w *walk) ask(ctx context.Context, url string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, "PROPFIND", url, strings.NewReader(discoveryBody))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Depth", "0")
	r.Header.Set("Content-Type", "text/xml")
	r.Header.Set("User-Agent", userAgent)
	return w.http.Do(r)
}

const userAgent = "calport-check"

// signedIn is the client of go-webdav with the account's credentials.
func (w *walk) signedIn() (*caldav.Client, error) {
	return caldav.NewClient(webdav.HTTPClientWithBasicAuth(w.http, w.account.User, w.account.Password), w.url(w.context))
}
