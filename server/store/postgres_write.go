package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// writeAttempts bounds how often a transaction is run that others were in the way of.
const writeAttempts = 10

// write runs change in a transaction of its own, and again if the server could not order it among others: then with
// no other writer beside it, since those who met once in a deadlock, over several homes, would meet again.
func (e *postgresEngine) write(ctx context.Context, change func(*Tx) error) error {
	e.closing.RLock()
	defer e.closing.RUnlock()
	if e.closed {
		return ErrClosed
	}
	alone := false
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := e.attempt(ctx, alone, change)
		alone = alone || isDeadlock(err)
		if err == nil || attempt == writeAttempts || !worthRetrying(err) {
			return err
		}
		pause(ctx, time.Duration(rand.Int64N(int64(time.Millisecond)<<attempt)))
	}
}

// worthRetrying says whether a transaction failed, wholly, for what may be over by now.
func worthRetrying(err error) bool {
	if errors.Is(err, errUnknown) || errors.Is(err, errSilent) { // who was waited for that long is not waited for again
		return false
	}
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return errors.Is(err, errLost)
	}
	switch said.Code {
	case "40001", // serialization_failure
		"40P01", // deadlock_detected, between transactions that locked homes in different order
		"23505", // unique_violation: another process made the same id at the same time
		"57P01": // admin_shutdown: another server may answer already
		return true
	}
	return false
}

// isDeadlock says whether transactions that locked homes in different order were in each other's way.
func isDeadlock(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && said.Code == "40P01" // deadlock_detected
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// attempt runs change once. When it has committed it waits for those that changed the same homes before, so that
// everybody hears of the changes to a home in their order.
func (e *postgresEngine) attempt(ctx context.Context, alone bool, change func(*Tx) error) error {
	turn := e.turns.begin()
	defer turn.end()
	tx, err := e.commit(ctx, turn, alone, change)
	if err != nil {
		return err
	}
	turn.wait()
	e.s.homes.publish(tx.homes)
	e.s.objects.open(tx.changes, tx.written)
	e.s.tell(tx.changes)
	e.news.announce(tx.changes)
	return nil
}

// commit runs change and commits it.
func (e *postgresEngine) commit(ctx context.Context, turn *turn, alone bool, change func(*Tx) error) (*Tx, error) {
	c, err := e.writers.take(ctx)
	if err != nil {
		return nil, err
	}
	defer e.writers.give(c)
	c.(*postgresConn).alone = alone
	if err := c.begin(true); err != nil {
		return nil, err
	}
	tx := e.s.newTx(c)
	tx.write = true
	tx.rowLock = " FOR UPDATE"
	tx.homes = map[string]workingHome{}
	tx.heldHome = turn.join
	committed := false
	defer func() {
		tx.end()
		if !committed {
			c.rollback()
		}
	}()
	if err := tx.run(change); err != nil {
		return nil, err
	}
	for _, w := range tx.homes {
		if err := w.flush(c); err != nil {
			return nil, err
		}
	}
	start := time.Now()
	err = c.commit()
	if took := time.Since(start); took > time.Second {
		e.s.log.Warn("store: PostgreSQL is slow", "commit", took)
	}
	committed = err == nil
	return tx, err
}

// turns knows, for each home, the last of our transactions that locked it. Since the lock is given up with the commit,
// whoever has it next may hear of its own commit first.
type turns struct {
	mu   sync.Mutex
	last map[string]*turn
}

// turn is one transaction's.
type turn struct {
	of     *turns
	owners []string
	before []*turn
	done   chan struct{}
}

func (t *turns) begin() *turn { return &turn{of: t, done: make(chan struct{})} }

// join notes that the transaction has locked a home.
func (t *turn) join(owner string) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	if t.of.last == nil {
		t.of.last = map[string]*turn{}
	}
	if before := t.of.last[owner]; before != nil && before != t {
		t.before = append(t.before, before)
	}
	t.of.last[owner] = t
	t.owners = append(t.owners, owner)
}

// wait waits for those that locked the same homes before. They have all ended already, as far as the server knows.
func (t *turn) wait() {
	for _, before := range t.before {
		<-before.done
	}
}

func (t *turn) end() {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	for _, owner := range t.owners {
		if t.of.last[owner] == t {
			delete(t.of.last, owner)
		}
	}
	close(t.done)
}
