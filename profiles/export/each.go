package export

import (
	"context"
	"iter"
	"runtime"
	"sync"

	"calport/directory"
	"calport/profiles"
)

// Rendered is what became of one person.
type Rendered struct {
	Person  *directory.Principal
	Profile *profiles.Profile // nil when Err is set
	Signed  []byte            // nil unless asked for; must not be changed
	Err     error             // what concerns this person alone
}

// batch is some people; done is closed when they have been rendered.
type batch struct {
	list []Rendered
	err  error // what concerns all
	done chan struct{}
}

// Each renders people, several at a time, and yields them in their order; some hundreds at most are held at once. It ends
// early with yield's error, the context's, or one that concerns all.
func (r *Renderer) Each(ctx context.Context, people iter.Seq[*directory.Principal], platform profiles.Platform, signed bool, yield func(Rendered) error) error {
	if signed && r.Signer == nil {
		return errNoSigner
	}
	ctx, cancel := context.WithCancel(ctx)
	jobs := runtime.GOMAXPROCS(0)
	work, order := make(chan *batch, jobs), make(chan *batch, 2*jobs)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() {
		defer close(work)
		defer close(order)
		emit := func(list []Rendered) bool {
			b := &batch{list: list, done: make(chan struct{})}
			for _, to := range []chan<- *batch{work, order} {
				select {
				case to <- b:
				case <-ctx.Done():
					return false
				}
			}
			return true
		}
		list := make([]Rendered, 0, chunkSize)
		for p := range people {
			if list = append(list, Rendered{Person: p}); len(list) == chunkSize {
				if !emit(list) {
					return
				}
				list = make([]Rendered, 0, chunkSize)
			}
		}
		emit(list)
	})
	for range jobs {
		group.Go(func() {
			for b := range work {
				if b.err = ctx.Err(); b.err == nil {
					b.err = r.batch(ctx, b.list, platform, signed)
				}
				close(b.done)
			}
		})
	}
	for b := range order {
		<-b.done
		if b.err != nil {
			return b.err
		}
		for _, one := range b.list {
			if err := yield(one); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// batch renders some people. What is not on the shelf is signed, then kept at one go.
func (r *Renderer) batch(ctx context.Context, list []Rendered, platform profiles.Platform, signed bool) error {
	for i := range list {
		one := &list[i]
		one.Profile, one.Err = r.Generator.Calendar(r.Directory, one.Person, platform)
	}
	if !signed {
		return nil
	}
	shelf := r.Shelf
	if shelf == nil {
		shelf = noShelf{}
	}
	var keys []string
	for _, one := range list {
		if one.Err == nil {
			keys = append(keys, shelfKey(one.Profile))
		}
	}
	found, err := shelf.Find(ctx, keys)
	if err != nil {
		return err
	}
	var fresh []Kept
	var whose []*Rendered
	for i := range list {
		one := &list[i]
		if one.Err != nil {
			continue
		}
		key, content := shelfKey(one.Profile), one.Profile.SHA256()
		if kept := found[key]; kept.Of(content, r.Signer.Fingerprint()) {
			one.Signed = kept.Bytes
			continue
		}
		bytes, err := r.Signer.Sign(one.Profile.Bytes())
		if err != nil {
			one.Err = err
			continue
		}
		fresh, whose = append(fresh, Kept{key, content, r.Signer.Fingerprint(), bytes}), append(whose, one)
	}
	if len(fresh) == 0 {
		return nil
	}
	now, err := shelf.Keep(ctx, fresh)
	for n := range now {
		whose[n].Signed = now[n].Bytes
	}
	return err
}
