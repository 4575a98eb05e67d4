package check

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"calport/profiles"
)

// step is a row of the walk: what a device does there, and what to do when it fails for a reason not foreseen.
type step struct {
	name, title string
	needs       []string
	run         func(context.Context, *walk) (found profiles.Phrase, err error)
	remedy      string
}

// none is what a step has found that says so by its error.
var none profiles.Phrase

// steps is the walk in a device's order.
var steps = []step{
	{name: "dns-caldavs", title: "DNS: the https service", run: lookUpSecure,
		remedy: "publish what `calport dns` prints in the zone of the mail domain"},
	{name: "dns-caldav", title: "DNS: the http service", run: lookUpPlain,
		remedy: "publish what `calport dns` prints in the zone of the mail domain"},
	{name: "dns-path", title: "DNS: where discovery begins", needs: []string{"dns-caldavs"}, run: lookUpPath,
		remedy: "publish what `calport dns` prints in the zone of the mail domain"},
	{name: "address", title: "Address of the host", run: lookUpHost,
		remedy: "give the host an A or AAAA record, or correct server.public_host"},
	{name: "connect", title: "Connection", needs: []string{"address"}, run: connect,
		remedy: "start calport, open the port in the firewall, or correct server.public_port"},
	{name: "tls", title: "TLS and its certificate", needs: []string{"connect"}, run: handshake,
		remedy: "see tls in the configuration"},
	{name: "classic-ports", title: "Ports that Calendar tries by itself", needs: []string{"connect"}, run: classicPorts,
		remedy: "listen on 8443 and 8008"},
	{name: "well-known", title: "Discovery by /.well-known/caldav", needs: []string{"tls"}, run: wellKnown,
		remedy: "let /.well-known/caldav reach calport: a proxy may answer it by itself"},
	{name: "challenge", title: "Question for the password", needs: []string{"tls"}, run: challenged,
		remedy: "let the path reach calport, and the WWW-Authenticate header reach the client"},
	{name: "profile-user", title: "The profile's user name", run: compareUser,
		remedy: "correct the setting user_name"},
	{name: "sign-in", title: "Sign-in and principal", needs: []string{"challenge"}, run: signIn,
		remedy: "see the server's log"},
	{name: "home", title: "Calendar home", needs: []string{"sign-in"}, run: findHome,
		remedy: "see the server's log"},
	{name: "calendars", title: "Calendars", needs: []string{"home"}, run: findCalendars,
		remedy: "create a calendar for events and one for reminders in the home"},
	{name: "round-trip", title: "An event there and back", needs: []string{"calendars"}, run: roundTrip,
		remedy: "see the server's log"},
	{name: "profile", title: "The profile's form", run: judgeProfile,
		remedy: "see `calport profile verify`"},
	{name: "profile-server", title: "The profile's server", needs: []string{"profile"}, run: compareProfile,
		remedy: "correct server.public_host, server.public_port or the settings host and port"},
}

func lookUpSecure(ctx context.Context, w *walk) (profiles.Phrase, error) {
	target, err := w.service(ctx, "caldavs")
	if err != nil {
		return none, err
	}
	found := profiles.Say("_caldavs._tcp.%s leads to %s port %s", w.domain, target.host, strconv.Itoa(target.port))
	if w.account.Host == "" {
		w.host, w.port = target.host, target.port
		return found, nil
	}
	if !strings.EqualFold(target.host, w.account.Host) || target.port != w.account.Port {
		return none, failed(profiles.Say("%s, but the server is %s port %s", found, w.account.Host, strconv.Itoa(w.account.Port)),
			"correct the SRV record: automatic set-up follows it, profiles do not")
	}
	return found, nil
}

func lookUpPlain(ctx context.Context, w *walk) (profiles.Phrase, error) {
	target, err := w.service(ctx, "caldav")
	var f *finding
	if errors.As(err, &f) && f.state == Failed {
		return none, odd(f.found, "only old clients ask for it; %s", f.remedy)
	}
	if err != nil {
		return none, err
	}
	found := profiles.Say("_caldav._tcp.%s leads to %s port %s", w.domain, target.host, strconv.Itoa(target.port))
	if w.host != "" && !strings.EqualFold(target.host, w.host) {
		return none, failed(profiles.Say("%s, another host than %s", found, w.host), "correct the SRV record; it is asked after the https one")
	}
	return found, nil
}

// target is where an SRV record leads.
type target struct {
	host string
	port int
}

