package imip

import (
	"context"
	"time"
)

// Health is how mail stands, for whoever looks after the server.
type Health struct {
	Waiting     int       // messages to send
	OldestSince time.Time // since when the oldest of them waits; zero: none does
	Problem     string    // why the last attempt of one that waits failed
	Sent        int64     // since the start, as the others
	GivenUp     int64
}

// Health looks at the queue.
func (g *Gateway) Health(ctx context.Context) (Health, error) {
	q, err := g.Store.MailQueue(ctx)
	return Health{
		Waiting: q.Waiting, OldestSince: q.Oldest, Problem: q.Problem,
		Sent: g.counts.sent.Load(), GivenUp: g.counts.givenUp.Load(),
	}, err
}
