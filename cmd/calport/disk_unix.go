//go:build linux || darwin || freebsd

package main

import "golang.org/x/sys/unix"

// diskSpace tells how many bytes are free for us where a folder is, and how many there are.
func diskSpace(folder string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), uint64(s.Blocks) * uint64(s.Bsize), nil
}