// service looks up one service of RFC 6764 section 3.
func (w *walk) service(ctx context.Context, name string) (target, error) {
	if w.domain == "" {
		return target{}, skip(profiles.Say("no mail address is given"))
	}
	record := "_" + name + "._tcp." + w.domain
	_, all, err := w.account.Resolver.LookupSRV(ctx, name, "tcp", w.domain)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return target{}, failed(profiles.Say("there is no SRV record %s", record), "publish what `calport dns` prints; without it automatic set-up works only if the server's name is the mail domain itself")
	case errors.As(err, &dns) && dns.IsTimeout:
		return target{}, failed(profiles.Say("the name server does not answer for %s", record), "check the resolver")
	case errors.As(err, &dns):
		return target{}, failed(profiles.Say("the name server answers for %s: %s", record, dns.Err), "check the zone and the resolver")
	case err != nil:
		return target{}, err
	case len(all) == 0:
		return target{}, failed(profiles.Say("%s is empty", record), "publish what `calport dns` prints")
	}
	host := strings.TrimSuffix(all[0].Target, ".")
	if host == "" {
		return target{}, skip(profiles.Say(`%s says that there is no such service (target ".")`, record))
	}
	return target{host, int(all[0].Port)}, nil
}

func lookUpPath(ctx context.Context, w *walk) (profiles.Phrase, error) {
	record := "_caldavs._tcp." + w.domain
	texts, err := w.account.Resolver.LookupTXT(ctx, record)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return none, odd(profiles.Say("there is no TXT record %s", record), "publish TXT \"path=/principals/\": Thunderbird and DAVx5 read it")
	}
	if errors.As(err, &dns) {
		return none, failed(profiles.Say("the name server answers for %s: %s", record, dns.Err), "check the zone and the resolver")
	}
	if err != nil {
		return none, err
	}
	for _, text := range texts {
		path, ok := strings.CutPrefix(text, "path=")
		if !ok {
			continue
		}
		if path != "/principals/" {
			return none, failed(profiles.Say("%s says %q", record, text), "publish TXT \"path=/principals/\"")
		}
		return profiles.Say("%s says %q", record, text), nil
	}
	return none, failed(profiles.Say("%s has no path, but %q", record, texts), "publish TXT \"path=/principals/\"")
}

func lookUpHost(ctx context.Context, w *walk) (profiles.Phrase, error) {
	if w.host == "" {
		w.host, w.port = w.domain, 8443 // what Calendar falls back to
	}
	addrs, err := w.account.Resolver.LookupHost(ctx, w.host)
	if dns, is := errors.AsType[*net.DNSError](err); is {
		return none, failed(profiles.Say("%s has no address: %s", w.host, dns.Err), "give the host an A or AAAA record, or correct server.public_host")
	}
	if err != nil {
		return none, failed(profiles.Say("%s has no address: %s", w.host, err), "give the host an A or AAAA record, or correct server.public_host")
	}
	return profiles.Say("%s is %s", w.host, strings.Join(addrs, ", ")), nil
}

func connect(ctx context.Context, w *walk) (profiles.Phrase, error) {
	c, err := (&net.Dialer{Resolver: w.account.Resolver}).DialContext(ctx, "tcp", w.authority())
	if err != nil {
		return none, err
	}
	defer c.Close()
	return profiles.Say("connected to %s", c.RemoteAddr()), nil
}

// soon is how near its end a TLS certificate is called odd.
const soon = 7 * 24 * time.Hour

func handshake(ctx context.Context, w *walk) (profiles.Phrase, error) {
	d := &tls.Dialer{NetDialer: &net.Dialer{Resolver: w.account.Resolver}, Config: &tls.Config{RootCAs: w.account.Roots, ServerName: w.host, Time: w.account.Now}}
	c, err := d.DialContext(ctx, "tcp", w.authority())
	if err != nil {
		return none, explainTLS(w, err)
	}
	defer c.Close()
	state := c.(*tls.Conn).ConnectionState()
	leaf := state.PeerCertificates[0]
	found := profiles.Say("%s, certificate of %q valid until %s", tls.VersionName(state.Version), leaf.Subject.CommonName, leaf.NotAfter)
	if leaf.NotAfter.Sub(w.account.Now()) < soon {
		return none, odd(found, "renew the certificate")
	}
	return found, nil
}

