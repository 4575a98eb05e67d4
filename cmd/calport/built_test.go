package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// compiled is calport as it is shipped, compiled once for all tests of this process.
var compiled struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	status := m.Run()
	os.RemoveAll(compiled.dir)
	os.Exit(status)
}

// built is the path of the program.
func built(t testing.TB) string {
	t.Helper()
	compiled.once.Do(func() {
		if compiled.dir, compiled.err = os.MkdirTemp("", "calport-built-"); compiled.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", compiled.dir, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			compiled.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if compiled.err != nil {
		t.Fatal(compiled.err)
	}
	return filepath.Join(compiled.dir, "calport")
}

// process is the built program in a process of its own, which can be killed.
type process struct {
	*instance
	cmd   *exec.Cmd
	ended chan struct{}
}

// spawn runs the built `calport serve` until the test ends or it is stopped or killed.
func (s *site) spawn(t testing.TB) *process {
	t.Helper()
	p := &process{instance: &instance{dir: s.dir, out: &buffer{}, log: &buffer{}}, ended: make(chan struct{})}
	p.cmd = exec.Command(built(t), "serve", "--config", s.config)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	ready := p.log.await("msg=listening")
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	p.stop = func() int {
		p.cmd.Process.Signal(os.Interrupt)
		<-p.ended
		return p.cmd.ProcessState.ExitCode()
	}
	t.Cleanup(func() { p.stop() })
	select {
	case <-ready:
	case <-p.ended:
		t.Fatalf("it ended: %v\n%s", p.cmd.ProcessState, p.log)
	case <-time.After(time.Minute):
		t.Fatalf("it is not ready after a minute: %s", p.log)
	}
	p.connect(t, s.https)
	return p
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// errUnlike ends a storm: an answer that is wrong, and none that failed to come because the process is dead.
var errUnlike = errors.New("wrong answer")

// client asks a process for something. It is called with 0, 1, 2 … until it returns an error: errUnlike for an answer
// that should not have come, and whatever there is to say when none comes, since the process is dead.
type client func(ctx context.Context, i int) error

// storm has clients at work at the same time, and kills the process as kill -9 does once it has answered the writers n
// times in all; those who only watch do not count. What a writer asked last may have been done or not.
func (p *process) storm(t *testing.T, n int64, writers []client, watchers ...client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var answers atomic.Int64
	var killed atomic.Bool
	work := func(ask client, answered func()) {
		for i := 0; ; i++ {
			if err := ask(ctx, i); err != nil {
				if !killed.Load() || errors.Is(err, errUnlike) {
					t.Errorf("before it was killed: %v\n%s", err, p.log)
				}
				return
			}
			answered()
		}
	}
	var all sync.WaitGroup
	for _, w := range writers {
		all.Go(func() {
			work(w, func() {
				if answers.Add(1) == n {
					killed.Store(true)
					p.cmd.Process.Kill()
				}
			})
		})
	}
	for _, w := range watchers {
		all.Go(func() { work(w, func() {}) })
	}
	all.Wait()
	if got := answers.Load(); got < n {
		t.Fatalf("the storm is over after %d of %d answers:\n%s", got, n, p.log)
	}
	<-p.ended
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("it was not killed: %v", p.cmd.ProcessState)
	}
}
