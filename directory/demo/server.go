package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// What one client may take. They are wide for any honest LDAP client and narrow for anything else.
const (
	maxConnections = 512
	maxMessage     = 64 << 10 // octets of one request
	idleTimeout    = 30 * time.Minute
	writeTimeout   = 30 * time.Second
)

// Server is a running directory. It serves until Close, or until the context given to Start ends.
type Server struct {
	listener net.Listener
	tree     *tree
	stop     func() bool // takes Close away from the context

	wg     sync.WaitGroup
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// Start serves the sample organisation on a free port of the loopback interface.
func Start(ctx context.Context) (*Server, error) { return Listen(ctx, "127.0.0.1:0") }

// StartCrowd is Start with so many pupils beside the people of the organisation, for tests and benchmarks: pupil0001
// and so on, in no group.
func StartCrowd(ctx context.Context, pupils int) (*Server, error) {
	return serve(ctx, "127.0.0.1:0", append(organisation(), crowd(pupils)...))
}

// Listen is Start on a given address, such as the one that an earlier Server had.
func Listen(ctx context.Context, addr string) (*Server, error) {
	return serve(ctx, addr, organisation())
}

func serve(ctx context.Context, addr string, records []record) (*Server, error) {
	tree, err := newTree(records)
	if err != nil {
		return nil, fmt.Errorf("demo directory: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("demo directory: %w", err)
	}
	s := &Server{listener: listener, tree: tree, conns: make(map[net.Conn]struct{})}
	s.wg.Go(s.accept)
	s.stop = context.AfterFunc(ctx, func() { s.shutDown() })
	return s, nil
}

// Addr is host:port of the server.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is the address as an LDAP URL (RFC 4516).
func (s *Server) URL() string { return "ldap://" + s.Addr() }

// Close ends the server and every connection, and returns when all have ended. Closing twice is no error.
func (s *Server) Close() error {
	s.stop()
	err := s.shutDown()
	s.wg.Wait()
	return err
}

func (s *Server) shutDown() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for c := range s.conns {
		c.Close()
	}
	return s.listener.Close()
}

// SetPassword gives one person, by short name, another password, as an administrator of a real directory would.
func (s *Server) SetPassword(shortName, password string) error {
	if password == "" {
		return errors.New("demo directory: a password must not be empty")
	}
	return s.tree.setPassword(shortName, password)
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too many open files: the next connection may fare better
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if !s.admit(c) {
			c.Close()
			continue
		}
		s.wg.Go(func() {
			defer s.release(c)
			(&conn{net: c, tree: s.tree}).serve()
		})
	}
}

// admit counts a connection in, unless there are too many or the server is closed.
func (s *Server) admit(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= maxConnections {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) release(c net.Conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}
