package profiles

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// uuid is a UUID in binary form.
type uuid [16]byte

// dnsNamespace is the name space of domain names, 6ba7b810-9dad-11d1-80b4-00c04fd430c8 (RFC 9562 section 6.6).
var dnsNamespace = uuid{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// version5 makes the UUID of a name in the name space space (RFC 9562 section 5.5).
func version5(space uuid, name string) uuid {
	sum := sha1.Sum(append(space[:], name...))
	u := uuid(sum[:16])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

// String writes the UUID as Apple's uuidgen does, in upper case.
func (u uuid) String() string {
	h := strings.ToUpper(hex.EncodeToString(u[:]))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
