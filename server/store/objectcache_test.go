package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestKeptObjectIsTheSame(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 987654000, time.UTC)
	for _, o := range []Object{
		{Name: "a.ics", ETag: hashData(nil), Data: []byte{}},
		{Name: "ä/b", ETag: hashData([]byte("x")), ID: 1 << 60, Change: 7, CollectionID: 9, UID: "u", Component: "VEVENT",
			ScheduleTag: "tag", Size: 1, FirstStart: NoStart, LastEnd: NoEnd, Organizer: "mailto:ada@example.com", Recurring: true,
			Created: at, Modified: at.Add(time.Hour), Data: []byte("x")},
	} {
		c := newObjectCache(1 << 20)
		c.keep(c.now(), o.CollectionID, Whole, o)
		if got, found := c.find(o.CollectionID, o.Name); !found || !reflect.DeepEqual(got, o) {
			t.Errorf("got %+v, %v\nwant %+v", got, found, o)
		}
		if got := c.data(nil, o.CollectionID, o.Name, o.ETag); !bytes.Equal(got, o.Data) {
			t.Errorf("data %q, want %q", got, o.Data)
		}
		if got := c.data(nil, o.CollectionID, o.Name, hashData([]byte("other"))); got != nil {
			t.Errorf("of another ETag: %q", got)
		}
		if got, found := c.find(o.CollectionID+1, o.Name); found {
			t.Errorf("in another collection: %+v", got)
		}
	}
}

func TestObjectKeptWithoutFactsIsNotFound(t *testing.T) {
	c := newObjectCache(1 << 20)
	o := Object{Name: "a.ics", ETag: hashData([]byte("x")), Data: []byte("x")}
	c.keep(c.now(), 1, Data, o)
	if got, found := c.find(1, o.Name); found {
		t.Errorf("got %+v", got)
	}
	if got := c.data(nil, 1, o.Name, o.ETag); string(got) != "x" {
		t.Errorf("data %q", got)
	}
}

// What was read before the end of a commit that changes it is not kept, whenever it comes.
func TestWhatWasReadBeforeACommitIsNotKept(t *testing.T) {
	old := Object{Name: "a.ics", CollectionID: 1, ETag: hashData([]byte("old")), Data: []byte("old")}
	other := Object{Name: "b.ics", CollectionID: 1, ETag: hashData([]byte("b")), Data: []byte("b")}
	changes := []Change{{CollectionID: 1, Number: 5, Object: "a.ics"}}
	for name, try := range map[string]func(c *objectCache, epoch uint64){
		"before it": func(c *objectCache, epoch uint64) {
			c.keep(epoch, 1, Whole, old)
			c.shut(changes)
			c.open(changes, nil)
		},
		"while it goes on": func(c *objectCache, epoch uint64) {
			c.shut(changes)
			c.keep(epoch, 1, Whole, old)
			c.keep(c.now(), 1, Whole, old)
			c.keep(c.now(), 1, Whole, other)
			c.open(changes, nil)
		},
		"after it": func(c *objectCache, epoch uint64) {
			c.shut(changes)
			c.open(changes, nil)
			c.keep(epoch, 1, Whole, old)
		},
		"after one that failed": func(c *objectCache, epoch uint64) {
			c.shut(changes)
			c.open(nil, nil)
			c.keep(epoch, 1, Whole, old)
		},
	} {
		c := newObjectCache(1 << 20)
		try(c, c.now())
		if got, found := c.find(1, "a.ics"); found {
			t.Errorf("%s: got %+v", name, got)
		}
		if _, found := c.find(1, "b.ics"); found != (name == "while it goes on") {
			t.Errorf("%s: what nobody changed is there: %v", name, found)
		}
	}
}

