//go:build unix

package export

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other runs out of a folder, without leaving a file in it.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	// A file system that cannot lock folders, such as some network ones, is none the worse for it.
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		d.Close()
		return nil, ErrLocked
	}
	return func() { d.Close() }, nil
}
