package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/schedule"
	"calport/server/store"
)

// keeper is the calendar server to somebody at the command line, who may do everything.
func (h *house) keeper() (caldav.Visitor, error) {
	s, err := caldav.New(caldav.Options{
		Store: h.store, People: h.people.Snapshot, Log: h.log, Now: h.now, Limits: h.config.limits(),
		IsAdmin: func(*directory.Principal) bool { return true },
	})
	if err != nil {
		return caldav.Visitor{}, err
	}
	return s.As(&directory.Principal{Kind: directory.Individual, GUID: "command-line", ShortName: "command line"}), nil
}

// withRooms opens the house for a command about rooms.
func (p *program) withRooms(ctx context.Context, do func(*house, caldav.Visitor) error) error {
	return p.withHouse(ctx, func(h *house) error {
		if err := h.loadPeople(ctx); err != nil {
			return err
		}
		keeper, err := h.keeper()
		if err != nil {
			return err
		}
		return do(h, keeper)
	})
}

// findPlace finds a room or resource by short name, guid:… or mail:….
func (h *house) findPlace(name string) (*directory.Principal, error) {
	s := h.people.Snapshot()
	p := s.ByGUID(strings.TrimPrefix(name, "guid:"))
	for _, kind := range []directory.Kind{directory.Room, directory.Resource} {
		if p == nil {
			p = s.ByName(kind, name)
		}
	}
	if mail, ok := strings.CutPrefix(name, "mail:"); ok && p == nil {
		p = s.ByAddress("mailto:" + mail)
	}
	if p == nil || p.Place == nil {
		return nil, &exitError{exitUsage, fmt.Errorf("%q is no room or resource of the directory; calport room list prints those there are", name)}
	}
	return p, nil
}

// roomInfo is a room or resource as the commands show it.
type roomInfo struct {
	Name        string         `json:"name"`
	FullName    string         `json:"full_name"`
	GUID        string         `json:"guid"`
	Kind        string         `json:"kind"` // ROOM or RESOURCE
	Mode        string         `json:"auto_schedule"`
	ModeSet     bool           `json:"auto_schedule_set"` // here, and not by the directory
	AcceptGroup string         `json:"auto_accept_group,omitempty"`
	Capacity    int            `json:"capacity,omitempty"`
	Location    string         `json:"location,omitempty"`
	Delegates   []roomDelegate `json:"delegates"`
	Bookings    []roomBooking  `json:"bookings,omitempty"`
}

type roomDelegate struct {
	Name  string `json:"name"`
	Write bool   `json:"write"`
	Fixed bool   `json:"fixed"` // named by the directory
}

type roomBooking struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Summary   string    `json:"summary,omitempty"`
	Organizer string    `json:"organizer,omitempty"`
	Answer    string    `json:"answer,omitempty"`
}

func (h *house) roomInfo(ctx context.Context, keeper caldav.Visitor, p *directory.Principal) (roomInfo, error) {
	place := keeper.PlaceOf(p)
	r := roomInfo{Name: p.ShortName, FullName: p.FullName, GUID: p.GUID, Kind: p.Kind.CUType(), Mode: place.AutoSchedule.String(),
		ModeSet: place.AutoSchedule != p.Place.AutoSchedule, Capacity: place.Capacity, Location: place.Location, Delegates: []roomDelegate{}}
	if g := h.people.Snapshot().ByGUID(place.AutoAcceptGroup); g != nil {
		r.AcceptGroup = g.ShortName
	}
	delegates, err := keeper.Delegates(ctx, p)
	for _, d := range delegates {
		r.Delegates = append(r.Delegates, roomDelegate{d.Who.ShortName, d.Write, d.Fixed})
	}
	return r, err
}

func setupRoomList(p *program, c *cobra.Command) func(context.Context, []string) error {
	asJSON := c.Flags().Bool("json", false, "JSON lines")
	return func(ctx context.Context, _ []string) error {
		return p.withRooms(ctx, func(h *house, keeper caldav.Visitor) error {
			out := tabwriter.NewWriter(p.out, 0, 8, 2, ' ', 0)
			if !*asJSON {
				fmt.Fprintln(out, "NAME\tFULL NAME\tKIND\tANSWERS\tSEATS\tLOCATION\tKEPT BY")
			}
			for _, place := range keeper.Places() {
				r, err := h.roomInfo(ctx, keeper, place)
				if err != nil {
					return err
				}
				if *asJSON {
					if err := json.NewEncoder(p.out).Encode(r); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.FullName, strings.ToLower(r.Kind), r.Mode, seats(r.Capacity), r.Location, r.keepers())
			}
			return out.Flush()
		})
	}
}

