package signing

import (
	"crypto"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// parts is a SignedData to be encoded, right or wrong. What builder.signedData returns is right.
type parts struct {
	version      int64
	digest       string
	contentType  string
	content      []byte
	detached     bool
	certificates [][]byte
	signers      [][]byte
	crls         bool
}

// builder makes signed profiles by hand, for the faults that neither the library nor openssl makes.
type builder struct {
	id        *Identity
	hash      crypto.Hash
	digest    string
	algorithm string
	keyID     []byte
	version   int64
	edit      func(attributes [][]byte) [][]byte // before signing; nil result: none
}

func newBuilder(a *Authority) *builder {
	return &builder{
		id: a.Signer(), hash: crypto.SHA256, digest: oidSHA256, version: 1,
		algorithm: "\x2a\x86\x48\xce\x3d\x04\x03\x02",
		edit:      func(attributes [][]byte) [][]byte { return attributes },
	}
}

func (b *builder) signedData(t testing.TB, content []byte) *parts {
	t.Helper()
	return &parts{
		version: b.version, digest: b.digest, contentType: oidData, content: content,
		certificates: slices.Clone(b.id.embedded), signers: [][]byte{b.signerInfo(t, content)},
	}
}

// signerInfo signs content.
func (b *builder) signerInfo(t testing.TB, content []byte) []byte {
	t.Helper()
	digest := sum(b.hash, content)
	attributes := b.edit([][]byte{
		attribute(oidContentType, object(oidData)),
		attribute(oidSigningTime, der(t, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(time.Now().UTC()) })),
		attribute(oidMessageDigest, octets(digest)),
	})
	var implicit []byte
	if attributes != nil {
		set := der(t, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { addAll(b, attributes) })
		})
		digest = sum(b.hash, set)
		implicit = append([]byte{0xa0}, set[1:]...)
	}
	signature, err := b.id.key.Sign(rand.Reader, digest, b.hash)
	if err != nil {
		t.Fatal(err)
	}
	return der(t, func(out *cryptobyte.Builder) {
		out.AddASN1(asn1.SEQUENCE, func(out *cryptobyte.Builder) {
			out.AddASN1Int64(b.version)
			if b.keyID != nil {
				out.AddASN1(ski0, func(out *cryptobyte.Builder) { out.AddBytes(b.keyID) })
			} else {
				out.AddASN1(asn1.SEQUENCE, func(out *cryptobyte.Builder) {
					out.AddBytes(b.id.leaf.RawIssuer)
					out.AddBytes(b.id.serial)
				})
			}
			addAlgorithm(out, b.digest)
			out.AddBytes(implicit)
			addAlgorithm(out, b.algorithm)
			out.AddASN1OctetString(signature)
		})
	})
}

func (p *parts) encode(t testing.TB) []byte {
	t.Helper()
	return der(t, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(object(oidSignedData))
			b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, p.add) })
		})
	})
}

func (p *parts) add(b *cryptobyte.Builder) {
	b.AddASN1Int64(p.version)
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { addAlgorithm(b, p.digest) })
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(object(p.contentType))
		if !p.detached {
			b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(p.content) })
		}
	})
	b.AddASN1(tag0, func(b *cryptobyte.Builder) { addAll(b, p.certificates) })
	if p.crls {
		b.AddASN1(tag1, func(b *cryptobyte.Builder) {})
	}
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { addAll(b, p.signers) })
}

func addAll(b *cryptobyte.Builder, elements [][]byte) {
	for _, element := range elements {
		b.AddBytes(element)
	}
}

func addAlgorithm(b *cryptobyte.Builder, oid string) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(object(oid)) })
}

func object(oid string) []byte  { return append(appendHeader(nil, tagObjectID, len(oid)), oid...) }
func octets(data []byte) []byte { return append(appendHeader(nil, tagOctetString, len(data)), data...) }
func attribute(oid string, values ...[]byte) []byte {
	set := slices.Concat(values...)
	body := slices.Concat(object(oid), appendHeader(nil, 0x31, len(set)), set)
	return append(appendHeader(nil, tagSequence, len(body)), body...)
}

func der(t testing.TB, build func(*cryptobyte.Builder)) []byte {
	t.Helper()
	var b cryptobyte.Builder
	build(&b)
	out, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// toBER writes DER with indefinite lengths throughout, and octet strings split into segments of size octets, as streaming
// signers do. It does not look into certificates, whose bytes are signed.
func toBER(in []byte, size int) (out []byte) {
	for len(in) > 0 {
		r := berReader{in: in}
		h, err := r.header(0, len(in))
		if err != nil {
			panic(err)
		}
		body := in[h.body:h.end]
		switch {
		case h.tag&constructed != 0:
			out = append(out, h.tag, indefinite)
			out = append(append(out, toBER(body, size)...), 0, 0)
		case h.tag == tagOctetString && len(body) > size:
			out = append(out, h.tag|constructed, indefinite)
			for chunk := range slices.Chunk(body, size) {
				out = append(out, octets(chunk)...)
			}
			out = append(out, 0, 0)
		default:
			out = append(out, in[:h.end]...)
		}
		in = in[h.end:]
	}
	return out
}
