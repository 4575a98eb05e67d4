// Command calport turns the people of a directory into signed calendar profiles, and hosts the CalDAV server that the
// profiles point at. This package assembles the others and holds the command line; nobody imports it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	beLazy()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr, os.Getenv}))
}
