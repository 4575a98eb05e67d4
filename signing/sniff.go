package signing

import (
	"bytes"
	"fmt"
)

// strangers lists what is often mistaken for a signed profile.
var strangers = []struct{ prefix, is string }{
	{"<?xml", "this is an unsigned XML file"},
	{"\xef\xbb\xbf<?xml", "this is an unsigned XML file"},
	{"<!DOCTYPE", "this is an unsigned XML file"},
	{"<plist", "this is an unsigned XML file"},
	{"bplist", "this is an unsigned binary property list"},
	{"-----BEGIN ", "this is PEM; convert it with: openssl cms -cmsout -inform PEM -outform DER"},
	{"MIME-Version:", "this is S/MIME; convert it with: openssl cms -cmsout -inform SMIME -outform DER"},
	{"PK\x03\x04", "this is a ZIP archive"},
}

// otherTypes names the siblings of SignedData, by object identifier.
var otherTypes = map[string]string{
	oidData:                                "plain data",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03": "encrypted (EnvelopedData)",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06": "encrypted (EncryptedData)",
}

// sniff returns an error that wraps ErrNotCMS unless signed begins like a ContentInfo with SignedData (RFC 5652 section 3).
func sniff(signed []byte) error {
	if len(signed) == 0 {
		return fmt.Errorf("%w: the file is empty", ErrNotCMS)
	}
	for _, stranger := range strangers {
		if bytes.HasPrefix(signed, []byte(stranger.prefix)) {
			return fmt.Errorf("%w: %s", ErrNotCMS, stranger.is)
		}
	}
	oid := leadingOID(signed)
	if string(oid) == oidSignedData {
		return nil
	}
	if is, known := otherTypes[string(oid)]; known {
		return fmt.Errorf("%w: this is %s", ErrNotCMS, is)
	}
	return ErrNotCMS
}

// leadingOID returns the object identifier that begins the outermost sequence, in BER too; nil when there is none. The
// sequence may be cut off.
func leadingOID(in []byte) []byte {
	if len(in) < 4 || in[0] != tagSequence {
		return nil
	}
	at := 2
	if in[1] > indefinite {
		at += int(in[1] &^ indefinite)
	}
	if at+2 > len(in) || in[at] != tagObjectID {
		return nil
	}
	end := at + 2 + int(in[at+1])
	if in[at+1] >= indefinite || end > len(in) {
		return nil
	}
	return in[at+2 : end]
}
