package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// textNo is an event of about 1 KB that has a few octets of its own.
func textNo(i int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:%d-%08x\r\n", i, i*2654435761)
	for line := range 12 {
		fmt.Fprintf(&b, "X-LINE-%d:what all of them say in the same words\\, line %d of the whole text\r\n", line, line*line)
	}
	fmt.Fprintf(&b, "DTSTART:2026%02d%02dT100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", i%12+1, i%28+1)
	return b.Bytes()
}

// What is unpacked is what was packed, whichever dictionary it was compressed against.
func TestPackedTextIsTheSame(t *testing.T) {
	var p packer
	random := rand.NewChaCha8([32]byte{1})
	var texts [][]byte
	var all []packed
	dicts := map[any]bool{}
	for i := range 5000 {
		text := textNo(i)
		switch {
		case i%100 == 7: // nothing like the others
			text = make([]byte, i)
			if _, err := random.Read(text); err != nil {
				t.Fatal(err)
			}
		case i%1000 == 8:
			text = bytes.Repeat(text, 200)
		case i < 3:
			text = []byte("abc")[:i]
		}
		texts, all = append(texts, text), append(all, p.pack(text))
		dicts[all[i].dict] = true
	}
	for i, want := range texts {
		if got, ok := all[i].unpack(); !ok || !bytes.Equal(got, want) {
			t.Fatalf("%d: got %.100q, %v, want %.100q", i, got, ok, want)
		}
	}
	if len(dicts) < 4 {
		t.Errorf("%d dictionaries: what the test is about does not happen", len(dicts))
	}
	if got, ok := (packed{}).unpack(); ok {
		t.Errorf("of nothing: got %q", got)
	}
}

// Texts of one kind take a small part of their length.
func TestPackedTextIsSmall(t *testing.T) {
	var p packer
	long, short := 0, 0
	for i := range 20_000 {
		text := textNo(i)
		long, short = long+len(text), short+cap(p.pack(text).block)
	}
	if short*8 > long {
		t.Errorf("%d octets packed in %d", long, short)
	}
}

// BenchmarkPack is what it costs to pack an object, and to unpack it.
func BenchmarkPack(b *testing.B) {
	var p packer
	texts := make([][]byte, 10_000)
	all := make([]packed, len(texts))
	for i := range all {
		texts[i] = textNo(i)
		all[i] = p.pack(texts[i])
	}
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			p.pack(texts[i%len(texts)])
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, ok := all[i*7919%len(all)].unpack(); !ok {
				b.Fatal("cannot be unpacked")
			}
		}
	})
}
