package timezones

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"runtime"
	"strings"
	"time"

	"calport/server/ical"
)

// zones.txt has a line for each zone that the IANA database keeps apart since 1970: its name, then its other names.
//
//go:embed zones.txt
var zonesText string

// zone is a time zone in a list (RFC 7808 section 6.2).
type zone struct {
	TZID         string   `json:"tzid"`
	ETag         string   `json:"etag"`
	LastModified string   `json:"last-modified"`
	Publisher    string   `json:"publisher"`
	Version      string   `json:"version"`
	Aliases      []string `json:"aliases,omitempty"`
}

// listing is the answer to list and find. The drafts had a dtstamp where now the synctoken is.
type listing struct {
	SyncToken string `json:"synctoken"`
	DTStamp   string `json:"dtstamp"`
	Timezones []zone `json:"timezones"`
}

// first is where definitions begin that were not asked for from a later time on.
var first = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// makeList computes every definition once, since the entity tags are made of them.
func (s *Service) makeList() listing {
	l := listing{DTStamp: s.since.Format(time.RFC3339)}
	all := sha256.New()
	for line := range strings.Lines(zonesText) {
		names := strings.Fields(line)
		loc, ok := ical.LookupZone(names[0])
		if !ok {
			continue // a name that is newer than the machine's database
		}
		etag := tagOf(ical.Timezone(names[0], loc, first, s.since).Bytes())
		all.Write([]byte(names[0] + etag))
		l.Timezones = append(l.Timezones, zone{
			TZID: names[0], ETag: `"` + etag + `"`, LastModified: l.DTStamp, Publisher: "IANA", Version: runtime.Version(), Aliases: names[1:],
		})
	}
	l.SyncToken = hex.EncodeToString(all.Sum(nil)[:12])
	return l
}

func tagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// named finds a zone by one of its names; canonical is the name that it has in the list.
func named(tzid string) (loc *time.Location, canonical string, err error) {
	for line := range strings.Lines(zonesText) {
		if !strings.Contains(line, tzid) {
			continue
		}
		for i, name := range strings.Fields(line) {
			if i == 0 {
				canonical = name
			}
			if name != tzid {
				continue
			}
			if loc, ok := ical.LookupZone(name); ok {
				return loc, canonical, nil
			}
		}
	}
	return nil, "", problem("tzid-not-found", "There is no such time zone.")
}
