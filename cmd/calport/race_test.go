//go:build race

package main

// raced says that the race detector is at work, beside which everything is several times slower.
const raced = true
