package main

import (
	"time"

	"calport/server/caldav"
)

// InvitesConfig is what scheduling takes, and for how long it keeps what it leaves behind.
type InvitesConfig struct {
	ObjectAttendees int `toml:"max_attendees_in_all" comment:"Attendees of one event with the members of the groups that it invites, all instances that differ together; default 5000. A group counts as one in limits.max_attendees."`
	InboxDays       int `toml:"inbox_days" comment:"Days after which an invitation that no client has taken out of its inbox is removed from there; default 14. The event itself stays."`
	RecordDays      int `toml:"record_days" comment:"Days for which calport schedule explain remembers; default 90."`
}

// apply puts them among the limits of the CalDAV server.
func (c *InvitesConfig) apply(l *caldav.Limits) {
	const day = 24 * time.Hour
	l.ObjectAttendees, l.InboxAge, l.LogAge = c.ObjectAttendees, time.Duration(c.InboxDays)*day, time.Duration(c.RecordDays)*day
}

func (c *Config) checkInvites(v *verdict) {
	s := &c.Invites
	for key, n := range map[string]int{"max_attendees_in_all": s.ObjectAttendees, "inbox_days": s.InboxDays, "record_days": s.RecordDays} {
		if n < 0 || n > 36500 && key != "max_attendees_in_all" {
			v.add("invitations."+key, "write 0 for the default, or a positive number; of days at most 36500")
		}
	}
}
