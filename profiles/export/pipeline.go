package export

import (
	"context"
	"sync"

	"calport/directory"
)

// chunkSize is how many people are worked on together: their files are synchronised in one go.
const chunkSize = 64

// item is one person, or one row of the old manifest, on its way through the pipeline.
type item struct {
	person  *directory.Principal // nil: only the old manifest knows it
	old     *Entry               // nil: the old manifest does not know it
	clash   bool                 // another person's file has the same name
	entry   *Entry               // the new row; nil: none
	outcome outcome
	pruned  int // files deleted

	stale map[string]*File // files of declarations that there are no more, by path
}

// chunk is some items; done is closed when they have been worked on.
type chunk struct {
	items []*item
	err   error // what keeps the run from going on
	done  chan struct{}
}

// all works on chunks in parallel and writes the manifest in order.
func (x *run) all(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work := make(chan *chunk, x.Jobs)
	order := make(chan *chunk, 2*x.Jobs)
	var readErr error
	var group sync.WaitGroup
	group.Go(func() {
		defer close(work)
		defer close(order)
		readErr = x.join(func(items []*item) {
			c := &chunk{items: items, done: make(chan struct{})}
			work <- c
			order <- c
		})
	})
	for worker := range x.Jobs {
		group.Go(func() {
			stage := newStage(x.root, worker)
			for c := range work {
				c.err = x.work(ctx, c.items, stage)
				close(c.done)
			}
		})
	}
	err := x.collect(order, cancel)
	group.Wait()
	return x.finish(readErr, err)
}

// join walks the people and the old manifest, which are in the same order, side by side.
func (x *run) join(emit func([]*item)) error {
	items := make([]*item, 0, chunkSize)
	add := func(i *item) {
		if items = append(items, i); len(items) == chunkSize {
			emit(items)
			items = make([]*item, 0, chunkSize)
		}
	}
	old := x.prior.next()
	last := ""
	for _, p := range x.people {
		for ; old != nil && compareKeys(old.Name, old.GUID, p.ShortName, p.GUID) < 0; old = x.prior.next() {
			add(&item{old: old})
		}
		if x.prior.err != nil {
			return x.prior.err
		}
		name := x.name(p)
		i := &item{person: p, clash: name == last}
		if last = name; old != nil && old.Name == p.ShortName && old.GUID == p.GUID {
			i.old, old = old, x.prior.next()
		}
		add(i)
	}
	for ; old != nil; old = x.prior.next() {
		add(&item{old: old})
	}
	emit(items)
	return x.prior.err
}

// collect takes the chunks in order. After an error it goes on, so that the manifest still tells what has been done.
func (x *run) collect(order <-chan *chunk, cancel func()) (first error) {
	fail := func(err error) {
		if err != nil && first == nil {
			first = err
			cancel()
		}
	}
	for c := range order {
		<-c.done
		fail(c.err)
		for _, i := range c.items {
			x.summary.add(i)
			if i.entry != nil && x.out != nil {
				fail(x.out.add(i.entry))
			}
			if i.person != nil && i.entry != nil && x.index != nil {
				fail(x.index.add(x.name(i.person), i.entry))
			}
		}
		if x.out != nil {
			fail(x.out.flush())
		}
		x.meter.Show(x.summary, false)
	}
	return first
}

// finish puts the new manifest into its place, unless the old one could not be read to its end.
func (x *run) finish(readErr, err error) error {
	x.meter.Show(x.summary, true)
	if x.out == nil {
		return firstOf(readErr, err)
	}
	if readErr != nil {
		x.out.abandon()
		if x.index != nil {
			x.index.abandon()
		}
		return firstOf(readErr, err)
	}
	if x.index != nil {
		err = firstOf(err, x.index.finish())
	}
	return firstOf(err, x.out.commit())
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
