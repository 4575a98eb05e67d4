package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// exportFlags are the flags of calport export.
type exportFlags struct {
	out, layout, format, platform, progress string
	people, groups                          []string
	appPassword                             string
	mint                                    bool
	all, prune, dryRun, verify              bool
	jobs                                    int
	since                                   int64 // revision of the change feed; -1: whoever it is
}

func setupExport(p *program, c *cobra.Command) func(context.Context, []string) error {
	f := &exportFlags{}
	flags := c.Flags()
	flags.StringVar(&f.out, "out", "", "`folder` to write to, made when absent; of the layout zip the file (required)")
	flags.StringVar(&f.layout, "layout", "flat", "flat, nanocmd (a folder of NanoCMD's profiles), fleet (unsigned, for MDM servers that sign by themselves), kmfddm (declarations for KMFDDM's syncdir.py) or zip")
	flags.StringVar(&f.format, "format", "", "signed, unsigned or both; signed unless said otherwise, for nanocmd and fleet unsigned")
	flags.StringVar(&f.platform, "platform", "any", "ios, macos or any")
	flags.StringVar(&f.progress, "progress", "auto", "auto, plain, json (lines for machines) or none")
	flags.StringArrayVar(&f.people, "person", nil, "`name` of a person (short name, mail:…, guid:…); repeatable")
	flags.StringArrayVar(&f.groups, "group", nil, "short `name` of a group, its nested groups included; repeatable")
	flags.BoolVar(&f.all, "all", false, "everybody who gets a profile")
	flags.BoolVar(&f.prune, "prune", false, "delete files of people who are no longer exported, as the old manifest names them")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be done, write nothing")
	flags.StringVar(&f.appPassword, "app-password", "", "put a new app password of this `name` into each profile, in place of the one of that name that an export made before")
	flags.BoolVar(&f.mint, "mint", false, "with --app-password, for more people than --person names: each is a live credential")
	flags.BoolVar(&f.verify, "verify", false, "afterwards read every file back and judge it as profile verify does")
	flags.Int64Var(&f.since, "since", -1, "only people whose profiles have changed after this `revision` of the change feed; the one to give next time is printed")
	flags.IntVar(&f.jobs, "jobs", 0, "how many people at a time; 0 is one for each core")
	return func(ctx context.Context, _ []string) error {
		o, err := f.options()
		if err != nil {
			return &exitError{exitUsage, err}
		}
		show, err := p.progress(f.progress)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		return p.withHouse(ctx, func(h *house) error { return p.export(ctx, h, f, o, show) })
	}
}

func (f *exportFlags) options() (export.Options, error) {
	o := export.Options{Dir: f.out, Jobs: f.jobs, DryRun: f.dryRun, Prune: f.prune, Everyone: f.all}
	if f.out == "" {
		return o, errors.New("--out is required: the folder to write to")
	}
	if !f.all && len(f.people)+len(f.groups) == 0 {
		return o, errors.New("say whom to export: --all, --group or --person")
	}
	if f.all && len(f.people)+len(f.groups) > 0 {
		return o, errors.New("--all goes with neither --group nor --person")
	}
	if f.since >= 0 {
		if f.prune {
			return o, errors.New("--since looks at few people, so it cannot know whose files to --prune")
		}
		o.Everyone = false
	}
	switch {
	case f.appPassword == "" && f.mint:
		return o, errors.New("--mint is for --app-password, which is absent")
	case f.appPassword == "":
	case (f.all || len(f.groups) > 0) && !f.mint:
		return o, errors.New("--app-password makes a live credential for each person: say --mint to mean all of them, or name people by --person")
	case f.layout == layoutZip || f.layout == "kmfddm":
		return o, fmt.Errorf("--app-password does not go with the layout %s", f.layout)
	}
	if f.verify && f.dryRun {
		return o, errors.New("--dry-run writes nothing that --verify could read")
	}
	var err error
	if o.Platform, err = profiles.ParsePlatform(f.platform); err != nil {
		return o, err
	}
	return o, f.files(&o)
}

// layoutZip is the layout that is one file.
const layoutZip = "zip"

