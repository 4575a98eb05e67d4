package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"calport/directory"
	"calport/directory/ldap"
	"calport/directory/signin"
	"calport/profiles"
	"calport/profiles/export"
	"calport/server"
	"calport/server/caldav"
	"calport/server/imip"
	"calport/server/store"
	"calport/signing"
	"calport/web"
)

// house is calport assembled from a configuration: what the commands share.
type house struct {
	config *Config
	env    func(string) string
	log    *slog.Logger
	now    func() time.Time

	store      *store.Store
	directory  *ldap.Directory
	people     *directory.Live
	access     directory.Access
	visibility directory.Visibility
	authority  *signing.Authority // nil where neither TLS nor signing is our own
	vault      *vault             // nil where calport's own keys are files
	signer     atomic.Pointer[signing.Identity]
	records    *records
	journal    *signin.Journal    // nil until a server is assembled
	leaves     *signing.TLSLeaves // nil unless TLS is our own
	mail       *imip.Submission   // nil where no mail is configured
	leavers    *leavers
	gateway    *imip.Gateway  // of invitations by mail; nil until a server is assembled, and where no mail is configured
	calendars  *caldav.Server // what serves DAV; nil until a server is assembled
	traces     *server.Traces // nil until a server is assembled
	mailer     *web.Mailer    // nil until a server is assembled, and where no mail is configured

	registry *prometheus.Registry // nil unless metrics are served
	observe  func(operation string, status int, took time.Duration)

	mu        sync.Mutex
	generator *profiles.Generator
	revision  int64 // of the settings that generator was made of
	cache     *export.Cache
}

// signedCache is how many bytes of signed profiles are remembered: some thousands of people.
const signedCache = 64 << 20

// openHouse opens the data folder and everything in it. Close it after use.
func (p *program) openHouse(ctx context.Context, c *Config) (*house, error) {
	h := &house{config: c, env: p.env, log: newLog(p.err, c.Log), now: p.now, cache: export.NewCache(signedCache)}
	if err := c.makeData(); err != nil {
		return nil, err
	}
	o := c.storeOptions()
	o.Now, o.Log = h.now, h.log
	var err error
	if h.store, err = store.Open(ctx, o); err != nil {
		return nil, err
	}
	h.records = &records{store: h.store}
	if err = h.openRest(ctx); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (h *house) openRest(ctx context.Context) error {
	var err error
	if h.vault, err = openVault(ctx, h.store, h.config.Secrets.KeyFile); err != nil {
		return err
	}
	if err := h.openAuthority(); err != nil {
		return err
	}
	if err := h.openSigner(); err != nil {
		return err
	}
	h.warnOfExpiry()
	if err := h.seedSettings(ctx); err != nil {
		return err
	}
	if h.access, err = h.config.access(); err != nil {
		return err
	}
	if h.visibility, err = h.config.visibility(); err != nil {
		return err
	}
	keep, err := h.keptAttributes(ctx)
	if err != nil {
		return err
	}
	if h.directory, err = h.openDirectory(append(keep, h.ruleAttributes()...)); err != nil {
		return err
	}
	if h.mail, err = h.openMail(); err != nil {
		return err
	}
	h.people = directory.NewLive(h.directory, snapshotKeeper{h.store}, directory.LiveOptions{
		Interval: time.Duration(h.config.Directory.Refresh), MaxLoss: h.config.Directory.MaxLoss, Now: h.now, Log: h.log,
	})
	h.leavers = newLeavers(h)
	h.records.isThere = h.leavers.isThere
	return nil
}

// Close closes what openHouse opened.
func (h *house) Close() error {
	var errs []error
	if h.directory != nil {
		errs = append(errs, h.directory.Close())
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}

// loadPeople fills the snapshot for a command that ends soon: the copy that the server keeps, refreshed from the
// directory. Where the directory does not answer, or would lose too many people, the command goes on with the copy:
// what protects the server from half a reading protects an export too.
func (h *house) loadPeople(ctx context.Context) error {
	if err := h.people.Load(ctx); err != nil {
		h.log.Warn("the kept copy of the directory cannot be read; it is made anew", "err", err)
	}
	err := h.people.Refresh(ctx)
	if s := h.people.Snapshot(); err != nil && s.Count(directory.Individual) > 0 {
		h.log.Warn("going on with the copy of the directory of "+s.Taken().Format(time.DateTime), "because", h.people.Health().Problem().String())
		return nil
	}
	return err
}

// findPerson finds a person by short name, guid:… or mail:….
func (h *house) findPerson(name string) (*directory.Principal, error) {
	p, err := lookUpPerson(h.people.Snapshot(), name)
	if err != nil {
		return nil, fmt.Errorf("%q: %w; name a person by short name, mail address or guid:…", name, err)
	}
	return p, nil
}

// profileGenerator renders by the settings as they are in the store now: another process may have imported new ones.
func (h *house) profileGenerator(ctx context.Context) (*profiles.Generator, error) {
	revision, err := h.store.SettingsRevision(ctx)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.generator != nil && h.revision == revision {
		return h.generator, nil
	}
	rows, revision, err := h.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	doc, err := settingsDocument(rows)
	if err != nil {
		return nil, err
	}
	g, err := profiles.NewGenerator(h.profileServer(), doc)
	if err != nil {
		return nil, err
	}
	h.generator, h.revision = g, revision
	h.keepAttributes(ctx, doc)
	return g, nil
}

// keepAttributes has the directory read the attributes that new settings use as %ldap:…%, which a server finds out
// while it runs.
func (h *house) keepAttributes(ctx context.Context, doc *profiles.Document) {
	changed, err := h.directory.SetKeep(append(doc.LDAPAttributes(), h.ruleAttributes()...))
	if err != nil {
		h.log.Error("settings name what is no attribute", "err", err)
	}
	if !changed {
		return
	}
	go func() {
		if err := h.people.Refresh(context.WithoutCancel(ctx)); err != nil {
			h.log.Warn("the directory is not read anew for the attributes that new settings use; the next refresh does it", "err", err)
		}
	}()
}

// profileServer is what profiles say about this server.
func (h *house) profileServer() profiles.ServerConfig {
	c := h.config
	return profiles.ServerConfig{
		Host: c.Server.PublicHost, Port: c.Server.PublicPort,
		Organization: c.Profiles.Organization, Prefix: c.Profiles.Identifier, Roots: h.trustedRoots(),
		Assets: c.MDM.AssetURL, Words: web.ProfileWords,
	}
}

// renderer renders one profile with the bytes that an export would write.
func (h *house) renderer(ctx context.Context) (*export.Renderer, error) {
	g, err := h.profileGenerator(ctx)
	if err != nil {
		return nil, err
	}
	return &export.Renderer{Generator: g, Directory: h.people.Snapshot(), Signer: h.signer.Load(), Cache: h.cache, Shelf: shelf{h.store}}, nil
}

// snapshotKeeper keeps the copy of the directory in the store.
type snapshotKeeper struct{ store *store.Store }

const snapshotBucket, snapshotKey = "directory", "snapshot"

func (k snapshotKeeper) LoadSnapshot(ctx context.Context) ([]byte, error) {
	return k.store.Value(ctx, snapshotBucket, snapshotKey)
}

func (k snapshotKeeper) SaveSnapshot(ctx context.Context, data []byte) error {
	return k.store.SetValue(ctx, snapshotBucket, snapshotKey, data)
}
