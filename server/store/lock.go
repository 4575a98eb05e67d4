//go:build unix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Lock keeps a second server away from a data directory, until Unlock or the end of the process, however it ends.
type Lock struct{ file *os.File }

// LockName is the file by which a data directory is locked.
const LockName = "calport.lock"

// LockDir takes the directory's lock, the file calport.lock with the process id in it, or fails with a *LockedError.
// Only what serves or rewrites homes takes it; other commands open the store beside the server.
func LockDir(dir string) (*Lock, error) {
	path := filepath.Join(dir, LockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, systemError(path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close()
		text, _ := io.ReadAll(io.LimitReader(f, 32))
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text))) // 0 when it is not written yet
		return nil, &LockedError{Dir: dir, PID: pid}
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil {
		f.Close()
		return nil, systemError(path, err)
	}
	return &Lock{f}, nil
}

// isReadOnly says whether the file system is mounted read-only.
func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// Unlock gives the directory back. The file stays, for removing it could remove the next holder's.
func (l *Lock) Unlock() error { return l.file.Close() }
