package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/acme"

	"calport/directory"
	"calport/directory/signin"
	"calport/server"
	"calport/server/caldav"
	"calport/server/imip"
	"calport/server/store"
)

func setupServe(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, _ []string) error {
		c, err := p.loadConfig()
		if err != nil {
			return err
		}
		return p.serve(ctx, c, nil)
	}
}

// serve runs until ctx ends. ready, which may be nil, is called once everything answers.
func (p *program) serve(ctx context.Context, c *Config, ready func(*house) error) error {
	lock, err := c.lockData()
	if err != nil {
		return err
	}
	defer lock.Unlock()
	startPace.Do(paceGC)
	h, err := p.openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	doors, err := h.doors(ctx)
	if err != nil {
		return err
	}
	if err := openDoors(doors); err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer cancel()
	if err := h.firstPeople(ctx); err != nil {
		return err
	}
	if err := h.calendars.IndexAccess(ctx); err != nil {
		return err
	}
	h.warnOfStrangers()
	h.people.OnChange(func([]string) { h.calendars.PeopleChanged() })
	background.Go(func() { h.people.Run(ctx) })
	background.Go(func() { h.calendars.Run(ctx) })
	background.Go(func() { h.journal.Run(ctx) })
	desk := newNewsDesk(h)
	background.Go(func() { desk.Run(ctx) })
	background.Go(func() { h.traces.Run(ctx) })
	if err := h.startMail(ctx, &background); err != nil {
		return err
	}
	if h.mailer != nil {
		background.Go(func() { h.mailer.Run(ctx) })
	}
	background.Go(func() { h.leavers.Run(ctx) })
	background.Go(func() { h.daily(ctx) })
	background.Go(func() { h.watchSigner(ctx) })
	background.Go(func() { h.takeConfirmations(ctx) })
	served := make(chan error, 1)
	background.Go(func() { served <- serveDoors(ctx, doors, h.log) })
	for _, d := range doors {
		h.log.Info("listening", "address", d.Addr().String(), "tls", d.tls != nil)
	}
	if ready != nil {
		if err := ready(h); err != nil {
			return err
		}
	}
	return <-served
}

// firstPeople takes the copy of the directory that the store keeps, so that the server starts while LDAP is down;
// only the very first start has to wait for the directory, and goes on without people if it does not answer.
func (h *house) firstPeople(ctx context.Context) error {
	if err := h.people.Load(ctx); err == nil && h.people.Snapshot().Count(directory.Individual) > 0 {
		return nil
	}
	if err := h.people.Refresh(ctx); err != nil {
		h.log.Error("the directory does not answer and there is no copy of it yet; nobody can sign in until it does", "err", err)
	}
	return ctx.Err()
}

