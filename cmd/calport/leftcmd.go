package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"calport/directory"
	"calport/server/store"
)

// leaverLine is one who has left, for machines.
type leaverLine struct {
	Name      string     `json:"name"`
	FullName  string     `json:"full_name,omitempty"`
	GUID      string     `json:"guid"`
	Kind      string     `json:"kind"` // INDIVIDUAL, ROOM or RESOURCE
	Left      time.Time  `json:"left"` // when it was noticed
	Seen      *time.Time `json:"seen,omitempty"`
	Calendars int64      `json:"calendars"`
	Entries   int64      `json:"entries"`
	Bytes     int64      `json:"bytes"`
	Asked     bool       `json:"asked,omitempty"` // to be erased
	Erased    bool       `json:"erased,omitempty"`
	Problem   string     `json:"problem,omitempty"`
	Done      int        `json:"done,omitempty"` // of people erase: so many of
	Total     int        `json:"total,omitempty"`
}

func lineOf(d *store.Departed) leaverLine {
	l := leaverLine{Name: d.Name, FullName: d.FullName, GUID: d.Owner, Kind: directory.Kind(d.Kind).String(), Left: d.Since.UTC(),
		Calendars: d.Calendars, Entries: d.Objects, Bytes: d.Size, Asked: !d.Asked.IsZero(), Problem: d.Problem}
	if !d.Seen.IsZero() {
		l.Seen = &d.Seen
	}
	return l
}

func setupPeopleLeft(p *program, c *cobra.Command) func(context.Context, []string) error {
	asJSON := c.Flags().Bool("json", false, "JSON lines")
	older := c.Flags().String("older-than", "", "only who left at least so many days ago: `90d`")
	return func(ctx context.Context, _ []string) error {
		before, err := daysAgo(*older, p.now())
		if err != nil {
			return &exitError{exitUsage, err}
		}
		return p.withHouse(ctx, func(h *house) error {
			all, err := h.whoLeft(ctx)
			if err != nil {
				return err
			}
			all = slices.DeleteFunc(all, func(d store.Departed) bool { return !d.Since.Before(before) })
			if *asJSON {
				out := json.NewEncoder(p.out)
				for i := range all {
					if err := out.Encode(lineOf(&all[i])); err != nil {
						return err
					}
				}
				return nil
			}
			if len(all) == 0 {
				fmt.Fprintln(p.out, "Nothing is kept of anybody who has left.")
				return nil
			}
			return p.printLeft(all)
		})
	}
}

// whoLeft lists who has left as the directory is now.
func (h *house) whoLeft(ctx context.Context) ([]store.Departed, error) {
	if err := h.loadPeople(ctx); err != nil {
		return nil, err
	}
	if err := h.leavers.lookForAll(ctx); err != nil {
		return nil, err
	}
	return h.store.Departed(ctx)
}

func (p *program) printLeft(all []store.Departed) error {
	out := tabwriter.NewWriter(p.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "NAME\tFULL NAME\tLEFT\tLAST SEEN\tCALENDARS\tENTRIES\tSIZE\tGUID")
	for i := range all {
		d := &all[i]
		seen := "never"
		if !d.Seen.IsZero() {
			seen = d.Seen.Format(time.DateOnly)
		}
		state := ""
		switch {
		case d.Problem != "":
			state = "  not erased yet: " + d.Problem
		case !d.Asked.IsZero():
			state = "  is being erased"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s%s\n", cmp.Or(d.Name, "?"), d.FullName, d.Since.Format(time.DateOnly), seen,
			d.Calendars, d.Objects, humanize.IBytes(uint64(d.Size)), d.Owner, state)
	}
	return out.Flush()
}

// daysAgo reads "90d"; nothing is now.
func daysAgo(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now.Add(time.Second), nil
	}
	days, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || days < 0 || !strings.HasSuffix(text, "d") {
		return time.Time{}, fmt.Errorf("--older-than %q is no number of days; write for example 90d", text)
	}
	return now.AddDate(0, 0, -days), nil
}

// eraseFlags is what people erase is to do.
type eraseFlags struct {
	older, copyTo           string
	dryRun, callOff, yes, j bool
}

