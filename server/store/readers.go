package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxIdleReaders is how many connections are kept when nobody needs them.
const maxIdleReaders = 8

// readerPool holds the connections that read. The one used last is used next, since its page cache is warm.
type readerPool struct {
	db    *sql.DB
	leave chan struct{} // one for each connection that may be in use

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

func newReaderPool(db *sql.DB, size int) *readerPool {
	p := &readerPool{db: db, leave: make(chan struct{}, size)}
	for range size {
		p.leave <- struct{}{}
	}
	return p
}

// take waits for leave to read and returns a connection, opening it if need be. It must be given back.
func (p *readerPool) take(ctx context.Context) (*conn, error) {
	select {
	case <-p.leave:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := p.pop()
	if c == nil && err == nil {
		c, err = openConn(context.WithoutCancel(ctx), p.db, readerPragmas)
	}
	if err != nil {
		p.leave <- struct{}{}
		return nil, err
	}
	return c, nil
}

// pop returns the idle connection used last, nil if none is idle.
func (p *readerPool) pop() (*conn, error) {
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
func (p *readerPool) give(c *conn) {
	if !p.push(c) {
		c.close()
	}
	p.leave <- struct{}{}
}

func (p *readerPool) push(c *conn) (kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == maxIdleReaders {
		return false
	}
	p.idle = append(p.idle, c)
	return true
}

// close waits for the connections in use and closes all.
func (p *readerPool) close() error {
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
	for range cap(p.leave) {
		p.leave <- struct{}{} // whoever comes now is told ErrClosed
	}
	return errors.Join(errs...)
}
