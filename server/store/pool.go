package store

import (
	"context"
	"errors"
	"sync"
)

// maxIdle is how many connections a pool keeps when nobody needs them.
const maxIdle = 8

// pool holds connections of one kind. The one used last is used next, since its caches are warm.
type pool struct {
	open  func(context.Context) (conn, error)
	leave chan struct{} // one for each connection that may be in use

	mu     sync.Mutex
	idle   []conn
	closed bool
}

func newPool(size int, open func(context.Context) (conn, error)) *pool {
	p := &pool{open: open, leave: make(chan struct{}, size)}
	for range size {
		p.leave <- struct{}{}
	}
	return p
}

// take waits for leave and returns a connection, opening it if need be. It must be given back.
func (p *pool) take(ctx context.Context) (conn, error) {
	select {
	case <-p.leave:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := p.pop(ctx)
	if c == nil && err == nil {
		c, err = p.open(context.WithoutCancel(ctx))
	}
	if err != nil {
		p.leave <- struct{}{}
		return nil, err
	}
	return c, nil
}

// pop returns the idle connection used last of those that still live, nil if none is idle.
func (p *pool) pop(ctx context.Context) (conn, error) {
	for {
		c, err := p.last()
		if c == nil || err != nil || c.alive(ctx) {
			return c, err
		}
		c.close()
	}
}

func (p *pool) last() (conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c, nil
}

// give takes a connection back, and closes it if there are enough.
func (p *pool) give(c conn) {
	if !p.push(c) {
		c.close()
	}
	p.leave <- struct{}{}
}

func (p *pool) push(c conn) (kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == maxIdle {
		return false
	}
	p.idle = append(p.idle, c)
	return true
}

// close waits for the connections in use and closes all. Whoever comes then is told ErrClosed.
func (p *pool) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.leave) {
		<-p.leave
	}
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	p.idle = nil
	for range cap(p.leave) {
		p.leave <- struct{}{}
	}
	return errors.Join(errs...)
}
