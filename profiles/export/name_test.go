package export

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"calport/directory"
)

func TestFileNames(t *testing.T) {
	const guid = "6F1AB4C0-2D5E-4F8A-9B3C-0123456789AB"
	for _, test := range []struct{ name, want string }{
		{"ada", "ada_6f1ab4c0"},
		{"zoë", "zoë_6f1ab4c0"},
		{"山田", "山田_6f1ab4c0"},
		{"a.b-c_d@e", "a.b-c_d@e_6f1ab4c0"},
		{"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd_6f1ab4c0"},
		{".hidden", "%2Ehidden_6f1ab4c0"},
		{"-rf", "%2Drf_6f1ab4c0"},
		{`a\b:c*?"<>|`, "a%5Cb%3Ac%2A%3F%22%3C%3E%7C_6f1ab4c0"},
		{"a b\n\x00", "a%20b%0A%00_6f1ab4c0"},
		{"100%", "100%25_6f1ab4c0"},
		{"\xff", "%FF_6f1ab4c0"},
		{"\u202egnp", "%E2%80%AEgnp_6f1ab4c0"},
		{"", "_6f1ab4c0"},
		{strings.Repeat("ü", 100), strings.Repeat("ü", 60) + "_6f1ab4c0-2d5e-4f8a-9b3c-0123456789ab"},
	} {
		if got := FileName(&directory.Principal{ShortName: test.name, GUID: guid}); got != test.want {
			t.Errorf("%q: %q, want %q", test.name, got, test.want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("../x", "GUID")
	f.Add("0", "0˰ן") // once cut in the middle of a character
	f.Add(strings.Repeat("%", 200), "..")
	f.Fuzz(func(t *testing.T, name, guid string) {
		if len(guid) > 36 {
			guid = guid[:36]
		}
		got := FileName(&directory.Principal{ShortName: name, GUID: guid})
		if !utf8.ValidString(got) || got != filepath.Base(got) || strings.HasPrefix(got, ".") || len(got)+len(unsignedExtension) > 255 {
			t.Errorf("%q, %q: unsafe file name %q", name, guid, got)
		}
	})
}
