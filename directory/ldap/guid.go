package ldap

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
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

// escapeObjectGUID writes what formatObjectGUID wrote as a value in a filter (RFC 4515 section 3); a text that is no
// GUID matches nothing.
func escapeObjectGUID(text string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != 16 {
		return `\00`
	}
	slices.Reverse(raw[:4])
	slices.Reverse(raw[4:6])
	slices.Reverse(raw[6:8])
	var b strings.Builder
	for _, octet := range raw {
		fmt.Fprintf(&b, `\%02x`, octet)
	}
	return b.String()
}
