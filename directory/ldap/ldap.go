// Package ldap reads people, groups, rooms and resources from a live LDAP directory (RFC 4511) and checks passwords
// by binding to it. It is a directory.Directory.
//
// What the attributes of a kind of directory are called is a row of the table in schema.go; Options override any
// part of it. The package keeps nothing of what it reads, package directory holds the Snapshot; only a Watch knows, as
// long as it lasts, whom names lead to.
//
// Watch learns of changes by DirSync ([MS-ADTS] section 3.1.1.3.4.1.3), RFC 4533 or modifyTimestamp. None of them is
// trusted with more than which entries may have changed; these are read by the same steps as in a reading of
// everything, with what depends on them, so that both come to the same. What changes without a change of the entry,
// such as an account that expires or the names below a renamed unit, only a reading of everything finds.
//
// Invariants: a password is sent to the server only in a bind on a connection that is encrypted, local, or expressly
// allowed to be plain; an empty password never leaves this package (RFC 4513 section 5.1.2 makes it an anonymous
// success); names from outside enter filters only escaped (RFC 4515 section 3); no error contains a password; a
// reading that the server cut short is an error, never a short result.
package ldap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"calport/directory"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// maxPacket bounds a single answer of a server, in bytes; a group of 100,000 members is about 8 MiB.
const maxPacket = 16 << 20

// The decoder's bound is a global of its package and two gibibytes by default. It is set before anything can decode.
func init() { ber.MaxPacketLengthBytes = maxPacket }

// Directory is a live LDAP directory, safe for concurrent use.
type Directory struct {
	o       Options
	servers []*server
	log     *slog.Logger
	now     func() time.Time
	beat    time.Duration // heartbeat, but in tests

	searchers *pool // bound as the bind account
	binders   *pool // bound as whoever signed in last; never searched with

	mu    sync.Mutex
	keep  []string // Options.Keep or what SetKeep made of it, sorted
	shape *shape   // what the directory turned out to be; nil until a server was asked
}

var _ directory.Directory = (*Directory)(nil)

// New checks the options and makes a Directory. It connects to nothing yet. The error joins one for each mistake, which
// begins with the option at fault.
func New(o Options) (*Directory, error) {
	o = o.withDefaults()
	d := &Directory{o: o, log: o.Log, now: time.Now, beat: heartbeat}
	d.keep = slices.Compact(slices.Sorted(slices.Values(o.Keep)))
	roots, err := o.roots()
	errs := []error{o.validate(), err}
	for i, text := range o.Servers {
		s, err := newServer(text, o, roots)
		if err != nil {
			errs = append(errs, fmt.Errorf("servers[%d]: %w", i, err))
		}
		d.servers = append(d.servers, s)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	d.searchers = newPool(o.Connections, func(ctx context.Context) (*conn, error) { return d.connect(ctx, true) })
	d.binders = newPool(o.Connections, func(ctx context.Context) (*conn, error) { return d.connect(ctx, false) })
	return d, nil
}

// Close closes the idle connections, and those in use when they are given back.
func (d *Directory) Close() error {
	d.searchers.close()
	d.binders.close()
	return nil
}

// Check connects anew, even to a server that is avoided for a while after a failure, and reads its root DSE.
func (d *Directory) Check(ctx context.Context) (directory.Status, error) {
	for _, s := range d.servers {
		s.forgive()
	}
	start := time.Now()
	c, err := d.connect(ctx, true)
	if err != nil {
		return directory.Status{}, err
	}
	defer c.Close()
	root, err := readRootDSE(ctx, c)
	if err != nil {
		return directory.Status{}, err
	}
	latency := time.Since(start)
	sh, err := d.shapeOf(ctx, c)
	if err != nil {
		return directory.Status{}, err
	}
	return directory.Status{Server: c.server.String(), Vendor: root.vendor(sh.flavour), Latency: latency}, nil
}
