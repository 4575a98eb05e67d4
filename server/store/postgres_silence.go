package store

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// How long a server may say nothing while it is asked, until the connection is given up. It bounds what a request waits
// for a server that hangs, and no listing: a long one comes in pieces, and while its client is slow to take them, nobody
// waits for the server. One statement may have to delete or move very much.
const (
	readerPatience = 30 * time.Second
	writerPatience = 2 * time.Minute
	connectTimeout = 15 * time.Second // where the DSN has none
)

// errSilent is no net.Error of the kind that time heals: the connection is in the middle of an answer, and of no more use.
var errSilent = errors.New("store: the database server says nothing")

// patientConn is a connection with a server that ends when that is silent for too long.
type patientConn struct {
	net.Conn
	patience atomic.Int64 // a time.Duration; 0: for ever
	bounded  atomic.Bool  // by a deadline of the driver's
}

// dialPatient makes the connections that a dial function makes ones whose patience can be set.
func dialPatient(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &patientConn{Conn: c}, nil
	}
}

// setPatience has a connection, which may be wrapped by TLS, end after a silence that long.
func setPatience(c net.Conn, patience time.Duration) {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = over.NetConn()
	}
	if patient, ok := c.(*patientConn); ok {
		patient.patience.Store(int64(patience))
	}
}

// openPatientConn opens a connection and sets its patience.
func openPatientConn(ctx context.Context, db *sql.DB, settings string, patience time.Duration) (conn, error) {
	c, err := openPostgresConn(ctx, db, settings)
	if err != nil {
		return nil, err // not c, which would be a conn that is not nil
	}
	setPatience(c.pg.PgConn().Conn(), patience)
	return c, nil
}

func (c *patientConn) SetDeadline(t time.Time) error {
	c.bounded.Store(!t.IsZero())
	return c.Conn.SetDeadline(t)
}

func (c *patientConn) Read(p []byte) (int, error) {
	return c.within(c.Conn.SetReadDeadline, c.Conn.Read, p)
}

func (c *patientConn) Write(p []byte) (int, error) {
	return c.within(c.Conn.SetWriteDeadline, c.Conn.Write, p)
}

// within does one thing with the connection before its patience ends.
func (c *patientConn) within(bound func(time.Time) error, do func([]byte) (int, error), p []byte) (int, error) {
	patience := time.Duration(c.patience.Load())
	if patience == 0 || c.bounded.Load() {
		return do(p)
	}
	if err := bound(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	n, err := do(p)
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.bounded.Load() {
		err = errSilent
	}
	return n, err
}
