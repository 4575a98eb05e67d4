package store

import (
	"encoding/hex"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// packed keeps the data of objects that was read or written lately, by ETag, compressed: the objects of a calendar have so much in
// common that what one says beside the others is a tenth of it or less. It is safe for concurrent use.
type packed struct {
	items *recent[etagKey, packedData]

	mu     sync.Mutex
	dict   *s2.Dict // what data is compressed against; nil at the beginning
	sample []byte   // of the data that came since dict was made: what the next one is made of
	since  int      // octets that came since
	life   int      // octets until the next one is made
}

// etagKey is an ETag in half its length.
type etagKey [tagSize / 2]byte

type packedData struct {
	block []byte
	dict  *s2.Dict // nil: compressed against nothing
}

// The first dictionary is made soon, each later one lives longer. Few are alive at once: those of what there is room for.
const (
	firstDictLife = s2.MaxDictSize / 4
	lastDictLife  = 16 << 20
	dictGrowth    = 4
	largestPacked = s2.MaxDictSize // larger data is not kept: the dictionary is of little use to it
	packedItem    = 80 + 40        // octets of an item and its place in the map, beside the block
)

func newPacked(room int) *packed {
	return &packed{items: newRecent[etagKey, packedData](room), life: firstDictLife}
}

// keyOfETag returns false for what is no ETag of an object.
func keyOfETag(etag string) (key etagKey, ok bool) {
	if len(etag) != tagSize {
		return key, false
	}
	_, err := hex.Decode(key[:], []byte(etag))
	return key, err == nil
}

// find returns the data with that ETag, nil if it is not kept.
func (p *packed) find(etag string) []byte {
	key, ok := keyOfETag(etag)
	if !ok {
		return nil
	}
	return p.items.find(key).unpack()
}

func (d packedData) unpack() (data []byte) {
	var err error
	switch {
	case d.block == nil:
		return nil
	case d.dict == nil:
		data, err = s2.Decode(nil, d.block)
	default:
		data, err = d.dict.Decode(nil, d.block)
	}
	if err != nil {
		return nil // there is still the database
	}
	return data
}

// keep keeps the data that has that ETag.
func (p *packed) keep(etag string, data []byte) {
	key, ok := keyOfETag(etag)
	if !ok || len(data) > largestPacked {
		return
	}
	d := packedData{dict: p.dictFor(data)}
	if d.dict == nil {
		d.block = s2.Encode(nil, data)
	} else {
		d.block = d.dict.Encode(nil, data)
	}
	d.block = slices.Clone(d.block) // without the room that the encoder wanted
	p.items.keep(key, d, packedItem+cap(d.block))
}

// dictFor returns what to compress data against, and remembers of the data what the next dictionary is to have: texts
// from all of its life.
func (p *packed) dictFor(data []byte) *s2.Dict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since >= p.life {
		p.dict = s2.MakeDict(p.sample, nil)
		p.sample, p.since, p.life = nil, 0, min(p.life*dictGrowth, lastDictLife)
	}
	if len(p.sample)*(p.life/s2.MaxDictSize) <= p.since {
		p.sample = append(p.sample, data[:min(len(data), firstDictLife)]...)
	}
	p.since += len(data)
	return p.dict
}
