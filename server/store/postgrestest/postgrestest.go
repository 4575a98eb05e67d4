// Package postgrestest gives tests databases of a real PostgreSQL 15 or later, which it starts by itself: with its own
// files, reachable by a Unix socket only, and with fsync on, so that what is measured and what is killed is the truth.
// It finds deadlocks after a tenth of a second instead of one, so that tests that make them are quick.
//
// It knows nothing of calport. Where PostgreSQL is not installed its users are skipped, or fail when the environment
// has CALPORT_REQUIRE_ALL=1.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server.
type Server struct {
	bin  string // folder of its programs
	dir  string // all its files
	name *user.User

	mu   sync.Mutex
	made int
	free []string // databases of tests that have ended, emptied

	life io.Closer // the server ends when it is closed, be it by the end of this process
}

// shared is the server of all tests of a process. It ends with the process.
var shared = sync.OnceValues(func() (*Server, error) {
	s, err := create()
	if err != nil {
		return nil, err
	}
	return s, errors.Join(s.watch(), s.Start())
})

// errAbsent says that PostgreSQL is not installed.
var errAbsent = errors.New("no PostgreSQL 15 or later is installed (Debian: apt-get install postgresql)")

// Database gives the test an empty database on a server that the tests of this process share.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	s, err := shared()
	need(t, err)
	return s.Database(t)
}

// New starts a server for this test alone.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := create()
	need(t, err)
	need(t, s.watch())
	t.Cleanup(func() { s.life.Close() })
	need(t, s.Start())
	return s
}

func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("CALPORT_REQUIRE_ALL") != "1":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
}

// Database gives the test an empty database. Those of former tests are used again, for making one takes the disk long.
func (s *Server) Database(t testing.TB) (dsn string) {
	t.Helper()
	name, err := s.take()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := s.do("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
		if err == nil {
			err = s.do(name, "DROP SCHEMA public CASCADE")
		}
		if err == nil {
			err = s.do(name, "CREATE SCHEMA public")
		}
		if err == nil {
			s.give(name)
		}
	})
	return s.DSN(name)
}

func (s *Server) take() (name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 {
		name = s.free[last]
		s.free = s.free[:last]
		return name, nil
	}
	s.made++
	name = fmt.Sprintf("test%d", s.made)
	return name, s.do("postgres", "CREATE DATABASE "+name)
}

func (s *Server) give(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, name)
}

// DSN names a database of the server, as its superuser. Passwords are not asked for.
func (s *Server) DSN(database string) string {
	return "host=" + s.dir + " user=postgres dbname=" + database
}

func (s *Server) do(database, text string, args ...any) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, s.DSN(database))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, text, args...)
	return err
}

// create makes the files of a server.
func create() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		if s.name, err = unprivileged(); err != nil {
			return nil, err
		}
	}
	if s.dir, err = os.MkdirTemp("", "calport-postgres-"); err != nil {
		return nil, err
	}
	if s.name != nil {
		uid, _ := strconv.Atoi(s.name.Uid)
		gid, _ := strconv.Atoi(s.name.Gid)
		if err := os.Chown(s.dir, uid, gid); err != nil {
			return nil, err
		}
	}
	// A collation that is not that of octets, to show that nothing relies on it.
	err = s.run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
		"--locale-provider=icu", "--icu-locale=en", "--no-sync", "--no-instructions", s.data())
	if err != nil {
		os.RemoveAll(s.dir)
	}
	return s, err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// programs finds the folder of the newest PostgreSQL that there is.
func programs() (string, error) {
	best, version := "", 14
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	for _, path := range found {
		bin := filepath.Dir(path)
		if v, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))); v > version {
			best, version = bin, v
		}
	}
	if best == "" {
		return "", errAbsent
	}
	return best, nil
}

func unprivileged() (*user.User, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	return u, err
}

// Start starts the server and waits until it answers.
func (s *Server) Start() error {
	return s.run("pg_ctl", "start", "-w", "-s", "-D", s.data(), "-l", filepath.Join(s.dir, "log"), "-o",
		fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories='%s' -c max_connections=300 -c fsync=on -c deadlock_timeout=100ms", s.dir))
}

// Crash ends the server as a failure of its machine would: the next Start finds nothing but what was on the disk.
func (s *Server) Crash() error {
	return s.run("pg_ctl", "stop", "-w", "-s", "-D", s.data(), "-m", "immediate")
}

// watch leaves a process behind that ends the server and removes its files when this one ends, however that comes.
func (s *Server) watch() (err error) {
	cmd := s.command("sh", "-c", `read line; "$1/pg_ctl" stop -w -s -D "$2/data" -m immediate; rm -rf "$2"`, "sh", s.bin, s.dir)
	cmd.SysProcAttr.Setsid = true
	if s.life, err = cmd.StdinPipe(); err != nil {
		return err
	}
	return cmd.Start()
}

func (s *Server) run(program string, args ...string) error {
	cmd := s.command(filepath.Join(s.bin, program), args...)
	out, err := os.CreateTemp("", "calport-postgres-") // no pipe: the server would hold it open
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	return nil
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if s.name != nil {
		uid, _ := strconv.Atoi(s.name.Uid)
		gid, _ := strconv.Atoi(s.name.Gid)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return cmd
}
