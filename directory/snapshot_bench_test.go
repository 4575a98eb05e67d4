package directory_test

import (
	"runtime"
	"testing"

	"calport/directory"
)

// heap is the memory in use, in bytes.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkMemoryPerPerson measures what a snapshot of 100,000 people in 5,000 groups holds, with all its indexes and
// the search index, made as Live makes it.
func BenchmarkMemoryPerPerson(b *testing.B) {
	data := directory.EncodeSnapshot(directory.NewSnapshot(people(100_000), taken))
	for b.Loop() {
		before := heap()
		s, err := directory.DecodeSnapshot(data)
		if err != nil {
			b.Fatal(err)
		}
		s.Search(directory.Query{Text: "x"})
		b.ReportMetric((heap()-before)/float64(s.Count(directory.Individual)), "B/person")
		b.ReportMetric(float64(len(data))/float64(s.Count(directory.Individual)), "copyB/person")
		runtime.KeepAlive(s)
	}
}

func BenchmarkDecodeSnapshot(b *testing.B) {
	for name, n := range map[string]int{"10k": 10_000, "100k": 100_000} {
		data := directory.EncodeSnapshot(directory.NewSnapshot(people(n), taken))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := directory.DecodeSnapshot(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNewSnapshot100k(b *testing.B) {
	all := people(100_000)
	for b.Loop() {
		directory.NewSnapshot(all, taken)
	}
}

func BenchmarkLookups(b *testing.B) {
	s := directory.NewSnapshot(people(10_000), taken)
	p := s.ByName(directory.Group, "group7")
	member := p.Members[3]
	for name, lookup := range map[string]func(){
		"ByGUID":    func() { s.ByGUID(member) },
		"ByLogin":   func() { s.ByLogin("User77@example.com") },
		"ByAddress": func() { s.ByAddress("mailto:user77@example.com") },
		"IsMember":  func() { s.IsMember(member, p.GUID) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lookup()
			}
		})
	}
}