// daily does what is due once a day, and at the start: it forgets what is over and renews certificates of our own.
func (h *house) daily(ctx context.Context) {
	day := time.NewTicker(24 * time.Hour)
	defer day.Stop()
	for {
		if _, err := h.store.PurgeSessions(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("expired sessions cannot be forgotten", "err", err)
		}
		if err := h.store.PurgePeople(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("old sign-ins, links and app passwords cannot be forgotten", "err", err)
		}
		if err := h.keepSigner(); err != nil {
			h.log.Error("our own signer cannot be renewed", "err", err)
		}
		h.forgetOldRecords(ctx)
		if err := h.store.PurgeMail(ctx, h.now().AddDate(0, 0, -imip.TokenDays)); err != nil && ctx.Err() == nil {
			h.log.Error("old invitations by mail cannot be forgotten", "err", err)
		}
		if h.leaves != nil {
			if err := h.leaves.Renew(); err != nil {
				h.log.Error("our own TLS certificate cannot be renewed", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-day.C:
			h.warnOfExpiry()
		}
	}
}

// doors makes the handlers and joins them to the addresses.
func (h *house) doors(ctx context.Context) ([]*door, error) {
	if h.config.Server.Metrics != "" {
		h.openMetrics()
	}
	handler, err := h.origin(ctx)
	if err != nil {
		return nil, err
	}
	var doors []*door
	s := &h.config.Server
	if len(s.HTTPS) > 0 {
		source, err := h.certificates()
		if err != nil {
			return nil, err
		}
		min, err := server.ParseTLSVersion(h.config.TLS.MinVersion)
		if err != nil {
			return nil, err
		}
		protocol := server.TLSConfig(source, min, h.log)
		if h.config.TLS.Source == "acme" {
			protocol.NextProtos = append(protocol.NextProtos, acme.ALPNProto) // RFC 8737 section 3
		}
		for _, a := range s.HTTPS {
			doors = append(doors, &door{key: "server.https", address: a, tls: protocol.Clone(), handler: handler.HTTPS()})
		}
	}
	for _, a := range s.HTTP {
		doors = append(doors, &door{key: "server.http", address: a, handler: handler.Redirect()})
	}
	for _, a := range s.Plain {
		doors = append(doors, &door{key: "server.plain", address: a, handler: handler.Plain()})
	}
	if s.Metrics != "" {
		doors = append(doors, &door{key: "server.metrics", address: s.Metrics, handler: h.metrics()})
	}
	return doors, nil
}

// origin assembles everything that answers below the one origin.
func (h *house) origin(ctx context.Context) (*server.Server, error) {
	s := &h.config.Server
	policy, err := signin.ParsePolicy(h.config.SignIn.AppPasswords)
	if err != nil {
		return nil, err
	}
	checker := h.checker(policy)
	if h.gateway, err = h.openGateway(); err != nil {
		return nil, err
	}
	books, booksOf, err := h.addressBooks()
	if err != nil {
		return nil, err
	}
	h.calendars, err = caldav.New(caldav.Options{
		Store: h.store, People: h.people.Snapshot, Origin: server.OriginOf,
		Log: h.log, Now: h.now, RequestID: server.RequestID, SetOperation: server.SetOperation,
		IsAdmin: h.isAdmin, Serves: h.serves, Visibility: h.visibility, AddressBookHome: booksOf,
		Outside: h.outside(), Limits: h.config.limits(),
	})
	if err != nil {
		return nil, err
	}
	h.traces = server.NewTraces(server.TraceOptions{
		Store: h.store, People: h.people.Snapshot, Limit: int64(h.config.Records.TraceMegabytes) << 20, Now: h.now, Log: h.log,
	})
	h.mailer = h.openMailer()
	portal, err := h.portal(ctx, checker, policy)
	if err != nil {
		return nil, err
	}
	return server.New(server.Options{
		DAV: h.calendars, Contacts: books, AsPrincipal: caldav.WithPrincipal, Rest: h.health(portal), SignIn: checker,
		Origin:  server.Origin{Host: s.PublicHost, Port: s.PublicPort},
		Aliases: h.config.certificateNames(), TrustedProxies: parsePrefixes(s.TrustedProxies), Log: h.log, Now: h.now,
		Observe: h.observe, Traces: h.traces, FreeBusy: h.calendars.FreeBusyURL(),
	})
}

// checker checks passwords for the portal and the calendar server alike.
func (h *house) checker(policy signin.Policy) *signin.Checker {
	h.journal = signin.NewJournal(h.records.keepUses, h.log)
	c := &h.config.SignIn
	return signin.New(h.people, h.directory, signin.Options{
		Access: h.access, RightFor: time.Duration(c.Remember),
		FailedBinds: c.FailuresPerAge, FailedBindsWindow: time.Duration(c.FailuresIn),
		FailedNames: c.NamesPerAddr, Exempt: parsePrefixes(c.Exempt),
		Policy: policy, AppPasswords: h.records, Journal: h.journal, Now: h.now, Log: h.log,
	})
}

// health answers /healthz (the process lives) and /readyz (it can serve people); the rest goes on.
func (h *house) health(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := h.notReady(r.Context()); why != "" {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
		fmt.Fprintln(w, h.people.Health().Freshness(h.now()))
		if problem := h.people.Health().Problem(); !problem.Empty() {
			fmt.Fprintln(w, "but:", problem)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would redirect doubled slashes, which clients of calendars send and mean.
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// notReady says why people cannot be served; empty when they can. A directory that is down is no reason as long as
// there is a snapshot.
func (h *house) notReady(ctx context.Context) string {
	if h.people.Snapshot().Count(directory.Individual) == 0 {
		return "the directory has not been read yet"
	}
	if _, err := h.store.Value(ctx, snapshotBucket, snapshotKey); err != nil && !errors.Is(err, store.ErrNotFound) {
		return "the database does not answer"
	}
	return ""
}
