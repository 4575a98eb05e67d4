package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"rsc.io/qr"
)

// quietZone is the white border that a QR code needs, in modules (ISO/IEC 18004 section 6.3.8).
const quietZone = 4

// showCode serves a text as a QR code in SVG: one path, whose rows run together.
func showCode(w http.ResponseWriter, r *http.Request, text string) error {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return fmt.Errorf("QR code: %w", err)
	}
	var svg bytes.Buffer
	side := code.Size + 2*quietZone
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="`, side, side, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&svg, "M%d %dh%dv1h-%dz", start+quietZone, y+quietZone, x-start, x-start)
			}
		}
	}
	svg.WriteString(`"/></svg>`)
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Length", strconv.Itoa(svg.Len()))
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		w.Write(svg.Bytes())
	}
	return nil
}
