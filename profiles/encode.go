package profiles

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"

	"howett.net/plist"
)

// blankUUID stands for the profile's own UUID while the rest is encoded.
const blankUUID = "00000000-0000-0000-0000-000000000000"

// The line of the profile's own UUID as encoded. Values cannot imitate it, because "<" is escaped in them, nor can
// payloads, because they are indented deeper.
const (
	beforeUUID = "\n\t\t<key>PayloadUUID</key>\n\t\t<string>"
	afterUUID  = "</string>"
)

// finish checks the values of a profile, which have no PayloadUUID yet, encodes them and gives them their UUID: of
// version 5, named by the SHA-256, in lower-case hex, of the encoding without that key. So it changes if and only if
// something else changes, but for the language of built-in texts: see calendarIn.
func (e *encoder) finish(space uuid, values Dict) ([]byte, error) {
	values["PayloadUUID"] = blankUUID
	for _, finding := range check(values) {
		return nil, &ContentError{finding}
	}
	content, err := e.encode(values)
	if err != nil {
		return nil, err
	}
	start := bytes.Index(content, []byte(beforeUUID))
	if start < 0 {
		return nil, errors.New("the encoded profile has no PayloadUUID where it belongs")
	}
	value := content[start+len(beforeUUID):][:len(blankUUID)]
	id := version5(space, digestWithout(content, start, len(beforeUUID)+len(blankUUID)+len(afterUUID))).String()
	copy(value, id)
	values["PayloadUUID"] = id
	return content, nil
}

// digestWithout is the SHA-256, in hex, of content with n bytes from start left out.
func digestWithout(content []byte, start, n int) string {
	h := sha256.New()
	h.Write(content[:start])
	h.Write(content[start+n:])
	return hex.EncodeToString(h.Sum(nil))
}

// encoder writes property lists. It is safe for concurrent use.
type encoder struct{ sheets sync.Pool }

// sheet is what one property list is written on. Its size spares the library a writer of its own: bufio.NewWriter
// returns a writer that is buffered already.
type sheet struct {
	content bytes.Buffer
	writer  *bufio.Writer
}

// encode writes values as an XML property list: keys sorted, indented by tabs, LF.
func (e *encoder) encode(values any) ([]byte, error) {
	s, ok := e.sheets.Get().(*sheet)
	if !ok {
		s = new(sheet)
		s.writer = bufio.NewWriter(&s.content)
	}
	defer e.sheets.Put(s)
	s.content.Reset()
	s.writer.Reset(&s.content)
	list := plist.NewEncoder(s.writer)
	list.Indent("\t")
	if err := list.Encode(values); err != nil {
		return nil, err
	}
	return bytes.Clone(s.content.Bytes()), nil
}
