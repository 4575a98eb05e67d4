package export

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"calport/profiles"
)

// zipTime is the date of every file in an archive, the first that the format knows, so that the same profiles make the
// same archive.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Zip writes everybody's profile as one zip archive, in the layout Flat with the manifests at the end. It streams: no
// more than some hundred profiles are held, however many there are. Profiles that are on the shelf come from there, so that the same people, settings and
// signer give the same archive, byte for byte. Of the options Dir, Layout, Jobs, DryRun, Prune and Everyone count for
// nothing. When the context is cancelled or w fails, what has been written is no archive.
func Zip(ctx context.Context, w io.Writer, o Options) (Summary, error) {
	if o.Format == 0 {
		o.Format = Signed
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	z := &zipRun{Options: o, archive: zip.NewWriter(w)}
	if o.Format&Signed != 0 {
		if o.Signer == nil {
			return Summary{}, errNoSigner
		}
		z.signer = File{Signer: o.Signer.Fingerprint(), NotAfter: o.Signer.NotAfter().UTC().Truncate(time.Second)}
	}
	var err error
	if z.manifests, err = newManifests(); err != nil {
		return Summary{}, err
	}
	defer z.manifests.close()
	people := sorted(o.People)
	z.meter = NewMeter(o.Progress, o.Now, len(people))
	r := &Renderer{Generator: o.Generator, Directory: o.Directory, Signer: o.Signer, Shelf: o.Shelf}
	err = r.Each(ctx, slices.Values(people), o.Platform, o.Format&Signed != 0, z.add)
	if err == nil {
		err = firstOf(z.manifests.move(z), z.archive.Close())
	}
	z.meter.Show(z.summary, true)
	return z.summary, err
}

type zipRun struct {
	Options
	archive   *zip.Writer
	manifests *manifests
	signer    File // what every signed file says of its signer
	last      string
	meter     Meter
	summary   Summary
}

func (z *zipRun) add(one Rendered) error {
	i := &item{person: one.Person, entry: newEntry(one.Person, z.Platform), clash: FileName(one.Person) == z.last}
	z.last = FileName(one.Person)
	if err := z.profile(i, one); err != nil {
		return err
	}
	z.summary.add(i)
	z.meter.Show(z.summary, false)
	return z.manifests.add(i.entry)
}

func (z *zipRun) profile(i *item, one Rendered) error {
	switch {
	case i.clash:
		i.fail(errClash, z.Platform)
		return nil
	case one.Err != nil:
		i.without(one.Err, z.Platform)
		return nil
	}
	content := one.Profile.SHA256()
	i.entry.describe(one.Profile, content)
	i.outcome = written
	if z.Format&Signed != 0 {
		kept := Kept{Bytes: one.Signed}
		file := z.signer
		file.Path, file.Content, file.SHA256 = FileName(i.person)+profiles.Extension, content, kept.digest()
		if err := z.file(&i.entry.Signed, file, one.Signed); err != nil {
			return err
		}
	}
	if z.Format&Unsigned != 0 {
		return z.file(&i.entry.Unsigned, File{Path: FileName(i.person) + unsignedExtension, SHA256: content, Content: content}, one.Profile.Bytes())
	}
	return nil
}

func (z *zipRun) file(slot **File, file File, content []byte) error {
	file.Size = int64(len(content))
	*slot = &file
	return z.write(file.Path, bytes.NewReader(content))
}

func (z *zipRun) write(name string, content io.Reader) error {
	w, err := z.archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime})
	if err == nil {
		_, err = io.Copy(w, content)
	}
	return err
}

// manifests are the rows of both manifests, in files without a name until the profiles are written: an archive holds one
// file after the other.
type manifests struct {
	json, csv *os.File
	text      *bufio.Writer
	table     *csv.Writer
	rows      int
}

func newManifests() (*manifests, error) {
	var m manifests
	for _, f := range []**os.File{&m.json, &m.csv} {
		var err error
		if *f, err = os.CreateTemp("", "calport-manifest-"); err != nil {
			m.close()
			return nil, err
		}
	}
	m.text, m.table = bufio.NewWriter(m.json), csv.NewWriter(m.csv)
	m.text.WriteString(manifestHead) // errors stay until Flush
	return &m, m.table.Write(csvHead)
}

func (m *manifests) add(e *Entry) error {
	row, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if m.rows++; m.rows > 1 {
		m.text.WriteString(",\n")
	}
	_, err = m.text.Write(row)
	return firstOf(err, m.table.Write(e.record()))
}

// move writes the manifests into the archive.
func (m *manifests) move(z *zipRun) error {
	m.text.WriteString(manifestTail)
	m.table.Flush()
	if err := firstOf(m.text.Flush(), m.table.Error()); err != nil {
		return err
	}
	for _, f := range []*os.File{m.json, m.csv} {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	return firstOf(z.write(manifestName, m.json), z.write(csvName, m.csv))
}

func (m *manifests) close() {
	for _, f := range []*os.File{m.json, m.csv} {
		if f != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}
}

// WriteFile writes a file whole or not at all, and not when its content is there already. It is readable by its owner only.
func WriteFile(path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	w := newRewrite(root, filepath.Base(path))
	w.mode = 0o600
	if err := write(w); err != nil {
		w.abandon()
		if left := root.Remove(partialOf(w.name)); !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
		return err
	}
	return w.commit()
}