// explainTLS puts the remedy beside the ways in which a certificate is refused.
func explainTLS(w *walk, err error) error {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		return failed(profiles.Say("%s", err), "give devices the Trust profile of our own authority, or send the intermediates with the certificate; on iPhone and iPad switch the root on in Settings > General > About > Certificate Trust Settings")
	case errors.As(err, &host):
		return failed(profiles.Say("%s", err), "get a certificate for %s, or correct server.public_host", w.host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return failed(profiles.Say("%s", err), "renew the certificate; check the clock of this machine too")
	case errors.As(err, &record):
		return failed(profiles.Say("the port does not speak TLS"), "correct server.public_port: it must be an https port")
	}
	return failed(profiles.Say("%s", err), "see tls in the configuration")
}

// classicPorts tries what iCal and Calendar try in every mode: https 8443, then http 8008.
func classicPorts(ctx context.Context, w *walk) (profiles.Phrase, error) {
	dialer := &net.Dialer{Resolver: w.account.Resolver, Timeout: 3 * time.Second}
	open := func(port string) bool {
		c, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(w.host, port))
		if err != nil {
			return false
		}
		c.Close()
		return true
	}
	return judgePorts(open("8443"), open("8008"), w.port)
}

// judgePorts says what it means that 8443 or 8008 answers, on a server whose own port is given.
func judgePorts(secure, plain bool, port int) (profiles.Phrase, error) {
	switch {
	case secure && plain:
		return profiles.Say("8443 and 8008 answer"), nil
	case secure:
		return profiles.Say("8443 answers (8008 does not, and need not)"), nil
	case port == 443:
		return none, odd(profiles.Say("8443 does not answer; 443 does"), "Calendar of OS X 10.6 to 10.8 tries only 8443 and 8008 without a profile or an SRV record")
	}
	found := profiles.Say("neither 8443 nor 8008 answers")
	if plain {
		found = profiles.Say("8008 answers, 8443 does not")
	}
	return none, odd(found, "people who type only the server's name into Calendar will not find it: listen on 8443")
}

func wellKnown(ctx context.Context, w *walk) (profiles.Phrase, error) {
	r, err := w.ask(ctx, w.url("/.well-known/caldav"))
	if err != nil {
		return none, err
	}
	defer r.Body.Close()
	if r.StatusCode/100 != 3 {
		return none, failed(profiles.Say("it answers %s, not a redirect", r.Status), "let /.well-known/caldav reach calport: a proxy may answer it by itself")
	}
	location, err := r.Request.URL.Parse(r.Header.Get("Location"))
	if err != nil || r.Header.Get("Location") == "" {
		return none, failed(profiles.Say("its Location is %q", r.Header.Get("Location")), "let the Location header through unchanged")
	}
	if !sameOrigin(location, r.Request.URL) {
		return none, failed(profiles.Say("it leads to another origin, %s: devices lose the password on the way", location),
			"make server.public_host and server.public_port what devices use, and let the proxy pass Host or X-Forwarded-Host and X-Forwarded-Proto (server.trusted_proxies)")
	}
	w.context = location.EscapedPath()
	return profiles.Say("it leads to %s", w.context), nil
}

func sameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func challenged(ctx context.Context, w *walk) (profiles.Phrase, error) {
	if w.context == "" {
		w.context = "/principals/" // what devices try next
	}
	r, err := w.ask(ctx, w.url(w.context))
	if err != nil {
		return none, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusUnauthorized {
		return none, failed(profiles.Say("%s answers %s to a request without a password, not 401", w.context, r.Status), "let the path reach calport")
	}
	for _, c := range r.Header.Values("WWW-Authenticate") {
		if strings.HasPrefix(strings.ToLower(c), "basic") {
			return profiles.Say("%s", c), nil
		}
	}
	return none, failed(profiles.Say("401 offers %q, not Basic", r.Header.Values("WWW-Authenticate")), "let the WWW-Authenticate header through")
}

func signIn(ctx context.Context, w *walk) (profiles.Phrase, error) {
	if w.account.User == "" {
		return none, skip(profiles.Say("no user name is given"))
	}
	if w.account.Password == "" {
		return none, skip(profiles.Say("no password is given"))
	}
	var err error
	if w.client, err = w.signedIn(); err != nil {
		return none, err
	}
	w.principal, err = w.client.FindCurrentUserPrincipal(ctx)
	if err != nil {
		return none, explainSignIn(w, err)
	}
	return profiles.Say("%s is %s", w.account.User, w.principal), nil
}

// explainSignIn reads go-webdav's error, which has the status in its text only.
func explainSignIn(w *walk, err error) error {
	text := err.Error()
	for _, c := range []struct{ status, found, remedy string }{
		{status: "401", found: "the server refuses the name or the password", remedy: "try the same in the portal, which says more: a locked, expired or disabled account"},
		{status: "403", found: "the password is right, but this person may not use the server", remedy: "see access.server in the configuration"},
		{status: "503", found: "the server cannot ask the directory, or makes this account wait", remedy: "see the server's log; wait for the time it names"},
	} {
		if strings.Contains(text, c.status) {
			return failed(profiles.Say(c.found), c.remedy)
		}
	}
	return failed(profiles.Say("%s", text), "see the server's log")
}

func findHome(ctx context.Context, w *walk) (profiles.Phrase, error) {
	home, err := w.client.FindCalendarHomeSet(ctx, w.principal)
	if err != nil {
		return none, err
	}
	if !strings.HasSuffix(home, "/") {
		return none, odd(profiles.Say("%s does not end in a slash", home), "devices compare hrefs as text")
	}
	w.home = home
	return profiles.Say("%s", home), nil
}

func findCalendars(ctx context.Context, w *walk) (profiles.Phrase, error) {
	var err error
	if w.calendars, err = w.client.FindCalendars(ctx, w.home); err != nil {
		return none, err
	}
	var names []string
	for _, c := range w.calendars {
		names = append(names, fmt.Sprintf("%s (%s)", c.Name, strings.Join(c.SupportedComponentSet, ", ")))
	}
	found := profiles.Say("%d: %s", len(names), strings.Join(names, ", "))
	switch {
	case w.calendarFor(ical.CompEvent) == "":
		return none, failed(profiles.Say("none takes events; %s", found), "create one: devices without it create their own at every refresh")
	case w.calendarFor(ical.CompToDo) == "":
		return none, odd(profiles.Say("none takes reminders; %s", found), "create one: Reminders stays empty without it")
	}
	return found, nil
}

// calendarFor is the path of the first calendar for a component.
func (w *walk) calendarFor(component string) string {
	for _, c := range w.calendars {
		if slices.Contains(c.SupportedComponentSet, component) {
			return c.Path
		}
	}
	return ""
}

// roundTrip stores an event far in the past, where it disturbs nobody, reads it back and removes it.
func roundTrip(ctx context.Context, w *walk) (found profiles.Phrase, err error) {
	uid := "calport-check-" + strings.ToLower(rand.Text())
	path := w.calendarFor(ical.CompEvent) + uid + ".ics"
	event := ical.NewEvent()
	event.Props.SetText(ical.PropUID, uid)
	event.Props.SetText(ical.PropSummary, "Connection test")
	event.Props.SetText(ical.PropTransparency, "TRANSPARENT")
	event.Props.SetDateTime(ical.PropDateTimeStamp, w.account.Now().UTC())
	event.Props.SetDateTime(ical.PropDateTimeStart, time.Date(2001, 3, 24, 12, 0, 0, 0, time.UTC))
	event.Props.SetDateTime(ical.PropDateTimeEnd, time.Date(2001, 3, 24, 12, 5, 0, 0, time.UTC))
	cal := ical.NewCalendar()
	cal.Props.SetText(ical.PropVersion, "2.0")
	cal.Props.SetText(ical.PropProductID, "-//calport//check//EN")
	cal.Children = append(cal.Children, event.Component)
	if _, err := w.client.PutCalendarObject(ctx, path, cal); err != nil {
		return none, fmt.Errorf("storing %s: %w", path, err)
	}
	defer func() {
		if e := w.client.RemoveAll(context.WithoutCancel(ctx), path); e != nil && err == nil {
			err = failed(profiles.Say("removing %s: %s", path, e), "remove it by hand, and see the server's log")
		}
	}()
	back, err := w.client.GetCalendarObject(ctx, path)
	if err != nil {
		return none, fmt.Errorf("reading %s: %w", path, err)
	}
	events := back.Data.Events()
	if len(events) != 1 {
		return none, failed(profiles.Say("the event came back as something else"), "see the server's log")
	}
	if got, _ := events[0].Props.Text(ical.PropUID); got != uid {
		return none, failed(profiles.Say("the event came back with another UID"), "a server must never change it")
	}
	return profiles.Say("stored, read and removed %s", path), nil
}
