package directory

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// searchIndex narrows a search to candidates. It may name too many, never too few: Search looks at each one again.
type searchIndex struct {
	size             int
	kinds            [len(kinds)]set
	names, addresses trigramIndex
}

func newSearchIndex(all []*Principal) *searchIndex {
	x := &searchIndex{
		size: len(all),
		names: newTrigramIndex(all, func(p *Principal, field func(string)) {
			field(p.FullName)
			field(p.FirstName)
			field(p.LastName)
			field(p.ShortName)
			if p.Place != nil {
				field(p.Place.Location)
			}
		}),
		addresses: newTrigramIndex(all, func(p *Principal, field func(string)) {
			for _, mail := range p.Mails {
				field(mail)
			}
		}),
	}
	for k := range x.kinds {
		x.kinds[k] = newSet(x.size)
	}
	for i, p := range all {
		x.kinds[p.Kind][i/64] |= 1 << (i % 64)
	}
	return x
}

// candidates answers who may match.
func (x *searchIndex) candidates(f *finder) set {
	found := fullSet(x.size)
	if len(f.kinds) > 0 {
		found = newSet(x.size)
		for _, k := range f.kinds {
			found.or(x.kinds[k])
		}
	}
	for _, word := range f.words {
		found.and(x.of(word, Names|Location, Contains).or(x.of(word, Address, StartsWith)))
	}
	anyOf := newSet(x.size)
	for n, term := range f.terms {
		of := x.of(f.texts[n], term.Fields, term.Match)
		if f.any {
			anyOf.or(of)
		} else {
			found.and(of)
		}
	}
	if f.any && len(f.terms) > 0 {
		found.and(anyOf)
	}
	return found
}

// of answers who may match a folded text in one of the fields.
func (x *searchIndex) of(text []byte, fields Field, m Match) set {
	if len(text) == 0 {
		return fullSet(x.size)
	}
	found := newSet(x.size)
	if fields == 0 || fields&(Names|Location) != 0 {
		found.or(x.names.of(x.size, text, m))
	}
	if fields == 0 || fields&Address != 0 {
		found.or(x.addresses.of(x.size, text, m))
	}
	return found
}

// trigramIndex holds, for every three neighbouring characters that occur in some fields, the positions of the
// principals that have them, ascending, as differences in varints.
//
// Characters are bytes of folded text mapped to 64 classes. Class 0 is the edge of a field, so that beginnings and
// ends are found like anything else.
type trigramIndex struct {
	postings []byte
	offsets  []uint32 // of each trigram in postings, and the end
}

const (
	classes  = 64
	trigrams = classes * classes * classes
)

// class maps a byte to 1…63. Letters and digits have classes of their own, all else shares what is left.
var class = func() (table [256]byte) {
	for c := range 256 {
		switch {
		case 'a' <= c && c <= 'z':
			table[c] = byte(1 + c - 'a')
		case '0' <= c && c <= '9':
			table[c] = byte(27 + c - '0')
		default:
			table[c] = byte(37 + c%27)
		}
	}
	return table
}()

// newTrigramIndex indexes the fields that each yields. It passes twice: first to measure, then to fill.
func newTrigramIndex(all []*Principal, each func(p *Principal, field func(string))) trigramIndex {
	x := trigramIndex{offsets: make([]uint32, trigrams+1)}
	last := make([]int32, trigrams) // position + 1 of the last principal that has the trigram
	pass := func(do func(t int, step uint64)) {
		clear(last)
		var at int32
		field := func(value string) {
			eachTrigram(value, func(t int) {
				if last[t] != at {
					do(t, uint64(at-last[t]))
					last[t] = at
				}
			})
		}
		for _, p := range all {
			at++
			each(p, field)
		}
	}
	pass(func(t int, step uint64) { x.offsets[t+1] += uint32(varintLen(step)) })
	for t := range trigrams {
		x.offsets[t+1] += x.offsets[t]
	}
	x.postings = make([]byte, x.offsets[trigrams])
	next := slices.Clone(x.offsets[:trigrams])
	pass(func(t int, step uint64) { next[t] += uint32(binary.PutUvarint(x.postings[next[t]:], step)) })
	return x
}

func varintLen(v uint64) int { return max(1, (bits.Len64(v)+6)/7) }

// eachTrigram calls do for the trigrams of a field, its edges included, with repetitions.
func eachTrigram(value string, do func(t int)) {
	if value == "" {
		return
	}
	var room [128]byte
	t := 0
	for n, c := range appendFold(room[:0], value) {
		t = (t*classes + int(class[c])) % trigrams
		if n > 0 {
			do(t)
		}
	}
	for range 2 {
		t = t * classes % trigrams
		do(t)
	}
}

// of answers who may have the text, out of size principals.
func (x *trigramIndex) of(size int, text []byte, m Match) set {
	run := make([]int, 0, len(text)+2)
	if m == StartsWith || m == Equals {
		run = append(run, 0)
	}
	for _, c := range text {
		run = append(run, int(class[c]))
	}
	if m == EndsWith || m == Equals {
		run = append(run, 0)
	}
	found := newSet(size)
	if len(run) < 3 {
		x.begunBy(run, found)
		return found
	}
	var spans []span
	for i := range len(run) - 2 {
		t := (run[i]*classes+run[i+1])*classes + run[i+2]
		spans = append(spans, span{x.offsets[t], x.offsets[t+1]})
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.to-a.from) - int(b.to-b.from) })
	x.read(spans[0], found)
	for _, s := range spans[1:] {
		if found.count() < 64 {
			break // to look at these costs less than to narrow further
		}
		other := newSet(size)
		x.read(s, other)
		found.and(other)
	}
	return found
}

// begunBy reads the trigrams that begin with one or two classes: they lie side by side.
func (x *trigramIndex) begunBy(run []int, into set) {
	low, width := 0, trigrams
	for _, c := range run {
		width /= classes
		low += c * width
	}
	for t := low; t < low+width; t++ {
		x.read(span{x.offsets[t], x.offsets[t+1]}, into)
	}
}

// span is a piece of the postings.
type span struct{ from, to uint32 }

func (x *trigramIndex) read(s span, into set) {
	at := -1
	for piece := x.postings[s.from:s.to]; len(piece) > 0; {
		step, n := uint64(piece[0]), 1
		if step >= 0x80 {
			step, n = binary.Uvarint(piece)
		}
		at += int(step)
		into[at/64] |= 1 << (at % 64)
		piece = piece[n:]
	}
}

// set is a set of positions, a bit each.
type set []uint64

func newSet(size int) set { return make(set, (size+63)/64) }

func fullSet(size int) set {
	s := newSet(size)
	for i := range s {
		s[i] = ^uint64(0)
	}
	if size%64 != 0 {
		s[len(s)-1] = 1<<(size%64) - 1
	}
	return s
}

func (s set) and(o set) set {
	for i := range s {
		s[i] &= o[i]
	}
	return s
}

func (s set) or(o set) set {
	for i := range s {
		s[i] |= o[i]
	}
	return s
}

func (s set) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// each yields the positions in order until told to stop.
func (s set) each(yield func(int) bool) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(i*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}
