package store

import (
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// packer compresses small texts that have much in common, as the objects of a calendar do: what one says beside the
// others is a tenth of it or less. It is safe for concurrent use.
type packer struct {
	mu     sync.Mutex
	dict   *s2.Dict // what texts are compressed against; nil at the beginning
	sample []byte   // of the texts that came since dict was made: what the next one is made of
	since  int      // octets that came since
	life   int      // octets until the next one is made; 0: firstDictLife
}

// packed is a compressed text.
type packed struct {
	block []byte
	dict  *s2.Dict // nil: compressed against nothing
}

// The first dictionary is made soon, each later one lives longer. Few are alive at once: those of what is kept.
const (
	firstDictLife = s2.MaxDictSize / 4
	lastDictLife  = 16 << 20
	dictGrowth    = 4
)

func (p *packer) pack(text []byte) packed {
	d := p.dictFor(text)
	var block []byte
	if d == nil {
		block = s2.Encode(nil, text)
	} else {
		block = d.Encode(nil, text)
	}
	return packed{slices.Clone(block), d} // without the room that the encoder wanted
}

// unpack returns the text for the caller alone, false if there is none.
func (p packed) unpack() (text []byte, ok bool) {
	var err error
	switch {
	case p.block == nil:
		return nil, false
	case p.dict == nil:
		text, err = s2.Decode(nil, p.block)
	default:
		text, err = p.dict.Decode(nil, p.block)
	}
	return text, err == nil
}

// dictFor returns what to compress a text against, and remembers of the text what the next dictionary is to have:
// samples from all of its life.
func (p *packer) dictFor(text []byte) *s2.Dict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == 0 {
		p.life = firstDictLife
	}
	if p.since >= p.life {
		p.dict = s2.MakeDict(p.sample, nil)
		p.sample, p.since, p.life = nil, 0, min(p.life*dictGrowth, lastDictLife)
	}
	if len(p.sample)*(p.life/s2.MaxDictSize) <= p.since {
		p.sample = append(p.sample, text[:min(len(text), firstDictLife)]...)
	}
	p.since += len(text)
	return p.dict
}