// A commit of several writers leaves what the last of them has written.
func TestACommitKeepsTheLastThatWasWritten(t *testing.T) {
	c := newObjectCache(1 << 20)
	var tx Tx
	for n, data := range []string{"one", "two", "gone"} {
		name := "a.ics"
		if data == "gone" {
			name = "b.ics"
		}
		c.written(&tx, Object{Name: name, CollectionID: 1, ETag: hashData([]byte(data)), Change: int64(n)}, []byte(data))
	}
	changes := []Change{{CollectionID: 1, Number: 0, Object: "a.ics"}, {CollectionID: 1, Number: 1, Object: "a.ics"},
		{CollectionID: 1, Number: 2, Object: "b.ics"}, {CollectionID: 1, Number: 3, Object: "b.ics", Deleted: true}}
	c.shut(changes)
	c.open(changes, tx.written)
	if got, found := c.find(1, "a.ics"); string(got.Data) != "two" {
		t.Errorf("got %+v, %v", got, found)
	}
	if got, found := c.find(1, "b.ics"); found {
		t.Errorf("the deleted one: %+v", got)
	}
}

// What is read by path is what the tables say, after every kind of change, and whether it is kept or not.
func TestObjectsReadByPathAreWhatIsStored(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c, other := h.Collection("calendar"), h.Collection("tasks")
		random := rand.New(rand.NewPCG(3, 4))
		name := func() string { return fmt.Sprint(random.IntN(6)) }
		change := func(tx *Tx) (err error) {
			switch random.IntN(6) {
			case 0:
				err = tx.DeleteObject(c.ID, name())
			case 1:
				_, _, err = tx.MoveObject(c.ID, name(), c.ID, name())
			case 2:
				_, _, err = tx.MoveObject(c.ID, name(), other.ID, name())
			case 3:
				_, _, err = tx.MoveObject(other.ID, name(), c.ID, name())
			default:
				n := name()
				_, _, err = tx.PutObject(c.ID, event(n, n, fmt.Sprint(random.IntN(4))))
			}
			var conflict *UIDConflictError
			if errors.Is(err, ErrNotFound) || errors.As(err, &conflict) {
				return nil
			}
			return err
		}
		kept := 0
		for range 150 {
			err := s.Write(t.Context(), func(tx *Tx) error {
				for range 1 + random.IntN(3) {
					if err := change(tx); err != nil {
						return err
					}
				}
				if random.IntN(5) == 0 {
					return errLeave
				}
				return nil
			})
			if err != nil && !errors.Is(err, errLeave) {
				t.Fatal(err)
			}
			for _, in := range []*Collection{c, other} {
				for i := range 6 {
					name := fmt.Sprint(i)
					if _, found := s.objects.find(in.ID, name); found {
						kept++
					}
					want, wantErr := s.object(t.Context(), Whole, objectByName[Whole], in.ID, name)
					for range 2 {
						got, err := s.Object(t.Context(), "ada", in.Name, name, Whole)
						if !reflect.DeepEqual(got, want) || !errors.Is(err, wantErr) {
							t.Fatalf("%s/%s: got %+v, %v\nwant %+v, %v", in.Name, name, got, err, want, wantErr)
						}
					}
				}
			}
		}
		if kept < 100 {
			t.Errorf("%d were kept: what the test is about does not happen", kept)
		}
	})
}

