package caldav

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
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
	Calendars []string // titles of those that were written to
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
	importBatch  = 100
	maxWhy       = 100
	maxSummary   = 120 // bytes
	importBucket = "imports"
)

// LastImport is the report of the visitor's last import, or of the one under way; nil if there was none.
func (a Visitor) LastImport(ctx context.Context) (*ImportReport, error) {
	text, err := a.store.Value(ctx, importBucket, ownerKey(a.who))
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
	return m.report, errors.Join(err, a.store.Write(context.WithoutCancel(ctx), m.save))
}

// begin finds or makes the calendars, if the visitor has no other import under way.
func (m *importing) begin(ctx context.Context, a Visitor) error {
	err := m.store.Write(ctx, func(tx *store.Tx) error {
		text, err := tx.Value(importBucket, ownerKey(m.who))
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
		if !slices.Contains(components, kind) || m.into[kind] != "" {
			continue
		}
		name, err := a.MakeCalendar(ctx, NewCalendar{Title: m.Title, Color: m.Color, Component: kind})
		if err != nil {
			return m.abandon(ctx, err)
		}
		m.into[kind] = name
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
	return tx.SetValue(importBucket, ownerKey(m.who), text)
}

// batch stores some objects in one transaction.
func (m *importing) batch(ctx context.Context, objects []*ical.Component) error {
	judged := make([]*calendarData, len(objects))
	errs := make([]error, len(objects))
	for i, o := range objects {
		judged[i], errs[i] = m.judgeImport(o)
	}
	before := m.report
	return m.store.Write(ctx, func(tx *store.Tx) error {
		m.report = before // the transaction may run more than once
		m.report.Why = slices.Clone(before.Why)
		for i, o := range objects {
			err := errs[i]
			if err == nil {
				err = m.put(tx, o, judged[i])
			}
			var skipped *skip
			if errors.As(err, &skipped) {
				m.skip(o, skipped)
				err = nil
			}
			if err != nil {
				return err
			}
			m.report.Done++
		}
		m.report.At = m.now()
		return m.save(tx)
	})
}

// skip is why an object is not imported.
type skip struct{ reason, detail string }

func (s *skip) Error() string { return s.reason + ": " + s.detail }

func (m *importing) skip(o *ical.Component, why *skip) {
	m.report.Skipped++
	if len(m.report.Why) == maxWhy {
		return
	}
	s := SkippedObject{Reason: why.reason, Detail: why.detail}
	for _, c := range o.Components {
		if c.Name != "VTIMEZONE" {
			s.Summary, s.Start = short(c.Text("SUMMARY")), short(c.Value("DTSTART"))
			break
		}
	}
	m.report.Why = append(m.report.Why, s)
}

// short cuts a text that is only to be recognized.
func short(text string) string {
	if len(text) > maxSummary {
		text = text[:maxSummary]
	}
	return strings.ToValidUTF8(text, "")
}

// judgeImport says whether an object can be stored, as it would be.
func (m *importing) judgeImport(o *ical.Component) (*calendarData, error) {
	if m.into[kindIn(o)] == "" {
		return nil, &skip{SkipComponent, kindIn(o)}
	}
	unscheduled(o)
	data := o.Bytes()
	if int64(len(data)) > m.limits.ResourceSize {
		return nil, &skip{SkipTooLarge, dav.MaxResourceSize.Local}
	}
	judged, err := m.judge(data)
	var known *dav.Error
	switch {
	case err == nil:
		return judged, nil
	case !errors.As(err, &known):
		return nil, err
	case known.Detail != "":
		return nil, &skip{SkipInvalid, known.Detail}
	}
	return nil, &skip{SkipTooLarge, known.Condition.Local}
}

// put stores an object where it belongs.
func (m *importing) put(tx *store.Tx, o *ical.Component, data *calendarData) error {
	r, err := m.find(fromTx{tx}, locate(collectionHref(m.who, m.into[data.facts.Component])))
	if err != nil {
		return err
	}
	if r.null {
		return errNothing() // deleted while the import ran
	}
	if err := r.require(dav.Bind | dav.WriteContent); err != nil {
		return err
	}
	there, err := tx.ObjectByUID(r.home.ID, data.facts.UID, store.Whole)
	switch {
	case errors.Is(err, store.ErrNotFound):
		m.report.Created++
		_, _, err = tx.PutObject(r.collection.ID, data.stored(newObjectName()))
		return err
	case err != nil:
		return err
	case there.CollectionID != r.collection.ID:
		return &skip{SkipElsewhere, r.titleOf(there.CollectionID)}
	case bytes.Equal(there.Data, data.bytes):
		m.report.Same++
		return nil
	case there.ScheduleTag != "":
		return &skip{SkipMeeting, ""}
	case sequenceOf(there.Data) > sequenceIn(data.calendar):
		return &skip{SkipNewer, ""}
	}
	m.report.Updated++
	_, _, err = tx.PutObject(r.collection.ID, data.stored(there.Name))
	return err
}

// titleOf is what another collection of the home is called.
func (r *resource) titleOf(collectionID int64) string {
	c := r.home.CollectionByID(collectionID)
	if c == nil {
		return ""
	}
	if title := r.member(c, nil).displayName(); title != "" {
		return title
	}
	return c.Name
}

func sequenceOf(data []byte) int {
	object, err := ical.Parse(data)
	if err != nil {
		return 0
	}
	return sequenceIn(object)
}

// sequenceIn is the highest SEQUENCE in an object.
func sequenceIn(object *ical.Component) int {
	highest := 0
	for _, c := range object.Components {
		if n, err := c.Prop("SEQUENCE").Int(); err == nil {
			highest = max(highest, n)
		}
	}
	return highest
}

// unscheduled takes out of an object what would have the server send anything.
func unscheduled(o *ical.Component) {
	for _, c := range o.Components {
		for _, p := range c.Properties {
			if p.Name() != "ORGANIZER" && p.Name() != "ATTENDEE" {
				continue
			}
			p.SetParam("SCHEDULE-AGENT", "NONE")
			p.DelParam("SCHEDULE-STATUS")
			p.DelParam("SCHEDULE-FORCE-SEND")
		}
	}
}
