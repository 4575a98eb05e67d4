package timezones

import (
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"calport/server/ical"
)

// capabilities says what can be asked (RFC 7808 section 5.1).
func (s *Service) capabilities(c *call) error {
	type described struct {
		Name       string      `json:"name"`
		Template   string      `json:"uri-template"`
		Parameters []parameter `json:"parameters"`
	}
	type truncated struct {
		Any         bool `json:"any"`
		Untruncated bool `json:"untruncated"`
	}
	type info struct {
		Source    string    `json:"primary-source"`
		Formats   []string  `json:"formats"`
		Truncated truncated `json:"truncated"`
	}
	var told []described
	for _, a := range s.actions {
		if a.name != "" {
			told = append(told, described{a.name, s.prefix + a.template, append([]parameter{}, a.parameters...)})
		}
	}
	answer := struct {
		Version int         `json:"version"`
		Info    info        `json:"info"`
		Actions []described `json:"actions"`
	}{1, info{"IANA", []string{calendarType}, truncated{Any: true, Untruncated: true}}, told}
	return c.json("capabilities-1", answer)
}

// zones lists all zones, those that have changed, or those whose name fits a pattern (RFC 7808 sections 5.2 and 5.5).
func (s *Service) zones(c *call) error {
	l := s.list()
	since, err := c.one("changedsince")
	if err != nil {
		return err
	}
	pattern, err := c.one("pattern")
	if err != nil {
		return err
	}
	switch {
	case c.query.Has("pattern"):
		found, err := matching(l.Timezones, pattern)
		if err != nil {
			return err
		}
		l.Timezones = found
		return c.json(l.SyncToken+"-"+tagOf([]byte(pattern)), l)
	case since == l.SyncToken:
		l.Timezones = []zone{}
		return c.json(l.SyncToken+"-same", l)
	case since != "":
		return problem("invalid-changedsince", "That token is not known; ask for the whole list.")
	}
	return c.json(l.SyncToken, l)
}

// matching are the zones of which a name fits a pattern: in which "*" at the beginning or the end is anything, letters of
// either case are the same, and so are "_" and a space.
func matching(all []zone, pattern string) ([]zone, error) {
	text := fold(pattern)
	starts, ends := strings.HasSuffix(text, "*"), strings.HasPrefix(text, "*")
	text = strings.Trim(text, "*")
	if text == "" || strings.Contains(text, "*") {
		return nil, problem("invalid-pattern", "A pattern has text, and * only at its ends.")
	}
	fits := func(name string) bool {
		name = fold(name)
		switch {
		case starts && ends:
			return strings.Contains(name, text)
		case starts:
			return strings.HasPrefix(name, text)
		case ends:
			return strings.HasSuffix(name, text)
		}
		return name == text
	}
	found := []zone{}
	for _, z := range all {
		if fits(z.TZID) || slices.ContainsFunc(z.Aliases, fits) {
			found = append(found, z)
		}
	}
	return found, nil
}

func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", " ") }

const calendarType = "text/calendar"

// get answers with a definition (RFC 7808 section 5.3).
func (s *Service) get(c *call) error {
	if !acceptsCalendar(c.r.Header) {
		return problem("unsupported-format", "Time zones are told as "+calendarType+".")
	}
	loc, canonical, err := named(c.tzid)
	if err != nil {
		return err
	}
	start, err := c.moment("start")
	if err != nil {
		return err
	}
	end, err := c.moment("end")
	if err != nil {
		return err
	}
	from, to := first, s.since
	if !start.IsZero() {
		from = start
	}
	if !end.IsZero() {
		to = end
	}
	if to.Before(from) {
		return problem("invalid-end", "The end is before the start.")
	}
	def := ical.Timezone(c.tzid, loc, from, to)
	if canonical != c.tzid {
		def.Add(ical.NewText("TZID-ALIAS-OF", canonical)) // RFC 7808 section 7.2
	}
	if !end.IsZero() {
		def.Add(ical.NewProperty("TZUNTIL", end.Format("20060102T150405Z"))) // RFC 7808 section 7.1
	}
	calendar := ical.NewCalendar("-//calport//calport//EN")
	calendar.AddChild(def)
	data := calendar.Bytes()
	c.write(tagOf(data), calendarType+"; charset=utf-8", data)
	return nil
}

func acceptsCalendar(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, _, err := mime.ParseMediaType(part)
		if err == nil && (media == "*/*" || media == "text/*" || media == calendarType) {
			return true
		}
	}
	return false
}

// observance is a stretch in which the clock stands still (RFC 7808 section 6.3).
type observance struct {
	Name  string `json:"name"`
	Onset string `json:"onset"`
	From  int    `json:"utc-offset-from"` // seconds
	To    int    `json:"utc-offset-to"`
}

// expand answers with the changes of the clock between two times, the first being what was in force at the start (RFC
// 7808 section 5.4).
func (s *Service) expand(c *call) error {
	loc, _, err := named(c.tzid)
	if err != nil {
		return err
	}
	start, err := c.moment("start")
	if err != nil {
		return err
	}
	if start.IsZero() {
		return problem("invalid-start", "A start is required.")
	}
	end, err := c.moment("end")
	if err != nil {
		return err
	}
	if !end.After(start) {
		return problem("invalid-end", "An end after the start is required.")
	}
	answer := struct {
		DTStamp     string       `json:"dtstamp"`
		TZID        string       `json:"tzid"`
		Start       string       `json:"start"`
		End         string       `json:"end"`
		Observances []observance `json:"observances"`
	}{s.since.Format(time.RFC3339), c.tzid, start.Format(time.RFC3339), end.Format(time.RFC3339), observances(loc, start, end)}
	return c.json(s.list().SyncToken+"-"+tagOf([]byte(c.tzid+answer.Start+answer.End)), answer)
}

func observances(loc *time.Location, start, end time.Time) []observance {
	at := start.In(loc)
	name, offset := at.Zone()
	all := []observance{{name, start.Format(time.RFC3339), offset, offset}}
	for {
		_, next := at.ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			return all
		}
		if !next.After(at) { // ZoneBounds stands still on the last day of some leap years to come
			next = at.Add(24 * time.Hour)
		}
		at = next
		if changedName, changed := at.Zone(); changed != offset || changedName != name {
			all = append(all, observance{changedName, at.UTC().Format(time.RFC3339), offset, changed})
			name, offset = changedName, changed
		}
	}
}