// However many are read, few wait in memory until they are kept.
func TestObjectsAreKeptWhileOthersAreStillRead(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		var names []string
		for i := range 3 * keptAtOnce {
			o := event(fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint(i))
			put(t, s, c, o)
			names = append(names, o.Name)
			s.objects.blocks.forget(s.objects.key(c.ID, o.Name))
		}
		err := s.Read(t.Context(), func(tx *Tx) error {
			var before []Object
			for o, err := range tx.ObjectsByName(c.ID, names, Data) {
				if err != nil {
					return err
				}
				if n := len(before) - keptAtOnce; n >= 0 {
					if data := s.objects.data(nil, c.ID, before[n].Name, before[n].ETag); string(data) != before[n].Name {
						t.Fatalf("when %d have come, the data of number %d is %q in memory", len(before), n, data)
					}
				}
				before = append(before, o)
			}
			if len(before) != len(names) {
				t.Errorf("%d of %d have come", len(before), len(names))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

var errLeave = errors.New("left without a commit")

// Whoever reads sees nothing older than what was acknowledged before he asked, and never goes back, while several write.
func TestReadersByPathNeverSeeWhatIsOver(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		const names, rounds = 3, 150
		var done [names]atomic.Int64 // the last number acknowledged
		number := func(o Object) int64 {
			digits, _, _ := strings.Cut(string(o.Data), " ")
			n, err := strconv.ParseInt(digits, 10, 64)
			if err != nil {
				t.Error(err)
			}
			return n
		}
		put := func(i int, n int64) error {
			name := fmt.Sprint(i)
			return s.Write(t.Context(), func(tx *Tx) error {
				_, _, err := tx.PutObject(c.ID, event(name, name, fmt.Sprintf("%d of %s", n, name)))
				return err
			})
		}
		for i := range names {
			if err := put(i, 0); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		var writers, readers sync.WaitGroup
		for i := range names {
			writers.Go(func() {
				for n := int64(1); n <= rounds; n++ {
					if err := put(i, n); err != nil {
						t.Error(err)
						return
					}
					done[i].Store(n)
				}
			})
			for range 2 {
				readers.Go(func() {
					for last := int64(0); ctx.Err() == nil; {
						least := max(done[i].Load(), last)
						o, err := s.Object(t.Context(), "ada", "calendar", fmt.Sprint(i), Whole)
						if err != nil {
							t.Error(err)
							return
						}
						if last = number(o); last < least || o.ETag != hashData(o.Data) {
							t.Errorf("read %d after %d", last, least)
							return
						}
					}
				})
			}
		}
		writers.Wait()
		stop()
		readers.Wait()
	})
}

// BenchmarkObjectCache is what it costs to find an object of 1 KB that is kept, and its data alone.
func BenchmarkObjectCache(b *testing.B) {
	c := newObjectCache(objectsRoom)
	all := make([]Object, 10_000)
	for i := range all {
		data := textNo(i)
		all[i] = Object{Name: fmt.Sprintf("%08x.ics", i), UID: fmt.Sprintf("%d-%08x", i, i*2654435761), Component: "VEVENT",
			ETag: hashData(data), CollectionID: 1, ID: int64(i), Data: data}
		c.keep(0, 1, Whole, all[i])
	}
	b.Run("find", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, found := c.find(1, all[i*7919%len(all)].Name); !found {
				b.Fatal("not kept")
			}
		}
	})
	b.Run("data", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			o := &all[i*7919%len(all)]
			if c.data(nil, 1, o.Name, o.ETag) == nil {
				b.Fatal("not kept")
			}
		}
	})
}

// What one object costs must not depend on how many others its collection has, be it in memory or not.
func BenchmarkObjectOf(b *testing.B) {
	for _, n := range []int{1000, 50_000} {
		s := openTestSQLite(b)
		c := newHome(b, s, "ada").Collection("calendar")
		for from := 0; from < n; from += 100 {
			mustWrite(b, s, func(tx *Tx) error {
				for i := from; i < from+100; i++ {
					o := event(fmt.Sprintf("%08x.ics", i), fmt.Sprint(i), string(textNo(i)))
					if _, err := tx.AddObject(c.ID, o); err != nil {
						return err
					}
				}
				return nil
			})
		}
		for _, in := range []string{"memory", "the database"} {
			b.Run(fmt.Sprintf("%d in %s", n, in), func(b *testing.B) {
				for i := range b.N {
					name := fmt.Sprintf("%08x.ics", i*7919%n)
					if in != "memory" {
						s.objects.blocks.forget(s.objects.key(c.ID, name))
					}
					if _, err := s.Object(b.Context(), "ada", "calendar", name, Whole); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
