package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"
)

// door is one address that is served.
type door struct {
	key     string // the configuration key that named it
	address string
	tls     *tls.Config // nil for plain http
	handler http.Handler
	net.Listener
}

// openDoors binds every address before any is served, so that a taken port is said at once and nothing half starts.
func openDoors(doors []*door) error {
	for i, d := range doors {
		l, err := net.Listen("tcp", d.address)
		if err != nil {
			for _, open := range doors[:i] {
				open.Close()
			}
			return listenError(d, err)
		}
		d.Listener = l
	}
	return nil
}

func listenError(d *door, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: another program listens on %s; stop it, or choose another address", d.key, d.address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: no right to listen on %s; ports below 1024 need root or CAP_NET_BIND_SERVICE", d.key, d.address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: this machine has no address %s", d.key, d.address)
	}
	return fmt.Errorf("%s: %w", d.key, err)
}

// Clients keep three to eight connections open for as long as they may.
const (
	headerTimeout = 15 * time.Second
	answerTimeout = 10 * time.Minute // an answer streams from a read transaction: a client that never reads must not hold it
	idleTimeout   = 3 * time.Minute
	drainTimeout  = 10 * time.Second
	maxHeader     = 64 << 10
)

// serveDoors serves until ctx ends, then lets running requests finish. What net/http itself says, of handshakes broken
// off by port scanners and the like, is for debugging only. Slow bodies are bounded by package server.
func serveDoors(ctx context.Context, doors []*door, log *slog.Logger) error {
	failed := make(chan error, len(doors))
	var servers []*http.Server
	for _, d := range doors {
		s := &http.Server{Handler: d.handler, TLSConfig: d.tls, ReadHeaderTimeout: headerTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
			MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
		servers = append(servers, s)
		go func() {
			if d.tls != nil {
				failed <- s.ServeTLS(d.Listener, "", "")
			} else {
				failed <- s.Serve(d.Listener)
			}
		}()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	for _, s := range slices.Backward(servers) {
		if s.Shutdown(drain) != nil {
			s.Close()
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
