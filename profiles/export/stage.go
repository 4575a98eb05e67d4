package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"calport/profiles"
)

// stagePrefix begins the names of files that are not in their places yet.
const stagePrefix = ".calport-"

// stage holds the files of a chunk until they are all written: then they are synchronised together and renamed. It
// belongs to one worker.
type stage struct {
	root   *os.Root
	worker int
	files  []staged
}

type staged struct {
	item      *item
	slot      **File // where the row names it
	file      File
	handle    *os.File
	temporary string
}

func newStage(root *os.Root, worker int) *stage { return &stage{root: root, worker: worker} }

// write writes content beside its place, readable by its owner only if it holds a secret. The error concerns the folder, not the person.
func (s *stage) write(i *item, slot **File, file File, content []byte, secret bool) error {
	file.Size = int64(len(content))
	temporary := fmt.Sprintf("%s%d-%d.tmp", stagePrefix, s.worker, len(s.files))
	var mode fs.FileMode = 0o644
	if secret {
		mode = 0o600
	}
	f, err := s.root.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		f.Close()
		s.root.Remove(temporary)
		return err
	}
	s.files = append(s.files, staged{i, slot, file, f, temporary})
	return nil
}

// commit puts the files into their places. What cannot be put there is its person's failure; a folder that cannot be
// synchronised is the run's.
func (s *stage) commit(platform profiles.Platform) error {
	if len(s.files) == 0 {
		return nil
	}
	errs := s.sync()
	for n, f := range s.files {
		if errs[n] == nil {
			errs[n] = s.root.Rename(f.temporary, f.file.Path)
		}
		if errs[n] != nil {
			s.root.Remove(f.temporary)
			f.item.fail(errs[n], platform)
			continue
		}
		*f.slot = &f.file
	}
	s.files = s.files[:0]
	return syncDir(s.root)
}

// sync makes all files durable at once: a journalling file system then commits many with one flush of the disk, which
// is some eight times faster than one after the other.
func (s *stage) sync() []error {
	errs := make([]error, len(s.files))
	var group sync.WaitGroup
	for n, f := range s.files {
		group.Go(func() { errs[n] = firstOf(f.handle.Sync(), f.handle.Close()) })
	}
	group.Wait()
	return errs
}

// removeStaged deletes what a crash has left.
func removeStaged(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(256)
		for _, e := range entries {
			if name := e.Name(); strings.HasPrefix(name, stagePrefix) && strings.HasSuffix(name, ".tmp") && e.Type().IsRegular() {
				if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
		if err != nil {
			return nil // io.EOF, or unreadable: what is left does no harm
		}
	}
}
