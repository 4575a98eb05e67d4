// Command calport turns the people of a directory into signed calendar profiles, and hosts the CalDAV server that the
// profiles point at. This package assembles the others and holds the command line; nobody imports it.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// lazyGC is the garbage collector's target, in per cent: what lives is small, some 15 MB, and collecting twice as
// seldom saves a tenth of the time that listings and exports take. GOGC overrides it.
const lazyGC = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(lazyGC)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr, os.Getenv}))
}
