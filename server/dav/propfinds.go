package dav

import (
	"io"
	"sync"
)

// Bounds of what [PropFinds] remembers: some megabytes at most.
const (
	maxRemembered     = 256
	maxRememberedBody = 4 << 10 // octets
)

// PropFinds reads the bodies of PROPFIND and remembers what they ask for: clients
// send the same few over and over, and to parse one costs more than to answer it.
// It is safe for concurrent use.
//
// What a body asks for depends on nothing but its octets and the table, so that
// nothing remembered is ever stale; and nobody changes a PropFind.
type PropFinds[R Resource] struct {
	table Table[R]

	mu    sync.RWMutex
	known map[string]remembered[R] // by body
}

type remembered[R Resource] struct {
	q         *PropFind
	selection Selection[R] // to be copied: each serves one request
}

// NewPropFinds remembers nothing yet. The table must not change any more.
func NewPropFinds[R Resource](table Table[R]) *PropFinds[R] {
	return &PropFinds[R]{table: table, known: map[string]remembered[R]{}}
}

// Read is ReadElement, ReadPropFind and Select in one.
func (p *PropFinds[R]) Read(r io.Reader, limits Limits, minimal bool) (*PropFind, *Selection[R], error) {
	body, err := limits.read(r)
	if err != nil {
		return nil, nil, err
	}
	p.mu.RLock()
	found, ok := p.known[string(body)]
	p.mu.RUnlock()
	if !ok {
		if found, err = p.parse(body, limits); err != nil {
			return nil, nil, err
		}
		p.remember(body, found)
	}
	selection := found.selection
	selection.minimal = minimal
	return found.q, &selection, nil
}

func (p *PropFinds[R]) parse(body []byte, limits Limits) (found remembered[R], err error) {
	root, err := limits.parse(body)
	if err != nil {
		return found, err
	}
	if found.q, err = ReadPropFind(root); err != nil {
		return found, err
	}
	found.selection = *p.table.Select(found.q, false)
	return found, nil
}

// remember forgets everything when there is no more room: what is still asked for
// is soon there again.
func (p *PropFinds[R]) remember(body []byte, found remembered[R]) {
	if len(body) > maxRememberedBody {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxRemembered {
		clear(p.known)
	}
	p.known[string(body)] = found
}
