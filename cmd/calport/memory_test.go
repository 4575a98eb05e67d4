package main

import "testing"

func TestTheCollectorsPace(t *testing.T) {
	for live, want := range map[uint64]int{0: 200, 10 << 20: 200, 28 << 20: 100, 40 << 20: 40, 50 << 20: 35, 1 << 33: 100} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d octets live: got %d per cent, want %d", live, got, want)
		}
	}
}
