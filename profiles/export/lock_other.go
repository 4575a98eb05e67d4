//go:build !unix

package export

// lock does nothing where folders cannot be locked; do not run two exports into one folder there.
func lock(string) (unlock func(), err error) { return func() {}, nil }
