package ldap

import (
	"encoding/binary"
	"fmt"
)

// formatObjectGUID writes the 16 octets of objectGUID as text. The first three fields are little-endian, the last
// eight octets are in order ([MS-DTYP] section 2.3.4.2).
func formatObjectGUID(raw []byte) (string, bool) {
	if len(raw) != 16 {
		return "", false
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint16(raw[4:]),
		binary.LittleEndian.Uint16(raw[6:]), raw[8:10], raw[10:]), true
}
