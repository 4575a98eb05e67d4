package ical

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// counted is an event whose summary says which version of it this is.
func counted(version int) []byte {
	return fmt.Appendf(nil, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260901T090000\r\n"+
		"RRULE:FREQ=DAILY\r\nSUMMARY:%d\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", version)
}

func summary(k *Kept) (s string) {
	k.Use(func(o *Object) { s = o.Master().Text("SUMMARY") })
	return s
}

func TestCacheKeepsWhatItHasRead(t *testing.T) {
	c := NewCache(1 << 20)
	if c.Find("a", nil) != nil {
		t.Error("an empty cache finds something")
	}
	first, err := c.Read("a", nil, counted(1))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Find("a", time.UTC); got != first {
		t.Errorf("found %p, want %p", got, first)
	}
	if c.Find("b", nil) != nil {
		t.Error("found what was never read")
	}
}

func TestCacheKeepsLocationsApart(t *testing.T) {
	c := NewCache(1 << 20)
	berlin, _ := LookupZone("Europe/Berlin")
	start := func(loc *time.Location) (at time.Time) {
		k, err := c.Read("a", loc, counted(1))
		if err != nil {
			t.Fatal(err)
		}
		k.Use(func(o *Object) {
			for i := range o.Instances(Range{}) {
				at = i.Start.UTC()
				return
			}
		})
		return at
	}
	for range 2 {
		if got, want := start(nil).Hour(), 9; got != want {
			t.Errorf("in UTC at %d, want %d", got, want)
		}
		if got, want := start(berlin).Hour(), 7; got != want {
			t.Errorf("in Berlin at %d, want %d", got, want)
		}
	}
}

func TestCacheForgetsTheOldestWhenItIsFull(t *testing.T) {
	data := counted(1)
	c := NewCache(3 * footprint(len(data)))
	for _, hash := range []string{"a", "b", "c", "a", "d"} {
		if _, err := c.Read(hash, nil, data); err != nil {
			t.Fatal(err)
		}
	}
	for hash, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if got := c.Find(hash, nil) != nil; got != want {
			t.Errorf("%s is kept: %v, want %v", hash, got, want)
		}
	}
	if c.taken > c.room {
		t.Errorf("%d octets in a cache of %d", c.taken, c.room)
	}
}

func TestCacheDoesNotKeepWhatIsTooLargeOrWillNotBeFound(t *testing.T) {
	c := NewCache(4096)
	large := strings.Replace(string(counted(1)), "UID:1", "UID:"+strings.Repeat("x", 4096), 1)
	if _, err := c.Read("large", nil, []byte(large)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read("zone", time.FixedZone("Somewhere", 3600), counted(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read("broken", nil, []byte("BEGIN:VEVENT")); err == nil {
		t.Error("broken data is read without an error")
	}
	if len(c.kept) != 0 || c.taken != 0 {
		t.Errorf("%d objects of %d octets are kept, want none", len(c.kept), c.taken)
	}
	var none *Cache
	if k, err := none.Read("a", nil, counted(1)); err != nil || summary(k) != "1" {
		t.Errorf("without a cache: %v", err)
	}
}

// Whatever is read and thrown out at the same time, nobody sees an object that is not the one he asks for.
func TestCacheIsNeverStaleUnderConcurrentUse(t *testing.T) {
	c := NewCache(5 * footprint(len(counted(1))))
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 500 {
				version := (i*7 + worker) % 12
				k, err := c.Read(fmt.Sprint(version), nil, counted(version))
				if err != nil {
					t.Error(err)
					return
				}
				if got, want := summary(k), fmt.Sprint(version); got != want {
					t.Errorf("got version %s, want %s", got, want)
				}
			}
		})
	}
	all.Wait()
}
