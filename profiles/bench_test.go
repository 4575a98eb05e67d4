package profiles

import "testing"

func BenchmarkEncode(b *testing.B) {
	g := newGenerator(b, testServer(), "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Calendar(groupsOf{}, ada, Any); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	p, err := newGenerator(b, testServer(), "").Calendar(groupsOf{}, ada, Any)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if found := Verify(p.Bytes()); found != nil {
			b.Fatal(found)
		}
	}
}
