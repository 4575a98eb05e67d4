package store

import (
	"bytes"
	"encoding/binary"
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
	var all [][]byte
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
		texts, all = append(texts, text), append(all, p.pack(nil, text))
	}
	for i, want := range texts {
		if got, ok := p.unpack(nil, all[i]); !ok || !bytes.Equal(got, want) {
			t.Fatalf("%d: got %.100q, %v, want %.100q", i, got, ok, want)
		}
	}
	if len(p.dicts) < 4 {
		t.Errorf("%d dictionaries: what the test is about does not happen", len(p.dicts))
	}
	for _, block := range [][]byte{nil, {99, 1, 2, 3}, {1}} {
		if got, ok := p.unpack(nil, block); ok {
			t.Errorf("of %v: got %q", block, got)
		}
	}
}

// Texts of one kind take a small part of their length.
func TestPackedTextIsSmall(t *testing.T) {
	var p packer
	long, short := 0, 0
	for i := range 20_000 {
		text := textNo(i)
		long, short = long+len(text), short+len(p.pack(nil, text))
	}
	if short*8 > long {
		t.Errorf("%d octets packed in %d", long, short)
	}
}

// BenchmarkPack is what it costs to pack an object of 1 KB, and to unpack it.
func BenchmarkPack(b *testing.B) {
	texts := make([][]byte, 10_000)
	for i := range texts {
		texts[i] = textNo(i)
	}
	b.Run("pack", func(b *testing.B) {
		var p packer
		b.ReportAllocs()
		for i := range b.N {
			p.pack(nil, texts[i%len(texts)])
		}
	})
	b.Run("unpack", func(b *testing.B) {
		var p packer
		all := make([][]byte, len(texts))
		for i := range all {
			all[i] = p.pack(nil, texts[i])
		}
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			if _, ok := p.unpack(nil, all[i*7919%len(all)]); !ok {
				b.Fatal("cannot be unpacked")
			}
		}
	})
}

// A dictionary lives as long as something may be kept that needs it; what needs an older one is not taken for anything
// else.
func TestOldDictionariesAreGivenUp(t *testing.T) {
	var p packer
	first := textNo(0)
	for i := range 40 {
		p.pack(nil, textNo(i))
	}
	old := p.pack(nil, first)
	if number, _ := binary.Uvarint(old); number == 0 {
		t.Fatal("it has no dictionary")
	}
	for i := 0; len(p.dicts) < 3+dictsAlive; i++ {
		p.life = min(p.life, firstDictLife) // sooner than in use
		p.pack(nil, textNo(i))
	}
	alive := 0
	for _, d := range p.dicts {
		if d != nil {
			alive++
		}
	}
	if got, ok := p.unpack(nil, old); ok || alive != dictsAlive {
		t.Errorf("got %q, %v, with %d dictionaries alive", got, ok, alive)
	}
}
