// Package export writes everybody's signed profiles into a folder, incrementally, and renders single ones for the
// portal and for MDM servers: what the command, the admin pages and the API share, so that their bytes agree.
//
// A folder has one of several layouts (layout.go), for people or for the tools of MDM servers; Zip writes the first of them as
// one archive.
//
// It does not know who gets a profile, where people come from or what a signature is: callers hand in people, a
// generator and a signer.
//
// Invariants:
//   - A file is either the whole old one or the whole new one: written beside, synchronised, renamed.
//   - The manifest names every file that this package ever left in the folder and has not deleted; nothing else is
//     ever deleted.
//   - When nothing has changed, nothing is signed and nothing is written. What changed is told by the SHA-256 of the
//     unsigned profile, the fingerprint of the signer and the size of the file.
//   - With a shelf, signed files have its bytes, which are those that the portal hands out.
//   - Memory does not grow with the number of people, but for one pointer each.
package export

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"calport/directory"
	"calport/profiles"
)

// Signer vouches for profiles. *signing.Identity is one. It must be safe for concurrent use.
type Signer interface {
	Sign(content []byte) ([]byte, error)
	Fingerprint() string // lower-case hex
	NotAfter() time.Time
}

// Format is what is written for each person.
type Format uint8

// The formats.
const (
	Signed Format = 1 << iota
	Unsigned
	Both = Signed | Unsigned
)

// ParseFormat reads signed, unsigned or both.
func ParseFormat(name string) (Format, error) {
	formats := []string{Signed: "signed", Unsigned: "unsigned", Both: "both"}
	if i := slices.Index(formats, name); i > 0 {
		return Format(i), nil
	}
	return 0, fmt.Errorf("format %q is unknown; known are %q", name, formats[1:])
}

// Options say what to export.
type Options struct {
	Dir      string // made when absent
	Layout   Layout
	Format   Format // zero is Signed; of NanoCMD not Both, of Fleet always Unsigned, of KMFDDM nothing
	Platform profiles.Platform
	Jobs     int  // people worked on at once; zero is one for each core
	DryRun   bool // only count what would be done
	Prune    bool // delete files that the old manifest names and that nobody needs any more
	Everyone bool // People are all who get a profile: whoever the old manifest names besides has gone

	People    iter.Seq[*directory.Principal] // only Individuals
	Directory profiles.Directory
	Generator *profiles.Generator
	Signer    Signer // may be nil when Format is Unsigned
	// Password makes a password for a person's profile, new in each run, so that every file is written anew; nil: there
	// is none. It is asked for whoever gets a profile, once. Not for the layout KMFDDM.
	Password func(ctx context.Context, person *directory.Principal) (string, error)
	Shelf    Shelf // where signed profiles are taken from and kept; nil: none, each is signed anew

	Progress func(Progress)   // called from one goroutine, at most ten times a second and once at the end; may be nil
	Now      func() time.Time // for rate and ETA; nil is time.Now
}

// run is an export on its way.
type run struct {
	Options
	signer  File // what every signed file says of its signer
	root    *os.Root
	people  []*directory.Principal
	prior   *priorReader
	out     *manifestWriter
	index   *nanoIndex // nil but in the layout NanoCMD
	meter   Meter
	summary Summary
}

// Run exports. When the context is cancelled it stops cleanly: the manifest tells what has been done, and the next run
// goes on from there. So it does after a crash. The error is for what concerns the whole run; what concerns one person
// is in the manifest and counted in the summary.
func Run(ctx context.Context, o Options) (Summary, error) {
	switch {
	case o.Layout == KMFDDM && o.Password != nil:
		return Summary{}, errors.New("declarations refer to their passwords, which an export cannot hold")
	case o.Layout == KMFDDM:
		o.Format = 0
	case o.Layout == Fleet:
		o.Format = Unsigned
	case o.Format == 0:
		o.Format = Signed
	case o.Layout == NanoCMD && o.Format == Both:
		return Summary{}, errors.New("in the layout nanocmd a profile has one name: choose signed or unsigned")
	}
	if o.Format&Signed != 0 && o.Signer == nil {
		return Summary{}, errNoSigner
	}
	if o.Jobs < 1 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Shelf == nil || o.Password != nil { // what holds a password is kept nowhere else
		o.Shelf = noShelf{}
	}
	x := &run{Options: o, people: sorted(o.People)}
	if o.Format&Signed != 0 {
		x.signer = File{Signer: o.Signer.Fingerprint(), NotAfter: o.Signer.NotAfter().UTC().Truncate(time.Second)}
	}
	x.meter = NewMeter(o.Progress, o.Now, len(x.people))
	done, err := x.open()
	if err != nil {
		return Summary{}, fmt.Errorf("exporting to %s: %w", o.Dir, err)
	}
	defer done()
	if err := x.all(ctx); err != nil {
		return x.summary, fmt.Errorf("exporting to %s: %w", o.Dir, err)
	}
	return x.summary, ctx.Err()
}

// sorted brings people into the order of the manifest.
func sorted(people iter.Seq[*directory.Principal]) []*directory.Principal {
	list := slices.Collect(people)
	slices.SortFunc(list, func(a, b *directory.Principal) int { return compareKeys(a.ShortName, a.GUID, b.ShortName, b.GUID) })
	return slices.CompactFunc(list, func(a, b *directory.Principal) bool { return a.ShortName == b.ShortName && a.GUID == b.GUID })
}

// compareKeys is the order of the manifest: by short name, then by GUID.
func compareKeys(name, guid, otherName, otherGUID string) int {
	if c := strings.Compare(name, otherName); c != 0 {
		return c
	}
	return strings.Compare(guid, otherGUID)
}

// open makes the folder, keeps other runs out of it, and opens the manifests. A dry run changes nothing.
func (x *run) open() (done func(), err error) {
	unlock := func() {}
	if !x.DryRun {
		if err := os.MkdirAll(x.Dir, 0o755); err != nil {
			return nil, err
		}
		if unlock, err = lock(x.Dir); err != nil {
			return nil, err
		}
	}
	if err := x.openManifests(); err != nil {
		x.close()
		unlock()
		return nil, err
	}
	return func() { x.close(); unlock() }, nil
}

func (x *run) openManifests() (err error) {
	x.root, err = os.OpenRoot(x.Dir)
	if x.DryRun && errors.Is(err, os.ErrNotExist) {
		x.prior = &priorReader{}
		return nil
	}
	if err != nil {
		return err
	}
	if !x.DryRun {
		if err := recoverPartial(x.root, x.Layout); err != nil {
			return err
		}
		x.out = newManifestWriter(x.root, x.Layout)
		if x.Layout == NanoCMD {
			x.index = newNanoIndex(x.root)
		}
	}
	x.prior, err = openPrior(x.root, x.Layout)
	return err
}

func (x *run) close() {
	if x.prior != nil {
		x.prior.close()
	}
	if x.root != nil {
		x.root.Close()
	}
}

// ErrLocked says that another run is writing to the same folder.
var ErrLocked = errors.New("another export is writing to this folder; wait for it to end")

var errClash = errors.New("another person's file has the same name; give one of them another short name")

var errNoSigner = errors.New("signed profiles need a signing identity, and none is configured")
