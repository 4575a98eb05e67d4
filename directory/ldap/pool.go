package ldap

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"calport/directory"
)

// maxIdle is how long an unused connection is kept: shorter than the patience of servers and firewalls.
const maxIdle = time.Minute

// pool lends connections: at most as many at a time as it has tokens, idle ones first.
type pool struct {
	open   func(context.Context) (*conn, error)
	tokens chan struct{}
	idle   chan *conn
	closed atomic.Bool
}

func newPool(size int, open func(context.Context) (*conn, error)) *pool {
	return &pool{open: open, tokens: make(chan struct{}, size), idle: make(chan *conn, size)}
}

// with lends a connection to an operation. If the connection turns out dead, the operation is done again on another
// one, idle, new, or to another server; whatever the operation does must bear that.
func (p *pool) with(ctx context.Context, operation func(*conn) error) error {
	select {
	case p.tokens <- struct{}{}:
		defer func() { <-p.tokens }()
	case <-ctx.Done():
		return fmt.Errorf("%w: all %d connections are busy: %w; raise connections", directory.ErrUnavailable, cap(p.tokens), ctx.Err())
	}
	for {
		c, reused := p.unused(), true
		if c == nil {
			var err error
			if c, err = p.open(ctx); err != nil {
				return err
			}
			reused = false
		}
		err := operation(c)
		if p.giveBack(c) || ctx.Err() != nil {
			return err
		}
		if !reused || timedOut(c.dead) {
			c.server.note(err, time.Now()) // so that the next open goes to another server, or fails at once
		}
	}
}

// unused answers an idle connection, nil if there is none.
func (p *pool) unused() *conn {
	for {
		select {
		case c := <-p.idle:
			if !c.IsClosing() && time.Since(c.idle) < maxIdle {
				return c
			}
			c.Close()
		default:
			return nil
		}
	}
}

// giveBack keeps a connection that still works, and reports whether it does.
func (p *pool) giveBack(c *conn) bool {
	if c.dead != nil {
		c.Close()
		return false
	}
	c.idle = time.Now()
	select {
	case p.idle <- c:
	default:
		c.Close()
	}
	if p.closed.Load() {
		p.drain()
	}
	return true
}

// close closes the idle connections, and from now on each as it is given back.
func (p *pool) close() {
	p.closed.Store(true)
	p.drain()
}

func (p *pool) drain() {
	for {
		select {
		case c := <-p.idle:
			c.Close()
		default:
			return
		}
	}
}
