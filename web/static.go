package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/klauspost/compress/gzip"
)

//go:embed static
var staticFiles embed.FS

// asset is one static file, under a name that changes with its content.
type asset struct {
	content     []byte
	gzip        []byte
	contentType string
	etag        string
}

// static are the style sheet, the script and the pictures.
type static struct {
	byName map[string]asset  // portal.3f2a9c1b2d4e.css
	names  map[string]string // portal.css → portal.3f2a9c1b2d4e.css
}

// mediaTypes are written down because the system's own tables differ.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func newStatic() (*static, error) {
	s := &static{byName: make(map[string]asset), names: make(map[string]string)}
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	best, err := gzip.NewWriterLevel(nil, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	for _, f := range files {
		content, err := staticFiles.ReadFile(path.Join("static", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		extension := path.Ext(f.Name())
		contentType := mediaTypes[extension]
		if contentType == "" {
			contentType = mime.TypeByExtension(extension)
		}
		sum := sha256.Sum256(content)
		hash := hex.EncodeToString(sum[:6])
		name := strings.TrimSuffix(f.Name(), extension) + "." + hash + extension
		squeezed, err := writeGzip(best, content)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		s.byName[name] = asset{content, squeezed, contentType, hash}
		s.names[f.Name()] = name
	}
	return s, nil
}

// url is where a file is, by its plain name.
func (s *static) url(name string) (string, error) {
	hashed, ok := s.names[name]
	if !ok {
		return "", fmt.Errorf("there is no static file %q", name)
	}
	return staticPath + hashed, nil
}

// file serves a static file. Its name changes with its content, so it may be kept for ever (RFC 8246).
func (s *site) file(w http.ResponseWriter, r *http.Request) error {
	a, ok := s.static.byName[chi.URLParam(r, "file")]
	if !ok {
		return noSuchPath
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	content, etag := a.content, a.etag
	if takesGzip(r) {
		content, etag = a.gzip, a.etag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return nil
}
