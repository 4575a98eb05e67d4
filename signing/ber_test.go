package signing

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBERIsReencodedAsDER(t *testing.T) {
	for _, test := range []struct {
		name, in, want, odd string
		rest                int
	}{
		{"DER", "30 03 02 01 05", "30 03 02 01 05", "", 0},
		{"rest", "30 00 ff ff", "30 00", "", 2},
		{"indefinite", "30 80 02 01 05 00 00", "30 03 02 01 05", "indefinite length at byte 0", 0},
		{"indefinite, rest", "30 80 00 00 00", "30 00", "indefinite length at byte 0", 1},
		{"long length", "30 81 03 02 01 05", "30 03 02 01 05", "length not minimal at byte 0", 0},
		{"leading zero length", "30 82 00 03 02 01 05", "30 03 02 01 05", "length not minimal at byte 0", 0},
		{"split octets", "24 06 04 01 61 04 01 62", "04 02 61 62", "split octet string at byte 0", 0},
		{"nested split octets", "24 80 24 80 04 01 61 00 00 04 01 62 00 00", "04 02 61 62", "4 places, first: indefinite length at byte 0", 0},
		{"inner", "30 80 a0 80 02 01 05 00 00 00 00", "30 05 a0 03 02 01 05", "2 places, first: indefinite length at byte 0", 0},
		{"primitive with zero octets", "30 80 04 02 00 00 00 00", "30 04 04 02 00 00", "indefinite length at byte 0", 0},
	} {
		in := unhex(t, test.in)
		got, odd, rest, err := toDER(in)
		said := ""
		if odd.count > 0 {
			said = odd.String()
		}
		if err != nil || !bytes.Equal(got, unhex(t, test.want)) || said != test.odd || rest != test.rest {
			t.Errorf("%s: got %x, %q, %d, %v", test.name, got, said, rest, err)
		}
	}
}

func TestMalformedBERIsRefusedWithItsPlace(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", "", "truncated at byte 0"},
		{"one byte", "30", "truncated at byte 0"},
		{"length past the end", "30 05 02 01 05", "past the end at byte 0"},
		{"child past its parent", "30 03 02 02 05 05", "past the end at byte 2"},
		{"huge length", "30 88 ff ff ff ff ff ff ff ff", "past the end at byte 0"},
		{"length of nine octets", "30 89 00 00 00 00 00 00 00 00 00", "bad length at byte 0"},
		{"reserved length", "30 ff", "bad length at byte 0"},
		{"indefinite primitive", "04 80 00 00", "indefinite length of a primitive at byte 0"},
		{"no end of contents", "30 80 02 01 05", "truncated at byte 5"},
		{"high tag number", "3f 81 01 00", "tag number above 30 at byte 0"},
		{"segment of another type", "24 03 02 01 05", "segment of an octet string is none itself at byte 2"},
		{"deep", strings.Repeat("30 80 ", 100), "nested more than 48 deep at byte 98"},
	} {
		_, _, _, err := toDER(unhex(t, test.in))
		if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestLargeElementsAreReencoded(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 30_000)
	want := octets(content)
	got, odd, _, err := toDER(toBER(want, 4096))
	if err != nil || odd.count == 0 || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes of %d, %v", len(got), len(want), err)
	}
}

func FuzzToDER(f *testing.F) {
	f.Add(mustSign(f, ecdsaAuthority().Signer(), profile))
	f.Add(toBER(mustSign(f, ecdsaAuthority().Signer(), profile), 100))
	f.Add(unhex(f, "24 80 24 80 04 01 61 00 00 04 01 62 00 00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		der, _, _, err := toDER(in)
		if err != nil {
			return
		}
		again, odd, rest, err := toDER(der)
		if err != nil || odd.count > 0 || rest > 0 || !bytes.Equal(again, der) {
			t.Errorf("%x was re-encoded as %x, which is not DER: %v, %d, %v", in, der, odd, rest, err)
		}
	})
}
