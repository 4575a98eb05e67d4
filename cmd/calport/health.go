package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"calport/profiles"
	"calport/web"
)

// probes are what is looked at, all at once; to look at more, add a row.
var probes = []struct {
	area string
	look func(*house, context.Context, *facts)
}{
	{"server", (*house).lookAtServer},
	{"directory", (*house).lookAtDirectory},
	{"store", (*house).lookAtStore},
	{"queues", (*house).lookAtQueues},
	{"certificates", (*house).lookAtCertificates},
	{"listeners", (*house).lookAtListeners},
	{"dns", (*house).lookAtDNS},
}

// probeTimeout bounds each.
const probeTimeout = 3 * time.Second

// facts gathers what a probe finds.
type facts struct {
	area string
	all  []web.HealthFact
}

// tell notes a fact in words, which the catalogue of languages has.
func (f *facts) tell(name string, state web.HealthState, value string, args ...any) {
	f.note(profiles.Say(name), state, profiles.Say(value, args...))
}

// note notes one whose name or words may be the same in every language.
func (f *facts) note(name profiles.Phrase, state web.HealthState, value profiles.Phrase) {
	f.all = append(f.all, web.HealthFact{Area: f.area, Name: name, State: state, Value: value})
}

// verbatim is what is the same in every language.
func verbatim(text any) profiles.Phrase { return profiles.Say("%s", text) }

// when is good where the condition holds, else it is the other state.
func when(good bool, otherwise web.HealthState) web.HealthState {
	if good {
		return web.HealthGood
	}
	return otherwise
}

// healthFacts looks at everything, for the page, the command and no longer than a few seconds.
func (h *house) healthFacts(ctx context.Context) []web.HealthFact {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	found := make([]facts, len(probes))
	var all sync.WaitGroup
	for i, p := range probes {
		found[i].area = p.area
		all.Go(func() { p.look(h, ctx, &found[i]) })
	}
	all.Wait()
	var list []web.HealthFact
	for _, f := range found {
		list = append(list, f.all...)
	}
	return list
}

func (h *house) lookAtServer(_ context.Context, f *facts) {
	f.note(profiles.Say("version"), web.HealthNone, verbatim(version()))
	f.note(profiles.Say("clock"), web.HealthNone, verbatim(h.now().UTC().Format(time.RFC3339)))
	if synchronised, known := clockSynchronised(); known {
		answer := "no"
		if synchronised {
			answer = "yes"
		}
		f.tell("clock synchronised", when(synchronised, web.HealthWarning), answer)
	}
	if free, total, err := diskSpace(h.config.Data); err == nil && total > 0 {
		const scarce, little = 0.02, 0.10
		share := float64(free) / float64(total)
		state := when(share > little, web.HealthWarning)
		if share < scarce {
			state = web.HealthBad
		}
		f.tell("disk", state, "%s of %s free in the data folder", humanize.IBytes(free), humanize.IBytes(total))
	}
}

// version is what the program was built of.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	words := []string{info.Main.Version}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			words = append(words, s.Value[:min(len(s.Value), 12)])
		}
	}
	return strings.Join(append(words, info.GoVersion), " ")
}

func (h *house) lookAtDirectory(ctx context.Context, f *facts) {
	now := h.people.Health()
	state := when(now.OK(), web.HealthWarning)
	if now.Taken.IsZero() {
		state = web.HealthBad
	}
	if now.FromCopy && now.LastError == nil {
		state = web.HealthNone // of a command, which reads the copy only
	}
	f.note(profiles.Say("freshness"), state, now.Freshness(h.now()))
	if problem := now.Problem(); !problem.Empty() {
		f.note(profiles.Say("problem"), web.HealthBad, problem)
	}
	f.tell("entries", web.HealthNone, "%s, %s, %s, %s", profiles.Say("%d people", now.People), profiles.Say("%d groups", now.Groups),
		profiles.Say("%d rooms", now.Rooms), profiles.Say("%d resources", now.Resources))
	if n := len(now.Dropped); n > 0 {
		f.tell("left out", web.HealthWarning, "%d without a stable id of their own; calport directory names them", n)
	}
	switch left, err := h.store.CountDeparted(ctx); {
	case err != nil:
		f.tell("who has left", web.HealthBad, "error: %s", err)
	case left > 0:
		f.tell("who has left", web.HealthNone, "%d, of whom something is kept", left)
	}
	status, err := h.directory.Check(ctx)
	if err != nil {
		f.tell("server", web.HealthBad, "error: %s", err)
		return
	}
	f.tell("server", web.HealthGood, "%s (%s) answers in %s", status.Server, status.Vendor, status.Latency.Round(time.Millisecond))
}

func (h *house) lookAtStore(ctx context.Context, f *facts) {
	begun := time.Now()
	status, err := h.store.Status(ctx)
	if err != nil {
		f.tell("database", web.HealthBad, "error: %s", err)
		return
	}
	f.tell("database", web.HealthGood, "%s answers in %s", status.Engine, time.Since(begun).Round(100*time.Microsecond))
	f.note(profiles.Say("size"), web.HealthNone, verbatim(humanize.IBytes(uint64(status.Bytes))))
	f.note(profiles.Say("epoch"), web.HealthNone, verbatim(fmt.Sprint(status.Epoch)))
}

// oldMail is since when a mail waits that somebody should look for the reason.
const oldMail = 30 * time.Minute

