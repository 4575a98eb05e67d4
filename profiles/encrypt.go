package profiles

import (
	"fmt"
	"maps"
)

// Encrypted returns the profile with its payloads in EncryptedPayloadContent: encrypt makes CMS EnvelopedData, for one
// device, of the property list of the payloads. Identifier and UUID stay those of the profile as it is without, so that a
// device and its MDM server see that nothing has changed.
func (g *Generator) Encrypted(p *Profile, encrypt func([]byte) ([]byte, error)) (*Profile, error) {
	payloads, err := g.encoder.encode(p.values["PayloadContent"])
	if err != nil {
		return nil, err
	}
	sealed, err := encrypt(payloads)
	if err != nil {
		return nil, err
	}
	values := maps.Clone(p.values)
	delete(values, "PayloadContent")
	values["EncryptedPayloadContent"] = sealed
	for _, finding := range check(values) {
		return nil, &ContentError{finding}
	}
	q := *p
	q.values = values
	if q.content, err = g.encoder.encode(values); err != nil {
		return nil, fmt.Errorf("encrypted profile: %w", err)
	}
	return &q, nil
}
