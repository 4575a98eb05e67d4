package export

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// partialOf is the name of a file while it is written.
func partialOf(name string) string { return "." + name + ".partial" }

// rewrite writes a file anew, but only from the first byte on that differs from the old one: if none does, nothing is
// written at all.
type rewrite struct {
	root  *os.Root
	name  string
	old   *os.File // nil: there is none
	read  *bufio.Reader
	same  int64 // bytes at the beginning that are as before
	fresh *os.File
	write *bufio.Writer
	mode  fs.FileMode // of the new one
	err   error
}

func newRewrite(root *os.Root, name string) *rewrite {
	w := &rewrite{root: root, name: name, mode: 0o644}
	if w.old, w.err = root.Open(name); errors.Is(w.err, fs.ErrNotExist) {
		w.old, w.err = nil, nil
	}
	if w.old != nil {
		w.read = bufio.NewReaderSize(w.old, 1<<16)
	}
	return w
}

func (w *rewrite) Write(p []byte) (int, error) {
	if w.err == nil && w.fresh == nil && !w.matches(p) {
		w.err = w.diverge()
	}
	if w.err != nil {
		return 0, w.err
	}
	if w.fresh == nil {
		w.same += int64(len(p))
		return len(p), nil
	}
	return w.write.Write(p)
}

// matches reports whether the old file goes on with p.
func (w *rewrite) matches(p []byte) bool {
	if w.old == nil {
		return false
	}
	for len(p) > 0 {
		n := min(len(p), w.read.Size())
		have, err := w.read.Peek(n)
		if err != nil || !bytes.Equal(have, p[:n]) {
			return false
		}
		w.read.Discard(n)
		p = p[n:]
	}
	return true
}

// diverge begins the new file with what is as before.
func (w *rewrite) diverge() error {
	var err error
	if w.fresh, err = w.root.OpenFile(partialOf(w.name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, w.mode); err != nil {
		return err
	}
	w.write = bufio.NewWriterSize(w.fresh, 1<<16)
	if w.same == 0 {
		return nil
	}
	_, err = io.Copy(w.write, io.NewSectionReader(w.old, 0, w.same))
	return err
}

func (w *rewrite) flush() error {
	if w.fresh == nil {
		return w.err
	}
	return firstOf(w.err, w.write.Flush())
}

// commit makes the new file durable and puts it in the place of the old one.
func (w *rewrite) commit() error {
	if w.err == nil && w.fresh == nil && w.old != nil {
		if _, err := w.read.ReadByte(); !errors.Is(err, io.EOF) { // the old one is longer
			w.err = w.diverge()
		}
	}
	if w.err != nil || w.fresh == nil {
		w.abandon()
		return w.err
	}
	err := firstOf(w.write.Flush(), w.fresh.Sync())
	w.abandon()
	if err != nil {
		return err
	}
	return firstOf(w.root.Rename(partialOf(w.name), w.name), syncDir(w.root))
}

// abandon closes the files and leaves them as they are.
func (w *rewrite) abandon() {
	for _, f := range []*os.File{w.old, w.fresh} {
		if f != nil {
			f.Close()
		}
	}
}

// syncDir makes renames durable.
func syncDir(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return firstOf(d.Sync(), d.Close())
}
