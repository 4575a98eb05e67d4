package caldav

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// Import is a file with calendar data that is to be stored in a calendar of the visitor's.
type Import struct {
	File     string // its name, for the report
	Data     []byte
	Calendar string // name of the calendar; "" makes one for each kind of component in the file
	Title    string // of calendars to be made, if the file has no name for them
	Color    string // of calendars to be made, as clients write it
}

// ImportReport is how far an import has come, and what became of the objects. An object is what has one UID.
type ImportReport struct {
	File      string
	Calendars []string // titles of those that were written to; none, if one was to be made and nothing came into it
	Objects   int      // in the file
	Done      int      // of them
	Created   int
	Updated   int // were there, and are now as in the file
	Same      int // were there just so
	Skipped   int
	Why       []SkippedObject // of the first that were skipped
	Started   time.Time
	At        time.Time // of the last batch
	Finished  bool
	Failed    bool // it ended early: what is counted is stored, the rest is not
}

// running says whether the import goes on, as far as can be told: the node that ran it may be gone.
func (r *ImportReport) running(now time.Time) bool {
	return !r.Finished && now.Sub(r.At) < importStalls
}

// importStalls is how long a batch may take.
const importStalls = 2 * time.Minute

// SkippedObject is an object that was not imported.
type SkippedObject struct {
	Summary string // of it; may be empty
	Start   string // its DTSTART; may be empty
	Reason  string // one of the Skip words
	Detail  string // which calendar, or what is wrong with the data
}

// Why objects are skipped.
const (
	SkipElsewhere = "elsewhere" // another calendar of the home has it: Detail is its title
	SkipMeeting   = "meeting"   // it is a meeting that this server schedules
	SkipNewer     = "newer"     // a later version of it is there
	SkipComponent = "component" // the calendar holds other components: Detail is that of the object
	SkipTooLarge  = "too-large" // beyond a limit: Detail is the precondition
	SkipInvalid   = "invalid"   // no calendar object: Detail says why
)

// How much of an import is done in one transaction, and how many skipped objects are named.
const (
	importBatch = 100
	maxWhy      = 100
	maxSummary  = 120 // bytes
)

// LastImport is the report of the visitor's last import, or of the one under way; nil if there was none.
func (a Visitor) LastImport(ctx context.Context) (*ImportReport, error) {
	text, err := a.store.Value(ctx, store.Imports, ownerKey(a.who))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	report := &ImportReport{}
	if err == nil {
		err = json.Unmarshal(text, report)
	}
	if err != nil {
		return nil, err
	}
	if !report.Finished && !report.running(a.now()) {
		report.Finished, report.Failed = true, true
	}
	return report, nil
}

// importing is an import under way.
type importing struct {
	*visit
	Import
	objects []*ical.Component
	into    map[string]string // by component: the calendar that objects of it go to
	made    []string          // of these the ones that there were not before
	report  ImportReport
}

// Import stores the objects of a file, in transactions of some hundred: objects that are there already are brought to the
// file's version. Nobody is invited and no answer is sent, whoever organizes what is in it: in what is stored,
// SCHEDULE-AGENT is NONE (RFC 6638 section 7.1). LastImport tells meanwhile how far it is.
//
// The error is a *dav.Error if the file cannot be read at all (400), if another import of the visitor's is under way (409),
// or as for any other write.
func (a Visitor) Import(ctx context.Context, in Import) (ImportReport, error) {
	objects, title, err := readImport(in.Data)
	if err != nil {
		return ImportReport{}, err
	}
	if title != "" {
		in.Title = title
	}
	m := &importing{visit: a.visit(), Import: in, objects: objects, into: map[string]string{}}
	m.report = ImportReport{File: in.File, Objects: len(objects), Started: a.now(), At: a.now()}
	if err := m.begin(ctx, a); err != nil {
		return ImportReport{}, err
	}
	for rest := range slices.Chunk(objects, importBatch) {
		if err = m.batch(ctx, rest); err != nil {
			break
		}
	}
	m.report.Finished, m.report.Failed = true, err != nil
	// What is known of it is kept even when the one who waits for it has gone.
	err = errors.Join(err, a.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := m.unmake(tx); err != nil {
			return err
		}
		return m.save(tx)
	}))
	return m.report, err
}

// unmake takes away the calendars that were made and are empty: all that the file has for them is elsewhere already.
func (m *importing) unmake(tx *store.Tx) error {
	if m.Calendar != "" {
		return nil
	}
	home, err := tx.Home(ownerKey(m.who))
	if err != nil {
		return err
	}
	counts, err := tx.Counts(home.ID)
	if err != nil {
		return err
	}
	m.report.Calendars = nil
	for _, name := range m.made {
		switch c := home.Collection(name); {
		case c == nil: // deleted meanwhile
		case counts[c.ID] > 0:
			m.report.Calendars = append(m.report.Calendars, m.Title)
		default:
			if err := tx.DeleteCollection(c.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin finds or makes the calendars, if the visitor has no other import under way.
func (m *importing) begin(ctx context.Context, a Visitor) error {
	err := m.store.Write(ctx, func(tx *store.Tx) error {
		text, err := tx.Value(store.Imports, ownerKey(m.who))
		var last ImportReport
		if err == nil && json.Unmarshal(text, &last) == nil && last.running(m.now()) {
			return &dav.Error{Status: http.StatusConflict, Detail: "Another import is under way."}
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return m.save(tx)
	})
	if err == nil {
		err = m.target(ctx, a)
	}
	return err
}

// importable are the components that a calendar is made for: what people plan, and not what programs tell each other.
var importable = []string{"VEVENT", "VTODO", "VJOURNAL"}

// target decides where objects go.
func (m *importing) target(ctx context.Context, a Visitor) error {
	if m.Calendar != "" {
		r, err := m.at(ctx, "PROPFIND", collectionHref(m.who, m.Calendar))
		if err != nil {
			return m.abandon(ctx, err)
		}
		if r.kind != calendar {
			return m.abandon(ctx, errNothing())
		}
		for _, c := range r.collection.Components {
			m.into[c] = m.Calendar
		}
		m.report.Calendars = []string{r.displayName()}
		return nil
	}
	for _, o := range m.objects {
		kind := kindIn(o)
		if !slices.Contains(importable, kind) || m.into[kind] != "" {
			continue
		}
		name, err := a.MakeCalendar(ctx, NewCalendar{Title: m.Title, Color: m.Color, Component: kind})
		if err != nil {
			return m.abandon(ctx, err)
		}
		m.into[kind] = name
		m.made = append(m.made, name)
		m.report.Calendars = append(m.report.Calendars, m.Title)
	}
	return nil
}

// abandon notes that nothing comes of the import.
func (m *importing) abandon(ctx context.Context, err error) error {
	m.report.Finished, m.report.Failed = true, true
	return errors.Join(err, m.store.Write(ctx, m.save))
}

func (m *importing) save(tx *store.Tx) error {
	text, err := json.Marshal(m.report)
	if err != nil {
		return err
	}
	return tx.SetValue(store.Imports, ownerKey(m.who), text)
}
