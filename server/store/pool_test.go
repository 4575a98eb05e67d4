package store

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestReadersAreBoundedAndFewAreKept(t *testing.T) {
	s := openTestSQLite(t)
	const readers = 12
	s.readers = newPool(readers, s.engine.reader)
	var inside, all sync.WaitGroup
	leave := make(chan struct{})
	inside.Add(readers)
	for range readers {
		all.Go(func() {
			s.Read(t.Context(), func(*Tx) error {
				inside.Done()
				<-leave
				return nil
			})
		})
	}
	inside.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Read(ctx, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("one reader too many: got %v, want it to wait until its context ends", err)
	}
	close(leave)
	all.Wait()
	if got := len(s.readers.idle); got != maxIdle {
		t.Errorf("%d connections kept, want %d", got, maxIdle)
	}
}

func TestWarmReaderIsUsedNext(t *testing.T) {
	s := openTestSQLite(t)
	first, err := s.readers.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.readers.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.readers.give(first)
	s.readers.give(second)
	if got, _ := s.readers.take(t.Context()); got != second {
		t.Error("got another connection than the one used last")
	} else {
		s.readers.give(got)
	}
}
