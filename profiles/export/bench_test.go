package export

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"calport/profiles"
	"calport/signing"

	"go.mozilla.org/pkcs7"
)

// bareSigner makes a signature by the crypto packages alone.
func bareSigner(b *testing.B, key signing.KeyType) func() error {
	digest := sha256.Sum256([]byte("profile"))
	if key == signing.RSA2048 {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			b.Fatal(err)
		}
		return func() error { _, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest[:]); return err }
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return func() error { _, err := ecdsa.SignASN1(rand.Reader, k, digest[:]); return err }
}

// onAllCores does something for a while on all cores and returns how often in a second.
func onAllCores(b *testing.B, do func(n int) error) float64 {
	const span = 100 * time.Millisecond
	var done atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for n := 0; time.Since(start) < span; n++ {
				if err := do(n); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

// librarySigner wraps profiles as package signing does, by the same library in the same way, without the check of each
// signature that follows there.
func librarySigner(b *testing.B, authority *signing.Authority, key signing.KeyType) func(content []byte) error {
	leaf, err := authority.IssueTLS([]string{"signer.example"}, key, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	certs := make([]*x509.Certificate, len(leaf.Certificate))
	for i, der := range leaf.Certificate {
		if certs[i], err = x509.ParseCertificate(der); err != nil {
			b.Fatal(err)
		}
	}
	return func(content []byte) error {
		data, err := pkcs7.NewSignedData(content[:len(content):len(content)])
		if err != nil {
			return err
		}
		data.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		for _, cert := range certs[1:] {
			data.AddCertificate(cert)
		}
		if err := data.AddSigner(certs[0], leaf.PrivateKey, pkcs7.SignerInfoConfig{}); err != nil {
			return err
		}
		_, err = data.Finish()
		return err
	}
}

// BenchmarkEncodeSign measures on all cores, as a share of the rate of bare signatures on the same cores in the same
// run: rendering and signing, and the same with the check of each signature.
func BenchmarkEncodeSign(b *testing.B) {
	list := people(1000)
	dir := snapshot(list)
	for _, bench := range []struct {
		name string
		key  signing.KeyType
	}{{"RSA", signing.RSA2048}, {"ECDSA", signing.ECDSAP256}} {
		b.Run(bench.name, func(b *testing.B) {
			g := newGenerator(b, "")
			authority, signer := newSigner(b, bench.key)
			bare, library := bareSigner(b, bench.key), librarySigner(b, authority, bench.key)
			render := func(n int) []byte {
				p, err := g.Calendar(dir, list[n%len(list)], profiles.Any)
				if err != nil {
					b.Error(err)
				}
				return p.Bytes()
			}
			var theirs, signed, checked float64
			for b.Loop() { // in turn, so that other load on the machine meets all
				theirs += onAllCores(b, func(int) error { return bare() })
				signed += onAllCores(b, func(n int) error { return library(render(n)) })
				checked += onAllCores(b, func(n int) error { _, err := signer.Sign(render(n)); return err })
			}
			b.ReportMetric(100*signed/theirs, "%ofbare")
			b.ReportMetric(100*checked/theirs, "%ofbare-checked")
			b.ReportMetric(checked/float64(b.N), "profiles/s")
		})
	}
}

// BenchmarkExport10000 measures whole exports: full ones into an empty folder, and again with nothing changed.
func BenchmarkExport10000(b *testing.B) {
	const n = 10000
	list := people(n)
	for _, bench := range []struct {
		name string
		key  signing.KeyType
	}{{"ECDSA", signing.ECDSAP256}, {"RSA", signing.RSA2048}} {
		_, signer := newSigner(b, bench.key)
		b.Run(bench.name+"/full", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				o := options(b, filepath.Join(b.TempDir(), fmt.Sprint(i)), list, signer)
				if s, err := Run(b.Context(), o); err != nil || s.Written != n {
					b.Fatal(s, err)
				}
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "people/s")
		})
		b.Run(bench.name+"/unchanged", func(b *testing.B) {
			o := options(b, b.TempDir(), list, signer)
			if _, err := Run(b.Context(), o); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if s, err := Run(b.Context(), o); err != nil || s.Unchanged != n {
					b.Fatal(s, err)
				}
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "people/s")
		})
	}
}

// BenchmarkFsync measures what the disk takes for one small durable file, which bounds any export.
func BenchmarkFsync(b *testing.B) {
	dir, content := b.TempDir(), make([]byte, 5000)
	for b.Loop() {
		f, err := os.Create(filepath.Join(dir, "file"))
		if err != nil {
			b.Fatal(err)
		}
		f.Write(content)
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
