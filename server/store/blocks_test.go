package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// What is found is what was kept last under the key, however often the chunks had their turn.
func TestBlocksAreFoundAsTheyWereKept(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, room := range []int{0, 3 * chunkSize} {
		b := newBlocks(room)
		last := map[uint64][]byte{}
		found, turns := 0, 0
		for i := range 60_000 {
			key := uint64(random.IntN(3000))
			switch random.IntN(10) {
			case 0:
				b.forget(key)
				delete(last, key)
			case 1, 2, 3, 4:
				block := bytes.Repeat([]byte(fmt.Sprint(i, " ")), random.IntN(60))
				if i%500 == 0 {
					block = make([]byte, largestBlock+random.IntN(2))
				}
				before := b.at
				b.keep(key, block)
				last[key] = block
				if len(block) > largestBlock {
					delete(last, key)
				}
				if b.at != before {
					turns++
				}
			default:
				got, ok := b.find([]byte("x"), key)
				if !ok {
					continue
				}
				found++
				if want := append([]byte("x"), last[key]...); last[key] == nil && len(got) > 1 || !bytes.Equal(got, want) {
					t.Fatalf("%d: got %.60q, want %.60q", key, got, want)
				}
			}
		}
		if found < 1000 || room > 0 && turns < 50 {
			t.Errorf("room %d: %d found, %d turns: what the test is about does not happen", room, found, turns)
		}
		if got := len(b.chunks) * chunkSize; got > max(room, chunkSize) {
			t.Errorf("%d octets in a room of %d", got, room)
		}
	}
}

// What is forgotten or replaced makes room; nothing else goes for it.
func TestBlocksThatAreOverMakeRoom(t *testing.T) {
	b := newBlocks(8 * chunkSize)
	block := make([]byte, 100)
	const lasting = 7 * chunkSize / 8 * 7 / (100 + recordHead)
	for key := range uint64(lasting) {
		b.keep(key, block)
	}
	for i := range uint64(50_000) {
		b.keep(lasting+i%3, block)
		b.forget(lasting + (i+1)%3)
	}
	for key := range uint64(lasting) {
		if _, found := b.find(nil, key); !found {
			t.Fatalf("%d of %d has gone", key, lasting)
		}
	}
	live := 0
	for _, place := range b.where {
		live += recordLength(b.chunks[place/chunkSize][place%chunkSize:])
	}
	if live != b.live {
		t.Errorf("%d octets live, counted are %d", live, b.live)
	}
}

// What is asked for again and again stays, what nobody asks for goes.
func TestBlocksThatAreUsedStay(t *testing.T) {
	b := newBlocks(4 * chunkSize)
	block := make([]byte, 100)
	for key := range uint64(20_000) {
		b.keep(key, block)
		for hot := range uint64(50) {
			b.find(nil, hot)
		}
	}
	for hot := range uint64(50) {
		if _, found := b.find(nil, hot); !found {
			t.Errorf("%d has gone", hot)
		}
	}
	if _, found := b.find(nil, 1000); found {
		t.Error("what nobody asked for is still there")
	}
}