// files reads what is written for each person.
func (f *exportFlags) files(o *export.Options) (err error) {
	if f.layout == layoutZip {
		if f.prune || f.dryRun || f.verify {
			return errors.New("the layout zip is one file, written anew: neither --prune nor --dry-run nor --verify goes with it")
		}
	} else if o.Layout, err = export.ParseLayout(f.layout); err != nil {
		return fmt.Errorf("%w, and %q", err, layoutZip)
	}
	switch {
	case o.Layout == export.KMFDDM && f.format != "":
		return errors.New("the layout kmfddm holds declarations, which have no --format")
	case o.Layout == export.KMFDDM && f.platform != "any":
		return errors.New("the layout kmfddm holds declarations, which go by no --platform")
	case o.Layout == export.Fleet && f.format != "" && f.format != "unsigned":
		return errors.New("the layout fleet is unsigned: Fleet refuses signed profiles and signs them by itself")
	case f.format == "" && o.Layout == export.NanoCMD:
		o.Format = export.Unsigned
		return nil
	case f.format == "":
		return nil
	}
	if o.Format, err = export.ParseFormat(f.format); err == nil && o.Layout == export.NanoCMD && o.Format == export.Both {
		err = errors.New("the layout nanocmd has one name for each profile: choose signed or unsigned")
	}
	return err
}

func (p *program) export(ctx context.Context, h *house, f *exportFlags, o export.Options, show func(export.Progress)) error {
	if err := h.loadPeople(ctx); err != nil {
		return err
	}
	people, err := f.selection(h)
	if err != nil {
		return err
	}
	latest := f.since
	if f.since >= 0 {
		if people, latest, err = changedSince(ctx, h, people, f.since); err != nil {
			return err
		}
	}
	if o.Generator, err = h.profileGenerator(ctx); err != nil {
		return err
	}
	o.People, o.Directory, o.Signer, o.Shelf = people, h.people.Snapshot(), h.signer.Load(), shelf{h.store}
	o.Progress, o.Now = show, h.now
	if f.appPassword != "" {
		if o.Password, err = h.minter(f.appPassword); err != nil {
			return err
		}
	}
	write := p.exportFolder
	if f.layout == layoutZip {
		write = p.exportZip
	}
	summary, err := write(ctx, o)
	if err != nil {
		return err
	}
	if f.verify {
		if err := p.readBack(ctx, h, o); err != nil {
			return err
		}
	}
	code := summary.ExitCode()
	if f.since >= 0 && code != exitFailed { // what failed would not be looked at again
		p.tellRevision(f.progress, latest)
	}
	if code != 0 {
		return &exitError{status: code}
	}
	return nil
}

func (p *program) exportFolder(ctx context.Context, o export.Options) (export.Summary, error) {
	summary, err := export.Run(ctx, o)
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(p.err, "stopped; %d people are left, run the same command again to go on\n", summary.Remaining)
		return summary, &exitError{status: exitFailed}
	}
	return summary, err
}

// exportZip writes the archive, unless it is there already: whole or not at all.
func (p *program) exportZip(ctx context.Context, o export.Options) (summary export.Summary, err error) {
	err = export.WriteFile(o.Dir, func(w io.Writer) (err error) {
		summary, err = export.Zip(ctx, w, o)
		return err
	})
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(p.err, "stopped; the archive is as it was before")
		return summary, &exitError{status: exitFailed}
	}
	if err != nil {
		return summary, fmt.Errorf("exporting to %s: %w", o.Dir, err)
	}
	return summary, nil
}

