package schedule

import (
	"context"
	"errors"
	"slices"
	"strings"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// Life is what is known of an invitation: what happened, the oldest first, and how it stands.
type Life struct {
	UID     string  `json:"uid"`
	Entries []Entry `json:"entries"`
	Copies  []Copy  `json:"copies"` // the organizer's first
}

// Copy is what somebody has of it.
type Copy struct {
	Owner     string     `json:"owner"` // GUID
	Role      string     `json:"role"`  // "organizer", "attendee" or "other"
	Calendar  string     `json:"calendar"`
	Object    string     `json:"object"`
	Summary   string     `json:"summary,omitempty"`
	Cancelled bool       `json:"cancelled,omitempty"`
	Sequence  int        `json:"sequence"`
	Standing  []Standing `json:"standing"`
}

// Standing is what a copy says of an attendee, for all instances that are not described apart.
type Standing struct {
	Address string `json:"address"`
	GUID    string `json:"guid,omitempty"` // "" of whom is not in the directory
	Answer  string `json:"answer"`         // PARTSTAT
	Status  string `json:"status,omitempty"`
}

// Explain gathers what is known of a UID.
func Explain(ctx context.Context, s *store.Store, people *directory.Snapshot, uid string) (*Life, error) {
	lines, err := s.Schedule(ctx, uid)
	if err != nil {
		return nil, err
	}
	life := &Life{UID: uid}
	involved := map[string]bool{}
	take := func(address string) {
		if p := ByAddress(people, address); p != nil && p.Kind != directory.Group {
			involved[ownerKey(p)] = true
		}
	}
	for _, line := range lines {
		e, err := ReadEntry(line)
		if err != nil {
			return nil, err
		}
		life.Entries = append(life.Entries, e)
		involved[e.Owner] = true
		for _, m := range e.Messages {
			take(m.From)
			for _, to := range m.To {
				take(to)
			}
		}
	}
	err = s.Read(ctx, func(tx *store.Tx) error {
		for owner := range involved {
			c, err := copyIn(tx, people, owner, uid)
			if err != nil {
				return err
			}
			if c != nil {
				life.Copies = append(life.Copies, *c)
			}
		}
		return nil
	})
	slices.SortFunc(life.Copies, func(a, b Copy) int {
		if (a.Role == roleOrganizer) != (b.Role == roleOrganizer) {
			return strings.Compare(b.Role, a.Role) // "organizer" is last of the roles
		}
		return strings.Compare(a.Owner, b.Owner)
	})
	return life, err
}

// copyIn reads what somebody has, nil for nothing.
func copyIn(tx *store.Tx, people *directory.Snapshot, owner, uid string) (*Copy, error) {
	home, err := tx.Home(owner)
	var item store.Object
	if err == nil {
		item, err = tx.ObjectByUID(home.ID, uid, store.Whole)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := &Copy{Owner: owner, Role: "other", Object: item.Name}
	if in := home.CollectionByID(item.CollectionID); in != nil {
		c.Calendar = in.Name
	}
	object, err := ical.Parse(item.Data)
	if err != nil {
		return c, nil // damaged: that it is there is all that can be said
	}
	me := func(address string) bool {
		p := ByAddress(people, address)
		return p != nil && ownerKey(p) == owner
	}
	switch itip.Classify(object, me) {
	case itip.IsOrganizer:
		c.Role = roleOrganizer
	case itip.IsAttendee:
		c.Role = roleAttendee
	}
	for _, part := range object.Components {
		if part.Name == "VTIMEZONE" {
			continue
		}
		c.Summary = part.Text("SUMMARY")
		c.Cancelled = strings.EqualFold(part.Value("STATUS"), "CANCELLED")
		c.Sequence, _ = part.Prop("SEQUENCE").Int()
		for a := range part.Props("ATTENDEE") {
			s := Standing{Address: a.Value(), Answer: strings.ToUpper(a.Param("PARTSTAT")), Status: a.Param("SCHEDULE-STATUS")}
			if p := ByAddress(people, a.Value()); p != nil {
				s.GUID = ownerKey(p)
			}
			c.Standing = append(c.Standing, s)
		}
		break
	}
	return c, nil
}
