package profiles

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
)

// HasTrust reports whether there are roots to trust.
func (g *Generator) HasTrust() bool { return len(g.roots) > 0 }

// Trust renders the profile with the roots, the same for everybody. It is an error if there are none.
func (g *Generator) Trust(platform Platform) (*Profile, error) {
	if !g.HasTrust() {
		return nil, errors.New("there is no root to trust: the server's certificate is not from our own authority")
	}
	top := g.shared(Trust, platform, "Trust", "Lets this device trust the calendar server and the profiles that come from it.")
	var content []any
	for _, root := range g.roots {
		payload := rootPayload(root)
		g.identify(payload, top, string(Trust), "root-"+fingerprint(root.Raw)[:16])
		content = append(content, payload)
	}
	return g.profile(Trust, platform, top, content)
}

func rootPayload(root *x509.Certificate) Dict {
	return Dict{
		"PayloadType":                typeRoot,
		"PayloadDisplayName":         certificateName(root),
		"PayloadCertificateFileName": fingerprint(root.Raw)[:16] + ".cer",
		"PayloadContent":             root.Raw,
	}
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