func (h *house) lookAtQueues(ctx context.Context, f *facts) {
	status, err := h.store.Status(ctx)
	if err != nil {
		return // said of the store
	}
	f.tell("letters with links", when(status.LettersFailed == 0, web.HealthWarning), "%d waiting, %d failed", status.LettersWaiting, status.LettersFailed)
	if h.config.Mail.Host == "" {
		f.tell("mail", web.HealthNone, "not configured")
		return
	}
	queue, err := h.store.MailQueue(ctx)
	if err != nil {
		f.tell("mail", web.HealthBad, "error: %s", err)
		return
	}
	state := when(queue.Waiting == 0 || h.now().Sub(queue.Oldest) < oldMail, web.HealthWarning)
	f.tell("mail", state, "%d waiting", queue.Waiting)
	if queue.Problem != "" {
		f.tell("mail", web.HealthWarning, "The last try failed: %s", queue.Problem)
	}
	if h.gateway == nil || h.config.Mail.Incoming.Host == "" { // only the server reads answers
		return
	}
	mail, err := h.mailHealth(ctx)
	switch {
	case err != nil:
		f.tell("mailbox of answers", web.HealthBad, "error: %s", err)
	case mail.MailboxProblem != "":
		f.tell("mailbox of answers", web.HealthBad, "error: %s", mail.MailboxProblem)
	default:
		f.tell("mailbox of answers", web.HealthGood, "%d mails read, %d set aside", mail.Read, mail.Aside)
	}
}

// expiring is how long before its end a certificate is a warning.
const expiring = 14 * 24 * time.Hour

func (h *house) addCertificate(f *facts, name profiles.Phrase, ends time.Time) {
	left := ends.Sub(h.now())
	state := when(left > expiring, web.HealthWarning)
	if left <= 0 {
		state = web.HealthBad
	}
	day := ends.UTC().Format(time.DateOnly)
	if left <= 0 {
		f.note(name, state, profiles.Say("ended on %s", day))
		return
	}
	f.note(name, state, profiles.Say("until %s, %d days", day, int(left.Hours()/24)))
}

func (h *house) lookAtCertificates(ctx context.Context, f *facts) {
	h.addCertificate(f, profiles.Say("signing"), h.signer.Load().NotAfter())
	if h.authority != nil {
		h.addCertificate(f, profiles.Say("authority"), h.authority.Root().NotAfter)
	}
	if len(h.config.Server.HTTPS) == 0 {
		return
	}
	ends, err := h.servedCertificate(ctx, h.config.Server.HTTPS[0])
	if err != nil {
		f.note(verbatim("TLS"), web.HealthBad, profiles.Say("error: %s", err))
		return
	}
	h.addCertificate(f, verbatim("TLS"), ends)
}

// servedCertificate asks a listener for the certificate that it serves for the public host, and checks it as clients
// do.
func (h *house) servedCertificate(ctx context.Context, address string) (ends time.Time, err error) {
	d := tls.Dialer{Config: &tls.Config{ServerName: h.config.Server.PublicHost, RootCAs: h.pool(), Time: h.now}}
	c, err := d.DialContext(ctx, "tcp", reachable(address))
	if err != nil {
		return time.Time{}, err
	}
	defer c.Close()
	for _, cert := range c.(*tls.Conn).ConnectionState().PeerCertificates {
		if ends.IsZero() || cert.NotAfter.Before(ends) {
			ends = cert.NotAfter
		}
	}
	return ends, nil
}

// reachable is an address to which this machine can connect of one that it listens on.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return address
}

func (h *house) lookAtListeners(ctx context.Context, f *facts) {
	s := &h.config.Server
	all := slices.Concat(s.HTTPS, s.HTTP, s.Plain)
	if s.Metrics != "" {
		all = append(all, s.Metrics)
	}
	for _, address := range all {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", reachable(address))
		if err != nil {
			f.note(verbatim(address), web.HealthBad, profiles.Say("does not answer: %s", err))
			continue
		}
		c.Close()
		f.note(verbatim(address), web.HealthGood, profiles.Say("answers"))
	}
}

// lookAtDNS looks for the records that calport dns prints. Without them people type a server's name; so what is missing
// is a warning.
func (h *house) lookAtDNS(ctx context.Context, f *facts) {
	domain, err := recordDomain(h.config, "")
	if err != nil {
		return // an address has no records
	}
	service := "_caldavs._tcp." + domain
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "caldavs", "tcp", domain)
	f.note(verbatim(service+" SRV"), when(slices.ContainsFunc(records, h.config.isTarget), web.HealthWarning), h.config.srvWords(records, err))
	texts, err := net.DefaultResolver.LookupTXT(ctx, service)
	words := verbatim(strings.Join(texts, " "))
	if err != nil {
		words = noRecord
	}
	f.note(verbatim(service+" TXT"), when(slices.Contains(texts, "path=/principals/"), web.HealthWarning), words)
}

// noRecord is said of a record that should be there.
var noRecord = profiles.Say("is not there; calport dns prints what to publish")

// srvWords says of the records that name our service where they lead.
func (c *Config) srvWords(records []*net.SRV, err error) profiles.Phrase {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound, err == nil && len(records) == 0:
		return noRecord
	case err != nil:
		return profiles.Say("error: %s", err)
	case slices.ContainsFunc(records, c.isTarget):
		return profiles.Say("leads here")
	}
	return profiles.Say("leads to %s:%d, not here", records[0].Target, records[0].Port)
}

// isTarget reports whether a record names the public address.
func (c *Config) isTarget(r *net.SRV) bool {
	return strings.EqualFold(strings.TrimSuffix(r.Target, "."), c.Server.PublicHost) && int(r.Port) == c.Server.PublicPort
}