func setupPeopleErase(p *program, c *cobra.Command) func(context.Context, []string) error {
	var f eraseFlags
	flags := c.Flags()
	flags.StringVar(&f.older, "older-than", "", "who left at least so many days ago: `90d`; without names, all of them")
	flags.StringVar(&f.copyTo, "copy", "", "first write their calendars into this `folder`, as iCalendar files")
	flags.BoolVar(&f.callOff, "cancel-meetings", false, "call the meetings off that they organize and that lie ahead; else others keep them")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show who would be erased")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.j, "json", false, "a JSON line for each who is erased")
	return func(ctx context.Context, args []string) error {
		before, err := daysAgo(f.older, p.now())
		if err == nil && len(args) == 0 && f.older == "" {
			err = errors.New("say whom to erase: names as calport people left prints them, or --older-than 90d")
		}
		if err != nil {
			return &exitError{exitUsage, err}
		}
		return p.withHouse(ctx, func(h *house) error { return p.erasePeople(ctx, h, &f, args, before) })
	}
}

func (p *program) erasePeople(ctx context.Context, h *house, f *eraseFlags, names []string, before time.Time) error {
	lock, err := h.config.lockData()
	var locked *store.LockedError
	if err != nil && !errors.As(err, &locked) {
		return err
	}
	if err == nil {
		defer lock.Unlock()
	}
	all, err := h.whoLeft(ctx)
	if err != nil {
		return err
	}
	chosen, err := h.choose(all, names, before)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		fmt.Fprintln(p.err, "Nobody is to be erased.")
		return nil
	}
	if err := p.mayErase(chosen, f); err != nil || f.dryRun {
		return err
	}
	if f.copyTo != "" {
		if err := p.copyCalendars(ctx, h, chosen, f.copyTo); err != nil {
			return err
		}
	}
	e := eraser{program: p, house: h, asJSON: f.j, total: len(chosen), left: map[string]store.Departed{}, here: locked == nil || h.config.Database != ""}
	for _, d := range chosen {
		e.left[d.Owner] = d
	}
	return e.run(ctx, f.callOff)
}

// choose finds those who are named among those who left before a time.
func (h *house) choose(all []store.Departed, names []string, before time.Time) (chosen []store.Departed, err error) {
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(d store.Departed) bool { return !d.Since.Before(before) }), nil
	}
	for _, name := range names {
		var found []store.Departed
		for _, d := range all {
			if d.Owner == strings.ToLower(strings.TrimPrefix(name, "guid:")) || d.Name != "" && strings.EqualFold(d.Name, name) {
				found = append(found, d)
			}
		}
		switch {
		case len(found) > 1:
			return nil, &exitError{exitUsage, fmt.Errorf("%d who left were called %q; name one by GUID: guid:%s", len(found), name, found[0].Owner)}
		case len(found) == 0:
			why := "nothing is kept of anybody of that name who has left; calport people left lists them"
			if _, err := lookUpPerson(h.people.Snapshot(), name); err == nil {
				why = "is in the directory"
			}
			return nil, &exitError{exitUsage, fmt.Errorf("%q: %s", name, why)}
		}
		if found[0].Since.Before(before) && !slices.ContainsFunc(chosen, func(d store.Departed) bool { return d.Owner == found[0].Owner }) {
			chosen = append(chosen, found[0])
		}
	}
	return chosen, nil
}

// mayErase shows who is to be erased, and asks.
func (p *program) mayErase(chosen []store.Departed, f *eraseFlags) error {
	if f.dryRun && f.j {
		out := json.NewEncoder(p.out)
		for i := range chosen {
			if err := out.Encode(lineOf(&chosen[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if !f.j {
		if err := p.printLeft(chosen); err != nil {
			return err
		}
	}
	if f.dryRun {
		fmt.Fprintf(p.err, "%d would be erased.\n", len(chosen))
		return nil
	}
	if f.yes {
		return nil
	}
	in, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return &exitError{exitUsage, errors.New("nobody can be asked here: say --yes to erase them, or --dry-run")}
	}
	meetings := "Meetings that they organize stay in others' calendars; --cancel-meetings calls them off."
	if f.callOff {
		meetings = "Meetings that they organize and that lie ahead are called off."
	}
	fmt.Fprintf(p.err, "%s\nThis cannot be undone. Erase %d for good? Type yes: ", meetings, len(chosen))
	answer, _ := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return &exitError{exitFailed, errors.New("nobody is erased")}
	}
	return nil
}