// seats is a capacity, empty where it is not known.
func seats(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// keepers names those who may write.
func (r *roomInfo) keepers() string {
	var names []string
	for _, d := range r.Delegates {
		if d.Write {
			names = append(names, d.Name)
		}
	}
	return strings.Join(names, ", ")
}

func setupRoomShow(p *program, c *cobra.Command) func(context.Context, []string) error {
	asJSON := c.Flags().Bool("json", false, "JSON")
	days := c.Flags().Int("days", 14, "bookings of so many `days` from now on")
	return func(ctx context.Context, args []string) error {
		return p.withRooms(ctx, func(h *house, keeper caldav.Visitor) error {
			place, err := h.findPlace(args[0])
			if err != nil {
				return err
			}
			r, err := h.roomInfo(ctx, keeper, place)
			if err != nil {
				return err
			}
			now := h.now()
			bookings, more, err := keeper.Bookings(ctx, place, now, now.AddDate(0, 0, *days))
			if err != nil {
				return err
			}
			for _, b := range bookings {
				r.Bookings = append(r.Bookings, roomBooking{b.Start, b.End, b.Summary, b.Organizer, b.Answer})
			}
			if *asJSON {
				return json.NewEncoder(p.out).Encode(r)
			}
			p.printRoom(&r, more)
			return nil
		})
	}
}

func (p *program) printRoom(r *roomInfo, more bool) {
	fmt.Fprintf(p.out, "%s (%s), %s\n", r.FullName, r.Name, strings.ToLower(r.Kind))
	set := " (as the directory has it)"
	if r.ModeSet {
		set = " (set here)"
	}
	fmt.Fprintf(p.out, "  answers:       %s%s\n", r.Mode, set)
	for _, line := range []struct{ label, value string }{
		{"always accepts", r.AcceptGroup}, {"seats", seats(r.Capacity)}, {"location", r.Location},
	} {
		if line.value != "" {
			fmt.Fprintf(p.out, "  %-14s %s\n", line.label+":", line.value)
		}
	}
	for _, d := range r.Delegates {
		may, by := "reads", ""
		if d.Write {
			may = "keeps it"
		}
		if d.Fixed {
			by = " (named by the directory)"
		}
		fmt.Fprintf(p.out, "  delegate:      %s %s%s\n", d.Name, may, by)
	}
	for _, b := range r.Bookings {
		fmt.Fprintf(p.out, "  %s – %s  %-12s %s (%s)\n", b.Start.Format("2006-01-02 15:04"), b.End.Format("15:04 MST"), strings.ToLower(b.Answer), b.Summary, b.Organizer)
	}
	if more {
		fmt.Fprintln(p.out, "  … and more; ask for fewer --days")
	}
}

// roomChange is what room set is to change.
type roomChange struct {
	mode, group             string
	writers, readers, never []string
}

func setupRoomSet(p *program, c *cobra.Command) func(context.Context, []string) error {
	var to roomChange
	f := c.Flags()
	f.StringVar(&to.mode, "mode", "", "how it answers: automatic, none, accept-always, decline-always, accept-if-free, decline-if-busy; or directory, as the directory has it")
	f.StringVar(&to.group, "auto-accept-group", "", "short name of the `group` whose members are accepted when it is free, whatever the mode; none, or directory")
	f.StringArrayVar(&to.writers, "writer", nil, "a `person` or group who keeps it: reads, books and answers for it; may be repeated")
	f.StringArrayVar(&to.readers, "reader", nil, "a `person` or group who reads its calendar; may be repeated")
	f.StringArrayVar(&to.never, "remove", nil, "a `person` or group who does neither any more; may be repeated")
	return func(ctx context.Context, args []string) error {
		return p.withRooms(ctx, func(h *house, keeper caldav.Visitor) error {
			place, err := h.findPlace(args[0])
			if err != nil {
				return err
			}
			if err := h.setRoom(ctx, keeper, place, to); err != nil {
				return err
			}
			r, err := h.roomInfo(ctx, keeper, place)
			if err != nil {
				return err
			}
			p.printRoom(&r, false)
			return nil
		})
	}
}

// setRoom checks all that is to be changed before it changes anything.
func (h *house) setRoom(ctx context.Context, keeper caldav.Visitor, place *directory.Principal, to roomChange) error {
	if to.mode != "" && to.mode != "directory" {
		if _, err := directory.ParseAutoSchedule(to.mode); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	var group string
	if to.group != "" && to.group != "none" && to.group != "directory" {
		g := h.people.Snapshot().ByName(directory.Group, to.group)
		if g == nil {
			return &exitError{exitUsage, fmt.Errorf("%q is no group of the directory", to.group)}
		}
		group = g.GUID
	}
	var found [3][]*directory.Principal
	for i, names := range [][]string{to.writers, to.readers, to.never} {
		for _, name := range names {
			who, err := h.findPersonOrGroup(name)
			if err != nil {
				return err
			}
			found[i] = append(found[i], who)
		}
	}
	if to.mode != "" || to.group != "" {
		entry := store.AuditEntry{Actor: "command line", Action: "room.set", Object: strings.ToLower(place.GUID),
			Detail: strings.TrimSpace("mode " + to.mode + " group " + to.group)}
		err := keeper.SetPlace(ctx, place, func(s *schedule.PlaceSettings) { to.apply(s, group) }, entry)
		if err != nil {
			return err
		}
	}
	for i, write := range []bool{true, false} {
		for _, who := range found[i] {
			if err := keeper.AddDelegate(ctx, place, who, write); err != nil {
				return fmt.Errorf("%s cannot be a delegate: %w", who.ShortName, err)
			}
		}
	}
	for _, who := range found[2] {
		if err := keeper.RemoveDelegate(ctx, place, who.GUID); err != nil {
			return fmt.Errorf("%s is not among the delegates that were named here: %w", who.ShortName, err)
		}
	}
	return nil
}

func (to *roomChange) apply(s *schedule.PlaceSettings, group string) {
	switch to.mode {
	case "":
	case "directory":
		s.AutoSchedule = ""
	default:
		s.AutoSchedule = to.mode
	}
	switch to.group {
	case "":
	case "directory":
		s.AutoAcceptGroup = nil
	default:
		s.AutoAcceptGroup = &group
	}
}

// findPersonOrGroup finds who can be a delegate.
func (h *house) findPersonOrGroup(name string) (*directory.Principal, error) {
	if g := h.people.Snapshot().ByName(directory.Group, name); g != nil {
		return g, nil
	}
	who, err := h.findPerson(name)
	if errors.Is(err, directory.ErrNotFound) {
		return nil, &exitError{exitUsage, fmt.Errorf("%q is neither a person nor a group of the directory", name)}
	}
	return who, err
}
