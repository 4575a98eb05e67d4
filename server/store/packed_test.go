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

// What is found is what was kept, whichever dictionary it was compressed against.
func TestPackedDataIsTheSame(t *testing.T) {
	p := newPacked(64 << 20)
	random := rand.NewChaCha8([32]byte{1})
	var all [][]byte
	for i := range 5000 {
		data := textNo(i)
		switch {
		case i%100 == 7: // nothing like the others
			data = make([]byte, i)
			if _, err := random.Read(data); err != nil {
				t.Fatal(err)
			}
		case i%1000 == 8:
			data = bytes.Repeat(data, 40)
		case i < 3:
			data = []byte("abc")[:i]
		}
		all = append(all, data)
		p.keep(hashData(data), data)
	}
	dicts := map[any]bool{}
	for i, want := range all {
		key, _ := keyOfETag(hashData(want))
		dicts[p.items.find(key).dict] = true
		if got := p.find(hashData(want)); !bytes.Equal(got, want) {
			t.Fatalf("%d: got %.100q, want %.100q", i, got, want)
		}
	}
	if len(dicts) < 4 {
		t.Errorf("%d dictionaries: what the test is about does not happen", len(dicts))
	}
	for _, etag := range []string{"", "abc", hashData([]byte("never kept")), hashData(nil)[1:] + "x"} {
		if got := p.find(etag); got != nil {
			t.Errorf("%q: got %q", etag, got)
		}
	}
}

// Objects of one kind take a small part of their length, and what is kept stays within the room.
func TestPackedDataTakesLittleRoom(t *testing.T) {
	const n, room = 20_000, 2 << 20
	p := newPacked(room)
	for i := range n {
		data := textNo(i)
		p.keep(hashData(data), data)
	}
	last := textNo(n - 1)
	kept := len(p.items.byKey)
	if p.items.taken > room || kept*len(last) < 4*room {
		t.Errorf("%d of %d objects of %d octets are kept in %d of %d octets", kept, n, len(last), p.items.taken, room)
	}
	if got := p.find(hashData(last)); !bytes.Equal(got, last) {
		t.Errorf("the last one: got %q", got)
	}
}

// BenchmarkPacked is what it costs to keep an object and to find it again.
func BenchmarkPacked(b *testing.B) {
	p := newPacked(8 << 20)
	all := make([][]byte, 10_000)
	etags := make([]string, len(all))
	for i := range all {
		all[i] = textNo(i)
		etags[i] = hashData(all[i])
		p.keep(etags[i], all[i])
	}
	b.Run("keep", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			p.keep(etags[i%len(all)], all[i%len(all)])
		}
	})
	b.Run("find", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if p.find(etags[i*7919%len(all)]) == nil {
				b.Fatal("not kept")
			}
		}
	})
}
