package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"calport/profiles/export"
	"calport/server/store"
)

// eraser has people erased, here or by the server that runs beside, and tells how far it is.
type eraser struct {
	*program
	house  *house
	here   bool // this process may write homes
	asJSON bool
	total  int
	left   map[string]store.Departed // those who are not erased yet
	back   []string                  // those whose order is gone, and of whom something is kept still
	told   int                       // of how many it was said that their mails are waited for
}

// lookEvery is how often it is looked how far a server is.
const lookEvery = 300 * time.Millisecond

// run leaves the orders and waits for their end. Ctrl-C takes those back that are not carried out yet; what somebody else
// had ordered before stays ordered.
func (e *eraser) run(ctx context.Context, callOff bool) error {
	var owners []string
	for owner := range e.left {
		owners = append(owners, owner)
	}
	var asked []string
	err := e.house.store.Write(ctx, func(tx *store.Tx) (err error) {
		if asked, err = tx.AskErasing(owners, "command line", callOff); err != nil {
			return err
		}
		for _, owner := range asked {
			if err := tx.AppendAudit(store.AuditEntry{Actor: "command line", Action: "left.erase", Object: owner, Detail: withCallOff(callOff)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if e.here {
		if e.house.gateway, err = e.house.openGateway(); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(e.err, "The server that runs beside erases them.")
	}
	err = e.await(ctx)
	if ctx.Err() == nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if _, err := e.look(ctx); err != nil {
		return err
	}
	if err := e.house.store.WithdrawErasing(ctx, asked); err != nil {
		return err
	}
	if len(e.left) == 0 {
		return e.end()
	}
	fmt.Fprintf(e.err, "stopped; %d of %d are not erased, run the same command again to go on\n", len(e.left), e.total)
	return &exitError{status: exitFailed}
}

// withCallOff says of an order what becomes of meetings.
func withCallOff(callOff bool) string {
	if callOff {
		return "meetings are called off"
	}
	return ""
}

func (e *eraser) await(ctx context.Context) error {
	for {
		var failed error
		if e.here {
			failed = e.house.leavers.work(ctx)
		}
		waiting, err := e.look(ctx)
		switch {
		case err != nil:
			return err
		case len(e.left) == 0:
			return e.end()
		case e.here && failed != nil:
			return failed
		case e.here && waiting == len(e.left):
			fmt.Fprintf(e.err, "%d of %d wait until the server has sent the mails that call their meetings off; it erases them then.\n", waiting, e.total)
			return nil
		case waiting > 0 && waiting != e.told:
			e.told = waiting
			fmt.Fprintf(e.err, "%d of %d wait until the mails that call their meetings off are sent\n", waiting, e.total)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// look tells of those who were erased meanwhile, and counts those whose mails are waited for.
func (e *eraser) look(ctx context.Context) (waiting int, err error) {
	due, err := e.house.store.DepartedToErase(ctx)
	if err != nil {
		return 0, err
	}
	still := map[string]bool{}
	for _, d := range due {
		still[d.Owner] = true
		if _, ours := e.left[d.Owner]; !ours {
			continue
		}
		if d.Problem != "" && !e.here {
			return 0, fmt.Errorf("the server cannot erase %s: %s; it goes on trying", cmp.Or(d.Name, d.Owner), d.Problem)
		}
		if d.CallOff && d.Unsent > 0 {
			waiting++
		}
	}
	for owner, d := range e.left {
		if still[owner] {
			continue
		}
		kept, err := e.house.store.Keeps(ctx, owner)
		if err != nil {
			return 0, err
		}
		delete(e.left, owner)
		if kept {
			e.back = append(e.back, cmp.Or(d.Name, d.Owner))
			e.total--
		} else if err := e.tell(&d); err != nil {
			return 0, err
		}
	}
	return waiting, nil
}

// end is how it ended if nothing is waited for any more.
func (e *eraser) end() error {
	if len(e.back) == 0 {
		return nil
	}
	slices.Sort(e.back)
	return fmt.Errorf("not erased, since they are in the directory again or the order was taken back: %s", strings.Join(e.back, ", "))
}

func (e *eraser) tell(d *store.Departed) error {
	done := e.total - len(e.left)
	if e.asJSON {
		line := lineOf(d)
		line.Erased, line.Done, line.Total = true, done, e.total
		return json.NewEncoder(e.out).Encode(line)
	}
	_, err := fmt.Fprintf(e.out, "%d of %d erased: %s, %d calendars, %d entries\n", done, e.total, cmp.Or(d.Name, d.Owner), d.Calendars, d.Objects)
	return err
}

// copyCalendars writes the calendars of those who are to be erased into a folder, each person's into one of its own. What
// is there already is written anew.
func (p *program) copyCalendars(ctx context.Context, h *house, chosen []store.Departed, dir string) error {
	for i := range chosen {
		d := &chosen[i]
		who := h.leavers.principal(d)
		visitor, err := h.departedVisitor(who)
		if err != nil {
			return err
		}
		if _, err := h.store.Home(ctx, d.Owner); errors.Is(err, store.ErrNotFound) {
			continue
		}
		all, err := visitor.Calendars(ctx)
		if err != nil {
			return err
		}
		folder := filepath.Join(dir, export.FileName(who))
		for _, c := range all {
			if c.Component == "" {
				continue // a subscription holds nothing
			}
			path := filepath.Join(folder, url.PathEscape(c.Name)+".ics")
			err := export.WriteFile(path, func(w io.Writer) error {
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
				if err != nil {
					return err
				}
				to := &fileAnswer{to: w, header: http.Header{}}
				desk{visitor, who}.Download(to, r, c.Name)
				return to.failed
			})
			if err != nil {
				return fmt.Errorf("copying to %s: %w", path, err)
			}
			fmt.Fprintf(p.err, "copied %s: %s\n", cmp.Or(d.Name, d.Owner), path)
		}
	}
	return nil
}

// fileAnswer writes an answer that is 200 into a file.
type fileAnswer struct {
	to     io.Writer
	header http.Header
	failed error
}

func (f *fileAnswer) Header() http.Header { return f.header }

func (f *fileAnswer) WriteHeader(status int) {
	if status != http.StatusOK {
		f.failed = errors.Join(f.failed, fmt.Errorf("the calendar cannot be read: status %d", status))
	}
}

func (f *fileAnswer) Write(b []byte) (int, error) {
	n, err := f.to.Write(b)
	f.failed = errors.Join(f.failed, err)
	return n, err
}
