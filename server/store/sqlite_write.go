package store

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// maxBatch bounds how many writers share one commit, and so how long the first of them waits.
const maxBatch = 64

// batch is one transaction of SQLite. When several writers wait, each runs in a savepoint of it and all share one
// commit, for the wait for the disk is nearly all that a small write costs. None returns before that commit.
type batch struct {
	size    int // how many transactions it holds
	homes   map[string]workingHome
	changes []Change
	written []writtenObject
	done    chan struct{} // closed after the commit or its failure
	err     error         // valid then
}

func (e *sqliteEngine) write(ctx context.Context, change func(*Tx) error) error {
	b, err := e.takeTurn(ctx, change)
	if err != nil {
		return err
	}
	<-b.done
	return b.err
}

// takeTurn runs one writer's change and commits the batch, unless another writer is there to go on with it.
func (e *sqliteEngine) takeTurn(ctx context.Context, change func(*Tx) error) (*batch, error) {
	e.waiting.Add(1)
	e.writing.Lock()
	e.waiting.Add(-1)
	defer e.writing.Unlock()
	defer e.commitOrPass() // also when change panics
	if e.closed {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.batch == nil {
		if err := e.begin(ctx); err != nil {
			return nil, err
		}
	}
	b := e.batch
	return b, e.join(b, change)
}

// beginAttempts bounds how often a database locked by another process is asked again, each time for busy_timeout.
const beginAttempts = 3

func (e *sqliteEngine) begin(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		err := e.writer.begin(true)
		if err == nil {
			e.batch = &batch{homes: map[string]workingHome{}, done: make(chan struct{})}
			return nil
		}
		if !isBusy(err) || attempt == beginAttempts || ctx.Err() != nil {
			return err
		}
	}
}

// join runs change as the next part of the batch. What fails is undone alone.
func (e *sqliteEngine) join(b *batch, change func(*Tx) error) error {
	nested := b.size > 0
	if nested {
		if err := e.writer.exec("SAVEPOINT part"); err != nil {
			e.abandon(b, err)
			return err
		}
	}
	tx := e.s.newTx(e.writer)
	tx.write = true
	tx.homes = maps.Clone(b.homes)
	kept := false
	defer func() {
		tx.end()
		if !kept {
			e.undo(b, tx, nested)
		}
	}()
	if err := tx.run(change); err != nil {
		return err
	}
	if nested {
		if err := e.writer.exec("RELEASE part"); err != nil {
			tx.failed = err
			return err
		}
	}
	kept = true
	b.size++
	b.homes = tx.homes
	b.changes = append(b.changes, tx.changes...)
	b.written = append(b.written, tx.written...)
	return nil
}

// undo takes back one part of the batch; or all of it when the engine may have done so by itself.
func (e *sqliteEngine) undo(b *batch, tx *Tx, nested bool) {
	if !nested || tx.failed != nil {
		e.abandon(b, tx.failed)
		return
	}
	for _, text := range []string{"ROLLBACK TO part", "RELEASE part"} {
		if err := e.writer.exec(text); err != nil {
			e.abandon(b, err)
			return
		}
	}
}

// abandon ends a batch without a commit; those who share it get cause.
func (e *sqliteEngine) abandon(b *batch, cause error) {
	e.writer.rollback() // fails when the engine has rolled back already
	e.batch = nil
	b.err = cause
	close(b.done)
}

// commitOrPass ends a writer's turn. Somebody counted in waiting is sure to take the next one.
func (e *sqliteEngine) commitOrPass() {
	b := e.batch
	if b == nil || b.size < maxBatch && e.waiting.Load() > 0 {
		return
	}
	e.finish(b)
}

// finish commits a batch and tells of it: first the caches, so that nobody sees anything older after Write has returned,
// then the observers, then those who wait.
func (e *sqliteEngine) finish(b *batch) {
	e.s.objects.shut(b.changes)
	if err := e.commit(b); err != nil {
		e.s.objects.open(nil, nil)
		e.s.log.Error("store: a commit failed", "error", err)
		e.s.homes.clear()
		e.abandon(b, fmt.Errorf("store: commit: %w", err))
		return
	}
	e.batch = nil
	defer close(b.done)
	e.s.homes.publish(b.homes)
	e.s.objects.open(b.changes, b.written)
	e.s.tell(b.changes)
}

// commit writes the change numbers, once for all that the batch holds, and makes everything durable.
func (e *sqliteEngine) commit(b *batch) error {
	for _, w := range b.homes {
		if err := w.flush(e.writer); err != nil {
			return err
		}
	}
	start := time.Now()
	err := e.writer.commit()
	if took := time.Since(start); took > time.Second {
		e.s.log.Warn("store: the disk is slow", "commit", took)
	}
	return err
}
