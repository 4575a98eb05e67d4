package export

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"calport/directory"
	"calport/profiles"
)

// The files that say what is in the folder. The partial one is the manifest while it is written: what is left of it
// after a crash tells what had been done.
const (
	manifestName = "manifest.json"
	csvName      = "manifest.csv"
)

func interruptedOf(manifest string) string { return "." + manifest + ".interrupted" }

// Status is how a person stands.
type Status string

// The states.
const (
	StatusExported Status = "exported" // the files are up to date
	StatusDenied   Status = "denied"   // by the settings, on purpose
	StatusSkipped  Status = "skipped"  // a value is missing or unusable
	StatusFailed   Status = "failed"
	StatusGone     Status = "gone" // no longer among the people; the files are still there
)

// Entry is a person's row of the manifest.
type Entry struct {
	Name       string `json:"name"` // short name
	GUID       string `json:"guid"`
	Platform   string `json:"platform"`
	Identifier string `json:"identifier,omitempty"`
	UUID       string `json:"uuid,omitempty"`
	SHA256     string `json:"sha256,omitempty"` // of the unsigned profile
	Signed     *File  `json:"signed,omitempty"`
	Unsigned   *File  `json:"unsigned,omitempty"`

	Declarations []*File  `json:"declarations,omitempty"` // in the layout KMFDDM; the set is among them
	Retired      []string `json:"retired,omitempty"`      // identifiers of declarations that the set held once

	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// File is one file in the folder.
type File struct {
	Path     string    `json:"path"` // in the folder
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256"`
	Content  string    `json:"content"`          // SHA-256 of the unsigned profile in it
	Signer   string    `json:"signer,omitempty"` // fingerprint
	NotAfter time.Time `json:"not_after,omitzero"`
}

// ours reports whether a file may be one of ours: a manifest that was tampered with must not lead anywhere else.
func (f *File) ours() bool {
	return filepath.IsLocal(f.Path) && !strings.ContainsAny(f.Path, `/\`) && (strings.HasSuffix(f.Path, profiles.Extension) ||
		strings.HasPrefix(f.Path, profiles.DeclarationPrefix) && strings.HasSuffix(f.Path, declarationExtension) ||
		strings.HasPrefix(f.Path, setPrefix) && strings.HasSuffix(f.Path, setExtension))
}

func newEntry(p *directory.Principal, platform profiles.Platform) *Entry {
	return &Entry{Name: p.ShortName, GUID: p.GUID, Platform: platform.String()}
}

// describe notes the profile that was exported.
func (e *Entry) describe(p *profiles.Profile, content string) {
	e.Identifier, e.UUID, e.SHA256, e.Status = p.Identifier, p.UUID, content, StatusExported
}

const (
	manifestHead = "{\"format\":1,\"people\":[\n"
	manifestTail = "\n]}\n"
)

// rowReader reads rows without holding more than one.
type rowReader struct {
	decoder *json.Decoder
	inside  bool // of the list of people
}

var errManifest = errors.New("manifest.json is damaged or not one of ours; move it away to export everything anew")

func (r *rowReader) next() (*Entry, error) {
	if !r.inside {
		if err := r.head(); err != nil {
			return nil, err
		}
		r.inside = true
	}
	if !r.decoder.More() {
		if token, err := r.decoder.Token(); err != nil || token != json.Delim(']') {
			return nil, errManifest
		}
		return nil, io.EOF
	}
	e := new(Entry)
	if err := r.decoder.Decode(e); err != nil {
		return nil, errors.Join(errManifest, err)
	}
	return e, nil
}

// head reads as far as the first row.
func (r *rowReader) head() error {
	for _, want := range []json.Token{json.Delim('{'), "format", float64(1), "people", json.Delim('[')} {
		if token, err := r.decoder.Token(); err != nil || token != want {
			return errManifest
		}
	}
	return nil
}

// manifestWriter writes both manifests, and touches neither if nothing has changed.
type manifestWriter struct {
	json, csv *rewrite
	table     *csv.Writer
	rows      int
	err       error
}

var csvHead = []string{"name", "guid", "platform", "identifier", "uuid", "sha256", "signer", "signer_not_after", "path", "unsigned_path", "status", "reason"}

func newManifestWriter(root *os.Root, layout Layout) *manifestWriter {
	w := &manifestWriter{json: newRewrite(root, layout.manifestName()), csv: newRewrite(root, csvName)}
	w.table = csv.NewWriter(w.csv)
	_, w.err = io.WriteString(w.json, manifestHead)
	w.err = firstOf(w.err, w.table.Write(csvHead))
	return w
}

func (w *manifestWriter) add(e *Entry) error {
	if w.err != nil {
		return w.err
	}
	row, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if w.rows++; w.rows > 1 {
		row = append([]byte(",\n"), row...)
	}
	_, w.err = w.json.Write(row)
	w.err = firstOf(w.err, w.table.Write(e.record()))
	return w.err
}

func (e *Entry) record() []string {
	record := []string{e.Name, e.GUID, e.Platform, e.Identifier, e.UUID, e.SHA256, "", "", "", "", string(e.Status), e.Reason}
	if e.Signed != nil {
		record[6], record[7], record[8] = e.Signed.Signer, e.Signed.NotAfter.Format(time.RFC3339), e.Signed.Path
	}
	if e.Unsigned != nil {
		record[9] = e.Unsigned.Path
	}
	return record
}

// flush lets a crash find what has been done.
func (w *manifestWriter) flush() error {
	w.err = firstOf(w.err, w.json.flush())
	return w.err
}

// commit puts both into their places.
func (w *manifestWriter) commit() error {
	_, err := io.WriteString(w.json, manifestTail)
	w.table.Flush()
	if err = firstOf(w.err, err, w.table.Error()); err != nil {
		w.abandon()
		return err
	}
	if err := w.csv.commit(); err != nil {
		w.json.abandon()
		return err
	}
	if err := w.json.commit(); err != nil {
		return err
	}
	if err := w.json.root.Remove(interruptedOf(w.json.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// abandon leaves the old manifests, and the partial one for the next run.
func (w *manifestWriter) abandon() {
	w.json.abandon()
	w.csv.abandon()
}
