package store

import (
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/s2"
)

// packer compresses small texts that have much in common, as the objects of a calendar do: what one says beside the
// others is a tenth of it or less. It is safe for concurrent use.
type packer struct {
	alone  sync.Mutex // held by the goroutine that packs
	mu     sync.Mutex
	dicts  []*s2.Dict // made so far; nil at the beginning, and those too old to be used
	sample []byte     // of the texts that came since the last: what the next one is made of
	since  int        // octets that came since
	life   int        // octets until the next one is made; 0: firstDictLife
}

// The first dictionary is made soon, each later one lives longer. What was packed with one that is too old is lost.
const (
	firstDictLife = s2.MaxDictSize / 4
	lastDictLife  = 16 << 20
	dictGrowth    = 4
	dictsAlive    = 16
)

// aside runs a function that packs in a goroutine of its own, one at a time, and waits for it: the compressor wants 64 KB
// of stack, which the goroutine of each connection would keep for a while.
func (p *packer) aside(do func()) {
	p.alone.Lock()
	defer p.alone.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// pack appends the text, compressed, to dst. Call it aside.
func (p *packer) pack(dst, text []byte) []byte {
	number, dict := p.dictFor(text)
	dst = binary.AppendUvarint(dst, uint64(number))
	if dict == nil {
		return append(dst, s2.Encode(nil, text)...)
	}
	return append(dst, dict.Encode(nil, text)...)
}

// unpack returns what was packed, in dst if it is long enough; false if that cannot be had any more.
func (p *packer) unpack(dst, block []byte) (text []byte, ok bool) {
	number, size := binary.Uvarint(block)
	if size <= 0 {
		return nil, false
	}
	var err error
	if number == 0 {
		text, err = s2.Decode(dst, block[size:])
	} else if dict := p.dict(int(number)); dict != nil {
		text, err = dict.Decode(dst, block[size:])
	} else {
		return nil, false
	}
	return text, err == nil
}

// dict returns a dictionary by its number, of which the first is 1.
func (p *packer) dict(number int) *s2.Dict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number > len(p.dicts) {
		return nil
	}
	return p.dicts[number-1]
}

// dictFor returns what to compress a text against, with its number, 0 for nothing. It remembers of the text what the
// next dictionary is to have: samples from all of its life.
func (p *packer) dictFor(text []byte) (number int, _ *s2.Dict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == 0 {
		p.life = firstDictLife
	}
	if p.since >= p.life {
		if len(p.dicts) >= dictsAlive {
			p.dicts[len(p.dicts)-dictsAlive] = nil
		}
		p.dicts = append(p.dicts, s2.MakeDict(p.sample, nil))
		p.sample, p.since, p.life = nil, 0, min(p.life*dictGrowth, lastDictLife)
	}
	if len(p.sample)*(p.life/s2.MaxDictSize) <= p.since {
		p.sample = append(p.sample, text[:min(len(text), firstDictLife)]...)
	}
	p.since += len(text)
	if n := len(p.dicts); n > 0 && p.dicts[n-1] != nil {
		return n, p.dicts[n-1]
	}
	return 0, nil
}
