package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
)

// ErrAltered: a file is not the one that was written.
var ErrAltered = errors.New("the file is not the one that the manifest describes; delete it, and the next export writes it anew")

// EachFile reads back every file that the manifest of a folder names for people who have a profile, one after the
// other. do gets the content, or why there is none: ErrAltered, or what reading it says. The error is for the manifest
// itself, or the context's.
func EachFile(ctx context.Context, dir string, layout Layout, do func(path string, content []byte, err error)) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	rows, err := openPrior(root, layout)
	if err != nil {
		return err
	}
	defer rows.close()
	for e := rows.next(); e != nil; e = rows.next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.Status != StatusExported {
			continue
		}
		for _, f := range append([]*File{e.Signed, e.Unsigned}, e.Declarations...) {
			if f != nil && f.ours() {
				content, err := f.read(root)
				do(f.Path, content, err)
			}
		}
	}
	return rows.err
}

func (f *File) read(root *os.Root) ([]byte, error) {
	content, err := root.ReadFile(f.Path)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); int64(len(content)) != f.Size || hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, ErrAltered
	}
	return content, nil
}
