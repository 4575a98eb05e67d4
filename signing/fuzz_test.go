package signing

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// FuzzVerify (use -fuzzminimizetime 5x: signatures make coverage flicker, and minimising eats the time): no panic; what passes has the signed content; the same bytes get the same answer.
func FuzzVerify(f *testing.F) {
	a := ecdsaAuthority()
	good := mustSign(f, a.Signer(), profile)
	roots, now := a.Pool(), time.Now()
	f.Add(good)
	f.Add(toBER(good, 100))
	f.Add(good[:len(good)/2])
	f.Add(append(bytes.Clone(good), 0))
	f.Add(profile)
	b := newBuilder(a)
	b.edit = func([][]byte) [][]byte { return nil }
	f.Add(b.signedData(f, profile).encode(f))
	f.Fuzz(func(t *testing.T, signed []byte) {
		v, err := Verify(signed, roots, now)
		if err != nil {
			if !errors.Is(err, ErrNotCMS) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v", err)
			}
			return
		}
		if v.OK() && !(v.SignatureValid && v.Chain != nil && bytes.Equal(v.Content, profile)) {
			t.Errorf("%x passes", signed)
		}
	})
}
