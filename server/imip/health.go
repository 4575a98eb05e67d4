package imip

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Health is how mail stands, for whoever looks after the server.
type Health struct {
	Waiting     int       // messages to send
	OldestSince time.Time // since when the oldest of them waits; zero: none does
	Problem     string    // why the last attempt of one that waits failed

	MailboxRead    time.Time // when the mailbox of answers was last looked into; zero: never
	MailboxProblem string    // why it cannot be read; empty: it can, or there is none

	Sent, GivenUp int64 // messages since the start
	Read, Aside   int64 // mails that were acted upon, and that were set aside, since the start
}

// Health looks at the queue.
func (g *Gateway) Health(ctx context.Context) (Health, error) {
	q, err := g.Store.MailQueue(ctx)
	h := Health{
		Waiting: q.Waiting, OldestSince: q.Oldest, Problem: q.Problem,
		Sent: g.counts.sent.Load(), GivenUp: g.counts.givenUp.Load(), Read: g.counts.read.Load(), Aside: g.counts.aside.Load(),
	}
	h.MailboxRead, h.MailboxProblem = g.counts.mailbox()
	return h, err
}

// counts is what happened since the start.
type counts struct {
	sent, givenUp, read, aside atomic.Int64

	mu      sync.Mutex
	looked  time.Time
	problem string
}

func (c *counts) mailbox() (time.Time, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.looked, c.problem
}

// setMailbox notes that the mailbox was looked into, or why not.
func (c *counts) setMailbox(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem = ""; err != nil {
		c.problem = err.Error()
		return
	}
	c.looked = time.Now()
}

// setRead counts a mail.
func (c *counts) setRead(aside bool) {
	if aside {
		c.aside.Add(1)
		return
	}
	c.read.Add(1)
}
