package export

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

// priorReader reads the rows of the run before: of one that was interrupted as far as it came, then of the last
// manifest from there on. All are in order.
type priorReader struct {
	sources          []source
	lastName, lastID string
	started          bool
	err              error
}

type source struct {
	file *os.File
	rows rowReader
	torn bool // may break off
}

func openPrior(root *os.Root, layout Layout) (*priorReader, error) {
	r, manifest := new(priorReader), layout.manifestName()
	for _, name := range []string{partialOf(manifest), interruptedOf(manifest), manifest} {
		f, err := root.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			r.close()
			return nil, err
		}
		r.sources = append(r.sources, source{f, rowReader{decoder: json.NewDecoder(bufio.NewReaderSize(f, 1<<16))}, name != manifest})
	}
	return r, nil
}

// next returns the next row; nil at the end, or when err has been set.
func (r *priorReader) next() *Entry {
	for r.err == nil && len(r.sources) > 0 {
		s := &r.sources[0]
		e, err := s.rows.next()
		if errors.Is(err, io.EOF) || err != nil && s.torn {
			s.file.Close()
			r.sources = r.sources[1:]
			continue
		}
		if err != nil {
			r.err = err
			return nil
		}
		if r.started && compareKeys(e.Name, e.GUID, r.lastName, r.lastID) <= 0 {
			continue // the interrupted run has been here, or the manifest is not in order: the row is as good as new
		}
		r.lastName, r.lastID, r.started = e.Name, e.GUID, true
		return e
	}
	return nil
}

func (r *priorReader) close() {
	for _, s := range r.sources {
		s.file.Close()
	}
	r.sources = nil
}

// recoverPartial sets aside what a crash has left of a manifest, so that it can be read while a new one is written,
// and deletes what it has left of other files.
func recoverPartial(root *os.Root, layout Layout) error {
	err := root.Rename(partialOf(layout.manifestName()), interruptedOf(layout.manifestName()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return removeStaged(root)
}
