package store

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// maxBatch bounds how many writers share one commit, and so how long the first of them waits.
const maxBatch = 64

// batch is one transaction of the engine. When several writers wait, each runs in a savepoint of it and all share one
// commit, for the wait for the disk is nearly all that a small write costs. None returns before that commit.
type batch struct {
	size    int // how many transactions it holds
	homes   map[string]workingHome
	changes []Change
	done    chan struct{} // closed after the commit or its failure
	err     error         // valid then
}

// Write runs change in one transaction: all of it is on the disk when Write returns nil, none of it ever when it
// returns an error, be it change's own or the engine's. The function may be run again if the engine asks for it, so it
// must do nothing that cannot be repeated but through tx. A context that has ended keeps it from starting.
func (s *Store) Write(ctx context.Context, change func(*Tx) error) error {
	b, err := s.takeTurn(ctx, change)
	if err != nil {
		return s.fileError(err)
	}
	<-b.done
	return s.fileError(b.err)
}

// takeTurn runs one writer's change and commits the batch, unless another writer is there to go on with it.
func (s *Store) takeTurn(ctx context.Context, change func(*Tx) error) (*batch, error) {
	s.waiting.Add(1)
	s.writing.Lock()
	s.waiting.Add(-1)
	defer s.writing.Unlock()
	defer s.commitOrPass() // also when change panics
	if s.closed {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.batch == nil {
		if err := s.begin(ctx); err != nil {
			return nil, err
		}
	}
	b := s.batch
	return b, s.join(b, change)
}

// beginAttempts bounds how often a database locked by another process is asked again, each time for busy_timeout.
const beginAttempts = 3

func (s *Store) begin(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		_, err := s.writer.exec("BEGIN IMMEDIATE")
		if err == nil {
			s.batch = &batch{homes: map[string]workingHome{}, done: make(chan struct{})}
			return nil
		}
		if !isBusy(err) || attempt == beginAttempts || ctx.Err() != nil {
			return err
		}
	}
}

// join runs change as the next part of the batch. What fails is undone alone.
func (s *Store) join(b *batch, change func(*Tx) error) error {
	nested := b.size > 0
	if nested {
		if _, err := s.writer.exec("SAVEPOINT part"); err != nil {
			s.abandon(b, err)
			return err
		}
	}
	tx := s.newTx(s.writer)
	tx.write = true
	tx.homes = maps.Clone(b.homes)
	kept := false
	defer func() {
		tx.end()
		if !kept {
			s.undo(b, tx, nested)
		}
	}()
	if err := tx.result(change(tx)); err != nil {
		return err
	}
	if nested {
		if _, err := s.writer.exec("RELEASE part"); err != nil {
			tx.failed = err
			return err
		}
	}
	kept = true
	b.size++
	b.homes = tx.homes
	b.changes = append(b.changes, tx.changes...)
	return nil
}

// undo takes back one part of the batch; or all of it when the engine may have done so by itself.
func (s *Store) undo(b *batch, tx *Tx, nested bool) {
	if !nested || tx.failed != nil {
		s.abandon(b, tx.failed)
		return
	}
	for _, text := range []string{"ROLLBACK TO part", "RELEASE part"} {
		if _, err := s.writer.exec(text); err != nil {
			s.abandon(b, err)
			return
		}
	}
}

// abandon ends a batch without a commit; those who share it get cause.
func (s *Store) abandon(b *batch, cause error) {
	s.writer.exec("ROLLBACK") // fails when the engine has rolled back already
	s.batch = nil
	b.err = cause
	close(b.done)
}

// commitOrPass ends a writer's turn. Somebody counted in waiting is sure to take the next one.
func (s *Store) commitOrPass() {
	b := s.batch
	if b == nil || b.size < maxBatch && s.waiting.Load() > 0 {
		return
	}
	s.finish(b)
}

// finish commits a batch and tells of it: first the cache, so that nobody sees an older home after Write has returned,
// then the observers, then those who wait.
func (s *Store) finish(b *batch) {
	if err := s.commit(b); err != nil {
		s.log.Error("store: a commit failed", "error", err)
		s.homes.clear()
		s.abandon(b, fmt.Errorf("store: commit: %w", err))
		return
	}
	s.batch = nil
	defer close(b.done)
	s.homes.publish(b.homes)
	if len(b.changes) == 0 {
		return
	}
	for _, observe := range s.observers {
		observe(b.changes)
	}
}

// commit writes the change numbers, once for all that the batch holds, and makes everything durable.
func (s *Store) commit(b *batch) error {
	for _, w := range b.homes {
		if err := w.flush(s.writer); err != nil {
			return err
		}
	}
	start := time.Now()
	_, err := s.writer.exec("COMMIT")
	if took := time.Since(start); took > time.Second {
		s.log.Warn("store: the disk is slow", "commit", took)
	}
	return err
}
