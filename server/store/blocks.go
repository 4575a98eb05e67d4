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
}

// A record is its key, whether it was used, the length of the block, and the block.
const (
	chunkSize    = 64 << 10
	usedFlag     = 8
	lengthField  = 9
	recordHead   = 11
	largestBlock = chunkSize / 4
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
	delete(b.where, key)
}

// keep puts a block under a key, in place of what is there. One that is too large is not kept.
func (b *blocks) keep(key uint64, block []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.where, key)
	if len(block) > largestBlock {
		return
	}
	if len(b.chunks[b.at])+recordHead+len(block) > chunkSize {
		b.turn()
	}
	chunk := b.chunks[b.at]
	b.where[key] = uint32(b.at*chunkSize + len(chunk))
	chunk = binary.LittleEndian.AppendUint64(chunk, key)
	chunk = append(chunk, 0)
	chunk = binary.LittleEndian.AppendUint16(chunk, uint16(len(block)))
	b.chunks[b.at] = append(chunk, block...)
}

// turn goes on to the next chunk. Of the oldest, whose turn it is when there may be no more, it leaves what was found
// since it was written, up to half of the chunk, and forgets the rest.
func (b *blocks) turn() {
	if len(b.chunks) < b.most {
		b.at = len(b.chunks)
		b.chunks = append(b.chunks, make([]byte, 0, chunkSize))
		return
	}
	b.at = (b.at + 1) % len(b.chunks)
	old := b.chunks[b.at]
	left := old[:0] // each record moves towards the beginning, if at all
	for from := 0; from < len(old); {
		record := old[from:]
		key, length, place := binary.LittleEndian.Uint64(record), recordLength(record), uint32(b.at*chunkSize+from)
		from += length
		if now, found := b.where[key]; !found || now != place {
			continue
		}
		if record[usedFlag] == 0 || len(left)+length > chunkSize/2 {
			delete(b.where, key)
			continue
		}
		record[usedFlag] = 0
		b.where[key] = uint32(b.at*chunkSize + len(left))
		left = append(left, record[:length]...)
	}
	b.chunks[b.at] = left
}
