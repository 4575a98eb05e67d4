package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/server/schedule"
)

func setupScheduleExplain(p *program, c *cobra.Command) func(context.Context, []string) error {
	asJSON := c.Flags().Bool("json", false, "JSON, with GUIDs and addresses instead of names")
	return func(ctx context.Context, args []string) error {
		return p.withHouse(ctx, func(h *house) error {
			if err := h.people.Load(ctx); err != nil {
				h.log.Warn("the kept copy of the directory cannot be read, so there are no names", "err", err)
			}
			life, err := schedule.Explain(ctx, h.store, h.people.Snapshot(), args[0])
			if err != nil {
				return err
			}
			if len(life.Entries) == 0 {
				return &exitError{exitFailed, fmt.Errorf("nothing is recorded of the UID %q; what is older than invitations.record_days is forgotten, and of events without attendees nothing is recorded", args[0])}
			}
			if *asJSON {
				return json.NewEncoder(p.out).Encode(life)
			}
			(&explainer{p.out, h.people.Snapshot()}).explain(life)
			return nil
		})
	}
}

// explainer writes the life of an invitation for people.
type explainer struct {
	out    io.Writer
	people *directory.Snapshot
}

var deedWords = map[string]string{
	schedule.DeedPut: "wrote the event", schedule.DeedDelete: "deleted the event", schedule.DeedSplit: "divided the series",
	schedule.DeedRefresh: "the server told of answers to the event", schedule.DeedGroups: "the server followed the groups of the event",
	schedule.DeedMail: "the server took a mail into the event", schedule.DeedMailed: "the server noted what became of mails about the event",
	schedule.DeedRestore: "the server delivered what had waited for the deleted calendar",
}

func (x *explainer) explain(life *schedule.Life) {
	for _, e := range life.Entries {
		who := x.name(e.Owner)
		words := deedWords[e.Deed]
		switch {
		case strings.HasPrefix(words, "the server"):
			words += " of " + who
		case e.Actor != "":
			words = x.name(e.Actor) + " " + words + " of " + who
		default:
			words = who + " " + words
		}
		if e.Role != "" && e.Actor == "" {
			words += " as " + e.Role
		}
		fmt.Fprintf(x.out, "%s  %s\n", e.Time.Format("2006-01-02 15:04:05 MST"), words)
		for i := range e.Messages {
			x.message(&e.Messages[i])
		}
	}
	fmt.Fprintln(x.out, "\nHow it stands:")
	if len(life.Copies) == 0 {
		fmt.Fprintln(x.out, "  nobody has it any more")
	}
	for i := range life.Copies {
		x.copy(&life.Copies[i])
	}
}

func (x *explainer) message(m *schedule.Delivered) {
	var to []string
	for _, address := range m.To {
		to = append(to, x.address(address))
	}
	kind := string(m.Method)
	if m.Refresh {
		kind = "news of answers"
	}
	line := fmt.Sprintf("    %s from %s to %s: ", kind, x.address(m.From), strings.Join(to, ", "))
	if m.Answer != "" {
		line += m.Answer + ", "
	}
	line += m.Outcome + ", status " + m.Status
	if len(m.Changed) > 0 {
		line += ", changed " + strings.Join(m.Changed, " ")
	}
	if len(m.About) > 0 {
		line += ", of " + strings.Join(m.About, " ")
	}
	if m.Why != "" {
		line += ": " + m.Why
	}
	fmt.Fprintln(x.out, line)
}

func (x *explainer) copy(c *schedule.Copy) {
	state := ""
	if c.Cancelled {
		state = ", cancelled"
	}
	fmt.Fprintf(x.out, "  %s (%s) has %q in %s/%s, version %d%s\n", x.name(c.Owner), c.Role, c.Summary, c.Calendar, c.Object, c.Sequence, state)
	if c.Role != "organizer" {
		for _, s := range c.Standing {
			if s.GUID == c.Owner {
				fmt.Fprintf(x.out, "    answered %s\n", s.Answer)
			}
		}
		return
	}
	for _, s := range c.Standing {
		answer := s.Answer
		if answer == "" {
			answer = "NEEDS-ACTION"
		}
		if s.Status != "" {
			answer += ", status " + s.Status
		}
		fmt.Fprintf(x.out, "    %s: %s\n", x.address(s.Address), answer)
	}
}

// name is a principal by GUID, address by calendar user address: by short name, where the directory has one.
func (x *explainer) name(guid string) string {
	if p := x.people.ByGUID(guid); p != nil {
		return p.ShortName
	}
	return guid
}

func (x *explainer) address(address string) string {
	if p := schedule.ByAddress(x.people, address); p != nil {
		return p.ShortName
	}
	return address
}
