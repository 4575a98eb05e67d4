package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"sync/atomic"
	"testing"
	"time"
)

// Read as ratios of one run: encode must reach 30% (ECDSA) and 85% (RSA) of the rate of the bare signatures on all cores.
// sign is encode with the check before leaving, which costs about a bare verification.
//
//	go test -run '^$' -bench 'SignECDSA|SignRSA' ./signing
func BenchmarkSignECDSA(b *testing.B) {
	key := ecdsaAuthority().Signer().key.(*ecdsa.PrivateKey)
	digest := sha256.Sum256(profile)
	bare := func() error {
		_, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		return err
	}
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	parallel(b, "bare-verify", func() error { return truth(ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature)) })
	benchmarkSign(b, ecdsaAuthority().Signer(), bare)
}

func BenchmarkSignRSA(b *testing.B) {
	key := rsaAuthority().Signer().key.(*rsa.PrivateKey)
	digest := sha256.Sum256(profile)
	bare := func() error {
		_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		return err
	}
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	parallel(b, "bare-verify", func() error { return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature) })
	benchmarkSign(b, rsaAuthority().Signer(), bare)
}

func truth(ok bool) error {
	if !ok {
		return ErrUnsound
	}
	return nil
}

func benchmarkSign(b *testing.B, id *Identity, bare func() error) {
	signed := mustSign(b, id, profile)
	encode := func() error {
		_, err := id.encode(profile)
		return err
	}
	sign := func() error {
		_, err := id.Sign(profile)
		return err
	}
	parallel(b, "bare", bare)
	parallel(b, "encode", encode)
	parallel(b, "check", func() error { return id.check(signed, profile) })
	parallel(b, "sign", sign)
	ratios(b, bare, encode, sign)
}

// ratios does all three in turn on all cores, so that whatever else the machine does slows them alike.
func ratios(b *testing.B, steps ...func() error) {
	b.Run("ratio", func(b *testing.B) {
		spent := make([]atomic.Int64, len(steps))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				for i, step := range steps {
					start := time.Now()
					if err := step(); err != nil {
						b.Error(err)
						return
					}
					spent[i].Add(int64(time.Since(start)))
				}
			}
		})
		percent := func(i int) float64 { return 100 * float64(spent[0].Load()) / float64(spent[i].Load()) }
		b.ReportMetric(percent(1), "encode-%-of-bare")
		b.ReportMetric(percent(2), "sign-%-of-bare")
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
