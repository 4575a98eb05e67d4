package web

import (
	"encoding/pem"
	"net/http"
	"strconv"
)

func (s *site) handRoot(w http.ResponseWriter, r *http.Request, contentType, name string, form func([]byte) []byte) error {
	root := form(s.o.Signing.Root())
	if len(root) == 0 {
		return noSuchPath
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", attachment(name))
	h.Set("Content-Length", strconv.Itoa(len(root)))
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		w.Write(root)
	}
	return nil
}

// pemContent is the DER within PEM; nil if there is none.
func pemContent(text []byte) []byte {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil
	}
	return block.Bytes
}
