package ldap_test

import (
	"log/slog"
	"runtime"
	"strconv"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/directorytest"
	"calport/directory/ldap"

	goldap "github.com/go-ldap/ldap/v3"
)

// BenchmarkRead100k reads 100,000 people and 1,000 groups from slapd in one paged pass. peakMB is the memory in use
// at its end by the reading alone: what is read is let go at once.
func BenchmarkRead100k(b *testing.B) {
	s := directorytest.Slapd{LDIF: directorytest.Organisation{People: 100_000, Groups: 1000, Rooms: 100}.LDIF()}.Start(b)
	d := open(b, s, withRooms)
	for b.Loop() {
		n, before := 0, heapInUse()
		var last uint64
		start := time.Now()
		err := d.Read(b.Context(), func(p *directory.Principal) error {
			if n++; n == 101_000 {
				last = heapInUse()
			}
			return nil
		})
		if err != nil || n != 101_100 {
			b.Fatalf("got %d principals, %v", n, err)
		}
		b.ReportMetric(float64(n)/time.Since(start).Seconds(), "entries/s")
		b.ReportMetric((float64(last)-float64(before))/(1<<20), "peakMB")
	}
}

// BenchmarkRefresh100k is the whole way from slapd to a snapshot that is in use.
func BenchmarkRefresh100k(b *testing.B) {
	s := directorytest.Slapd{LDIF: directorytest.Organisation{People: 100_000, Groups: 1000}.LDIF()}.Start(b)
	d := open(b, s, nil)
	for b.Loop() {
		before := heapInUse()
		l := directory.NewLive(d, nil, directory.LiveOptions{})
		if err := l.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((float64(heapInUse())-float64(before))/100_000, "B/person")
		runtime.KeepAlive(l)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	s := directorytest.Slapd{LDIF: directorytest.Organisation{People: 1000, Groups: 10}.LDIF()}.Start(b)
	d := open(b, s, nil)
	for b.Loop() {
		if _, err := d.Authenticate(b.Context(), "user7@example.com", "secret-user7"); err != nil {
			b.Fatal(err)
		}
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkChangeSeen is the time from a change in slapd until the snapshot of 10,000 people has it, by syncrepl.
func BenchmarkChangeSeen(b *testing.B) {
	s := syncprov(directorytest.Slapd{LDIF: directorytest.Organisation{People: 10_000, Groups: 500}.LDIF()}).Start(b)
	w := run(b, open(b, s, func(o *ldap.Options) { o.Log = slog.New(slog.DiscardHandler) }), nil).by("syncrepl")
	c := admin(b, s.URL, s.RootDN, s.RootPassword)
	for len(w.changes) > 0 {
		<-w.changes
	}
	n := 0
	for b.Loop() {
		n++
		err := modify("uid=user7"+people, func(r *goldap.ModifyRequest) { r.Replace("title", []string{strconv.Itoa(n)}) })(c)
		if err != nil {
			b.Fatal(err)
		}
		<-w.changes
	}
}
