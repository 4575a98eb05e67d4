package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"calport/directory"
)

// DeedEntry is one entry of the record of who did what.
type DeedEntry struct {
	ID     int64 // rising
	Time   time.Time
	Actor  string // a GUID in lower case, a token's name or a command
	Action string // words with a full stop between, from the general to the particular: token.create
	Object string // what it was done to, often a GUID
	Detail string
	From   string // the address it came from, if any
}

// DeedFilter says which entries are wanted; the zero value wants all.
type DeedFilter struct {
	Actor  string
	Action string // a whole action, or its first words
	Object string
	Since  time.Time // that time and later
	Until  time.Time // before that time
	Before int64     // older than the entry of that ID
}

// Formats of a list of deeds.
const (
	DeedsCSV   = "csv"
	DeedsLines = "jsonl" // JSON lines
	DeedsText  = "text"  // for a terminal
)

// DeedWriter writes entries out one by one. What it writes of others' words neither commands a terminal nor is taken
// for a formula by a spreadsheet.
type DeedWriter struct {
	put   func(DeedEntry) error
	flush func() error
}

// NewDeedWriter writes in one of the formats. people tells the names of those who are known by GUID.
func NewDeedWriter(w io.Writer, format string, people *directory.Snapshot) (*DeedWriter, error) {
	name := func(id string) string { return nameOfGUID(people, id) }
	switch format {
	case DeedsCSV:
		c := csv.NewWriter(w)
		header := []string{"time", "actor", "actor_name", "action", "object", "object_name", "detail", "from"}
		return &DeedWriter{func(e DeedEntry) error {
			return writeCells(c, e.Time.UTC().Format(time.RFC3339), e.Actor, name(e.Actor), e.Action, e.Object, name(e.Object), e.Detail, e.From)
		}, func() error { c.Flush(); return c.Error() }}, c.Write(header)
	case DeedsLines:
		j := json.NewEncoder(w)
		return &DeedWriter{func(e DeedEntry) error {
			return j.Encode(deedLine{e.Time.UTC(), e.Actor, name(e.Actor), e.Action, e.Object, name(e.Object), e.Detail, e.From})
		}, func() error { return nil }}, nil
	case DeedsText:
		return &DeedWriter{func(e DeedEntry) error { return writeDeedText(w, e, name) }, func() error { return nil }}, nil
	}
	return nil, fmt.Errorf("format %q is unknown; write %s, %s or %s", format, DeedsText, DeedsCSV, DeedsLines)
}

// Write writes an entry.
func (w *DeedWriter) Write(e DeedEntry) error { return w.put(e) }

// Flush ends the writing.
func (w *DeedWriter) Flush() error { return w.flush() }

type deedLine struct {
	Time       time.Time `json:"time"`
	Actor      string    `json:"actor"`
	ActorName  string    `json:"actor_name,omitempty"`
	Action     string    `json:"action"`
	Object     string    `json:"object,omitempty"`
	ObjectName string    `json:"object_name,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	From       string    `json:"from,omitempty"`
}

func writeDeedText(w io.Writer, e DeedEntry, name func(string) string) error {
	called := func(id string) string {
		if n := name(id); n != "" {
			return n
		}
		return id
	}
	line := e.Time.UTC().Format(time.DateTime) + "  " + called(e.Actor) + "  " + e.Action
	for _, part := range []string{called(e.Object), e.Detail} {
		if part != "" {
			line += "  " + part
		}
	}
	if e.From != "" {
		line += "  from " + e.From
	}
	_, err := fmt.Fprintln(w, visible(line))
	return err
}

// nameOfGUID is the short name of who has a GUID; empty if nobody has.
func nameOfGUID(people *directory.Snapshot, guid string) string {
	if p := people.ByGUID(guid); p != nil {
		return p.ShortName
	}
	return ""
}

// writeCells writes a line of CSV (RFC 4180).
func writeCells(w *csv.Writer, cells ...string) error {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return w.Write(cells)
}

// cell is a text as a spreadsheet takes it for a text: one that begins as a formula does gets an apostrophe.
func cell(s string) string {
	s = visible(s)
	if first, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// visible is a text without what cannot be seen but does something: control characters, and those that change the
// direction of others.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return utf8.RuneError
		}
		return r
	}, s)
}