// selection yields the people whom the flags name, each once, and only those who get a profile.
func (f *exportFlags) selection(h *house) (iter.Seq[*directory.Principal], error) {
	s := h.people.Snapshot()
	allowed := func(p *directory.Principal) bool { return h.access.Profile.Allows(s, p) }
	if f.all {
		return func(yield func(*directory.Principal) bool) {
			for p := range s.All(directory.Individual) {
				if allowed(p) && !yield(p) {
					return
				}
			}
		}, nil
	}
	seen := map[string]bool{}
	var chosen []*directory.Principal
	add := func(p *directory.Principal) {
		if p.Kind == directory.Individual && !seen[p.GUID] {
			seen[p.GUID] = true
			chosen = append(chosen, p)
		}
	}
	for _, name := range f.people {
		p, err := h.findPerson(name)
		if err != nil {
			return nil, err
		}
		if !allowed(p) {
			return nil, fmt.Errorf("%s is in none of the groups of access.profile", p.ShortName)
		}
		add(p)
	}
	for _, name := range f.groups {
		g := s.ByName(directory.Group, name)
		if g == nil {
			return nil, fmt.Errorf("there is no group %q in the directory", name)
		}
		for _, p := range s.Members(g.GUID) {
			if allowed(p) {
				add(p)
			}
		}
	}
	return func(yield func(*directory.Principal) bool) {
		for _, p := range chosen {
			if !yield(p) {
				return
			}
		}
	}, nil
}

// progress chooses how a long run shows how far it is.
func (p *program) progress(how string) (func(export.Progress), error) {
	if how == "auto" {
		how = "plain"
		if p.onTerminal() {
			how = "bar"
		}
	}
	switch how {
	case "bar":
		return progressBar(p.err), nil
	case "plain":
		return progressPlain(p.err), nil
	case "json":
		return progressJSON(p.err), nil
	case "none":
		return nil, nil
	}
	return nil, fmt.Errorf("--progress %q is unknown; write auto, plain, json or none", how)
}

// onTerminal says whether somebody watches.
func (p *program) onTerminal() bool {
	f, ok := p.err.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func progressBar(w io.Writer) func(export.Progress) {
	var bar *progressbar.ProgressBar
	return func(e export.Progress) {
		if bar == nil {
			bar = progressbar.NewOptions(e.Total, progressbar.OptionSetWriter(w), progressbar.OptionShowIts(),
				progressbar.OptionShowCount(), progressbar.OptionSetItsString("people"), progressbar.OptionThrottle(100*time.Millisecond))
		}
		bar.Describe(counts(e.Summary))
		bar.Set(e.Done)
		if e.Final {
			fmt.Fprintln(w)
		}
	}
}

// plainEvery is how often a run that is logged to a file says something.
const plainEvery = 5 * time.Second

func progressPlain(w io.Writer) func(export.Progress) {
	var last time.Time
	return func(e export.Progress) {
		now := time.Now()
		if !e.Final && now.Sub(last) < plainEvery {
			return
		}
		last = now
		fmt.Fprintf(w, "%d of %d people, %s, %.0f/s, %s left\n", e.Done, e.Total, counts(e.Summary), e.Rate, e.ETA.Round(time.Second))
	}
}

// progressLine is a line for machines.
type progressLine struct {
	Done      int     `json:"done"` // people, as all that are counted
	Total     int     `json:"total"`
	Rate      float64 `json:"rate"` // in a second
	ETA       float64 `json:"eta"`  // seconds; 0 when unknown
	Final     bool    `json:"final"`
	Written   int     `json:"written"`
	Unchanged int     `json:"unchanged"`
	Denied    int     `json:"denied"`
	Skipped   int     `json:"skipped"`
	Failed    int     `json:"failed"`
	Gone      int     `json:"gone"`
	Pruned    int     `json:"pruned"`
	Remaining int     `json:"remaining"`
}

func progressJSON(w io.Writer) func(export.Progress) {
	enc := json.NewEncoder(w)
	return func(e export.Progress) {
		enc.Encode(progressLine{e.Done, e.Total, e.Rate, e.ETA.Seconds(), e.Final,
			e.Written, e.Unchanged, e.Denied, e.Skipped, e.Failed, e.Gone, e.Pruned, e.Remaining})
	}
}

func counts(s export.Summary) string {
	text := fmt.Sprintf("%d written, %d unchanged", s.Written, s.Unchanged)
	for _, c := range []struct {
		n    int
		word string
	}{{s.Skipped, "skipped"}, {s.Denied, "denied"}, {s.Failed, "failed"}, {s.Gone, "gone"}, {s.Pruned, "pruned"}} {
		if c.n > 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.word)
		}
	}
	return text
}
