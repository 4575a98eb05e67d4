package store

import (
	"encoding/binary"
	"sync"
)

// blocks keeps small blocks of octets under keys, as many as there is room for. Neither they nor where they are has
// pointers, so that the collector passes over them, however many there are. It is safe for concurrent use.
type blocks struct {
	mu     sync.Mutex
	where  map[uint64]uint32 // number of the chunk and place in it
	chunks [][]byte          // of records; made as they are needed
	most   int               // how many chunks there may be
	at     int               // the one that is being filled
	live   int               // octets of records that can still be found
}

// A record is its key, whether it was used, the length of the block, and the block.
const (
	chunkSize    = 64 << 10
	usedFlag     = 8
	lengthField  = 9
	recordHead   = 11
	largestBlock = chunkSize / 4
	fewTurns     = 8 // how many chunks may have their turn for one record before something must go
)

func newBlocks(room int) *blocks {
	return &blocks{where: map[uint64]uint32{}, most: max(room/chunkSize, 1), chunks: [][]byte{make([]byte, 0, chunkSize)}}
}

// find appends the block under a key to dst.
func (b *blocks) find(dst []byte, key uint64) (_ []byte, found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	place, found := b.where[key]
	if !found {
		return dst, false
	}
	record := b.chunks[place/chunkSize][place%chunkSize:]
	record[usedFlag] = 1
	return append(dst, record[recordHead:recordLength(record)]...), true
}

func recordLength(record []byte) int {
	return recordHead + int(binary.LittleEndian.Uint16(record[lengthField:]))
}

// forget drops what is kept under a key.
func (b *blocks) forget(key uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(key)
}

// drop is called with mu held, as is turn.
func (b *blocks) drop(key uint64) {
	if place, found := b.where[key]; found {
		b.live -= recordLength(b.chunks[place/chunkSize][place%chunkSize:])
		delete(b.where, key)
	}
}

// keep puts a block under a key, in place of what is there. One that is too large is not kept.
func (b *blocks) keep(key uint64, block []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(key)
	if len(block) > largestBlock {
		return
	}
	size := recordHead + len(block)
	for turns := 1; len(b.chunks[b.at])+size > chunkSize; turns++ {
		b.turn(turns > fewTurns)
	}
	b.live += size
	chunk := b.chunks[b.at]
	b.where[key] = uint32(b.at*chunkSize + len(chunk))
	chunk = binary.LittleEndian.AppendUint64(chunk, key)
	chunk = append(chunk, 0)
	chunk = binary.LittleEndian.AppendUint16(chunk, uint16(len(block)))
	b.chunks[b.at] = append(chunk, block...)
}

// turn goes on to the next chunk. When there may be no more it is the oldest, of which only that is left which can still
// be found. When that is nearly as much as there is room for, or something must go, only what was found since its last
// turn is left, and no more than half of the chunk.
func (b *blocks) turn(mustGo bool) {
	if len(b.chunks) < b.most {
		b.at = len(b.chunks)
		b.chunks = append(b.chunks, make([]byte, 0, chunkSize))
		return
	}
	b.at = (b.at + 1) % len(b.chunks)
	crowded := mustGo || b.live > b.most*chunkSize/8*7
	old := b.chunks[b.at]
	left := old[:0] // each record moves towards the beginning, if at all
	for from := 0; from < len(old); {
		record := old[from:]
		key, length, place := binary.LittleEndian.Uint64(record), recordLength(record), uint32(b.at*chunkSize+from)
		from += length
		if now, found := b.where[key]; !found || now != place {
			continue
		}
		if crowded && (record[usedFlag] == 0 || len(left)+length > chunkSize/2) {
			b.drop(key)
			continue
		}
		record[usedFlag] = 0
		b.where[key] = uint32(b.at*chunkSize + len(left))
		left = append(left, record[:length]...)
	}
	b.chunks[b.at] = left
}
