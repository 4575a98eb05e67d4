package caldav

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// This file stores the objects of an import; import.go says which and where.

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
