package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
	"time"
)

// Read as ratios of one run: encode must reach 30% (ECDSA) and 85% (RSA) of the bare signatures on all cores. sign is
// encode with the check before leaving, which costs about a bare verification.
//
//	go test -run '^$' -bench 'SignECDSA|SignRSA' ./signing
func BenchmarkSignECDSA(b *testing.B) {
	key := ecdsaAuthority().Signer().key.(*ecdsa.PrivateKey)
	digest := sha256.Sum256(profile)
	parallel(b, "bare", func() error {
		_, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		return err
	})
	benchmarkSign(b, ecdsaAuthority().Signer())
}

func BenchmarkSignRSA(b *testing.B) {
	key := rsaAuthority().Signer().key.(*rsa.PrivateKey)
	digest := sha256.Sum256(profile)
	parallel(b, "bare", func() error {
		_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		return err
	})
	benchmarkSign(b, rsaAuthority().Signer())
}

func benchmarkSign(b *testing.B, id *Identity) {
	parallel(b, "encode", func() error {
		_, err := id.encode(profile)
		return err
	})
	signed := mustSign(b, id, profile)
	parallel(b, "check", func() error { return id.check(signed, profile) })
	parallel(b, "sign", func() error {
		_, err := id.Sign(profile)
		return err
	})
}

func BenchmarkVerify(b *testing.B) {
	for name, a := range authorities() {
		signed, roots := mustSign(b, a.Signer(), profile), a.Pool()
		parallel(b, name, func() error {
			_, err := Verify(signed, roots, time.Now())
			return err
		})
	}
}

// parallel runs f on all cores and reports how often a second it was done.
func parallel(b *testing.B, name string, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	})
}
