package directory

import (
	"encoding/binary"
	"hash/crc32"
)

// Sealed gives a fuzzed body of a copy its header and checksum, so that what lies behind them is reached.
func Sealed(body []byte) []byte {
	if len(body) < len(copyHeader) || string(body[:len(copyHeader)]) != copyHeader {
		body = append([]byte(copyHeader), body...)
	}
	return binary.BigEndian.AppendUint32(body[:len(body):len(body)], crc32.ChecksumIEEE(body))
}

// With is what a Live does to its snapshot when it is told of changes.
func With(s *Snapshot, changed []*Principal, gone []string) *Snapshot { return s.with(changed, gone) }
