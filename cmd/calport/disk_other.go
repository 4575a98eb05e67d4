//go:build !linux && !darwin && !freebsd

package main

import "errors"

// diskSpace is not told by every system.
func diskSpace(string) (free, total uint64, err error) { return 0, 0, errors.ErrUnsupported }
