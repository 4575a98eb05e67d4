package directorytest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Wire stands in front of a server and passes everything on, unless it is cut.
type Wire struct {
	Address string // 127.0.0.1:port

	server string
	mu     sync.Mutex
	down   bool
	conns  map[net.Conn]struct{}
}

// NewWire makes a Wire to a server at an address; it ends with the test.
func NewWire(t testing.TB, server string) *Wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{Address: l.Addr().String(), server: server, conns: make(map[net.Conn]struct{})}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			front, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { w.join(front) })
		}
	})
	t.Cleanup(func() { l.Close(); w.Cut(); wg.Wait() })
	return w
}

// Cut ends all connections and, until Mend, every new one.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for c := range w.conns {
		c.Close()
	}
}

// Mend lets new connections through again.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

// keep takes a connection up until the answer is called; false if the wire is cut.
func (w *Wire) keep(c net.Conn) (release func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return nil, false
	}
	w.conns[c] = struct{}{}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.conns, c)
	}, true
}

func (w *Wire) join(front net.Conn) {
	defer front.Close()
	back, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer back.Close()
	for _, c := range [...]net.Conn{front, back} {
		release, ok := w.keep(c)
		if !ok {
			return
		}
		defer release()
	}
	var wg sync.WaitGroup
	wg.Go(func() { io.Copy(back, front); back.Close() })
	wg.Go(func() { io.Copy(front, back); front.Close() })
	wg.Wait()
}
