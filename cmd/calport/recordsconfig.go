package main

import (
	"context"
	"time"
)

// RecordsConfig is how long is remembered what was done.
type RecordsConfig struct {
	AuditDays      int `toml:"audit_days" comment:"For how many days the record of who did what is kept; 0 is for ever."`
	EraseLeftDays  int `toml:"erase_left_days" comment:"Of people, rooms and resources who are not found in the directory, by the bases and filters here, for so many days all is erased: calendars, passwords, devices. Not of those whose name or address somebody has, nor when most have left: then it is another directory. 0 is never by itself; calport people left lists them, calport people erase erases them. At least 7."`
	TraceMegabytes int `toml:"trace_megabytes" comment:"How much of the protocol of one person is kept while an administrator looks for a fault; of more, the newest."`
}

func exampleRecords() RecordsConfig { return RecordsConfig{AuditDays: 400, TraceMegabytes: 10} }

func (c *Config) checkRecords(v *verdict) {
	if c.Records.AuditDays < 0 {
		v.add("records.audit_days", "write 0 for ever, or a number of days")
	}
	if days := c.Records.EraseLeftDays; days < 0 || days > 0 && days < 7 {
		v.add("records.erase_left_days", "write 0 for never, or a number of days from 7 on, so that a fault of the directory can be found before")
	}
	if c.Records.TraceMegabytes < 1 || c.Records.TraceMegabytes > 1000 {
		v.add("records.trace_megabytes", "write a number from 1 to 1000")
	}
}

// keepTraces is how long the protocol of a person is kept after it was switched off.
const keepTraces = 7 * 24 * time.Hour

// forgetOldRecords forgets what is older than the configuration says.
func (h *house) forgetOldRecords(ctx context.Context) {
	if days := h.config.Records.AuditDays; days > 0 {
		if _, err := h.store.PurgeAudit(ctx, h.now().AddDate(0, 0, -days)); err != nil && ctx.Err() == nil {
			h.log.Error("old entries of the record of who did what cannot be forgotten", "err", err)
		}
	}
	if err := h.store.PurgeTraces(ctx, h.now().Add(-keepTraces)); err != nil && ctx.Err() == nil {
		h.log.Error("old protocol traces cannot be forgotten", "err", err)
	}
}
