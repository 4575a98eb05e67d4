package caldav

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// Bulk requests: many calendar objects in one POST to a calendar, as Apple's clients import files (calendarserver's
// bulk-change specification). What becomes of one does not depend on the others; each is stored in a transaction of its
// own and answered by a DAV:response of its own, in the order of the request.

// bulk has the names of the extension.
var bulk = struct{ simple, crud, maxResources, maxBytes, multiput, resource, delete, ifMatch dav.Name }{
	me("simple"), me("crud"), me("max-resources"), me("max-bytes"), me("multiput"), me("resource"), me("delete"), me("if-match"),
}

func me(local string) dav.Name { return dav.Name{Space: dav.MobileMe, Local: local} }

// csUID tells which object of the request a response is about.
var csUID = dav.Name{Space: dav.CalendarServer, Local: "uid"}

// getBulkRequests says that both forms work, and how much they take.
func getBulkRequests(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.Start(dav.BulkRequests)
	for _, form := range []dav.Name{bulk.simple, bulk.crud} {
		w.Start(form)
		w.TextElement(bulk.maxResources, strconv.Itoa(r.limits.BulkResources))
		w.TextElement(bulk.maxBytes, strconv.FormatInt(r.limits.BulkBytes, 10))
		w.End(form)
	}
	w.End(dav.BulkRequests)
	return nil
}

// change is what a bulk request wants done with one object.
type change struct {
	href    string // of an object that is there; "" makes a new one
	data    []byte // nil deletes
	ifMatch string // entity tag, quoted; "" is any
}

// changed is what became of it.
type changed struct {
	href      string
	uid       string
	object    store.Object
	shown     []byte // data that the client is shown
	shownType string // and its media type
	gone      bool
	err       *dav.Error
}

// bulkSimple makes an object of each UID in one iCalendar object.
func (e *exchange) bulkSimple() error {
	data, err := readLimited(e.r, e.limits.BulkBytes)
	if err != nil {
		return err
	}
	if data, err = asICalendar(mediaType(e.r.Header), data); err != nil {
		return err
	}
	calendar, err := ical.Parse(data)
	if err != nil {
		return invalid(dav.ValidCalendarData, err)
	}
	objects := ical.Split(calendar)
	if len(objects) > e.limits.BulkResources { // before each is written out with its time zones
		return dav.Forbidden(bulk.maxResources)
	}
	var changes []change
	for _, object := range objects {
		changes = append(changes, change{data: object.Bytes()})
	}
	return e.bulk(changes)
}

// bulkCRUD creates, updates and deletes as a ME:multiput says.
func (e *exchange) bulkCRUD() error {
	body, err := dav.ReadElement(e.r.Body, dav.Limits{Bytes: e.limits.BulkBytes})
	if errors.Is(err, dav.ErrTooLarge) {
		return dav.Forbidden(bulk.maxBytes)
	}
	if err != nil {
		return err
	}
	if body == nil || body.Name != bulk.multiput {
		return dav.BadRequest("A bulk request in XML is a multiput.")
	}
	var changes []change
	for _, r := range body.Children {
		if r.Name != bulk.resource {
			continue
		}
		c := change{href: r.Child(dav.Href).Trimmed(), ifMatch: r.Child(bulk.ifMatch).Child(dav.GetETag).Trimmed()}
		set := r.Child(dav.Set)
		if prop := set.Child(dav.Prop); prop != nil {
			set = prop
		}
		switch data := set.Child(dav.CalendarData); {
		case data != nil:
			c.data = []byte(strings.TrimLeft(data.Text, " \t\r\n"))
			if c.data, err = asICalendar(sentType(data), c.data); err != nil {
				return err
			}
		case r.Child(bulk.delete) == nil || c.href == "":
			return dav.BadRequest("A resource of a multiput is set or deleted.")
		}
		changes = append(changes, c)
	}
	return e.bulk(changes)
}

// bulk carries out changes and answers what became of each.
func (e *exchange) bulk(changes []change) error {
	if len(changes) > e.limits.BulkResources {
		return dav.Forbidden(bulk.maxResources)
	}
	if err := e.ctagHolds(); err != nil {
		return err
	}
	results := make([]changed, len(changes))
	for i, c := range changes {
		result, err := e.change(c)
		var known *dav.Error
		if err != nil && !errors.As(err, &known) {
			return err
		}
		result.err = known
		results[i] = result
	}
	if err := e.tellCTag(); err != nil {
		return err
	}
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		for i := range results {
			results[i].respond(w)
		}
		return nil
	})
}

// change carries out one change. Its error is the answer about this object, or the end of all if it is no *dav.Error.
func (e *exchange) change(c change) (changed, error) {
	at := e.res.place(newObjectName())
	if c.href != "" {
		loc, err := locateHref(c.href)
		if err != nil || loc.place != atObject || loc.collection != e.res.collection.Name || e.principalAt(loc) != e.res.whose {
			return changed{href: c.href}, errNothing()
		}
		at = e.res.place(loc.object)
		at.href = c.href
	}
	result := changed{href: at.href, gone: c.data == nil}
	var data *calendarData
	if c.data != nil {
		var err error
		if int64(len(c.data)) > e.limits.ResourceSize {
			return result, dav.Forbidden(dav.MaxResourceSize)
		}
		if data, err = e.judge(c.data); err != nil {
			return result, err
		}
		result.uid = data.facts.UID
	}
	err := e.store.Write(e.r.Context(), func(tx *store.Tx) error {
		r, err := e.find(fromTx{tx}, at.loc)
		if err != nil {
			return err
		}
		if err := r.changeable(c); err != nil {
			return err
		}
		if data == nil {
			return r.deleteItem(tx, wantsReply(e.r.Header))
		}
		result.object, _, err = r.putIn(tx, data, false)
		return err
	})
	if err == nil && data != nil && e.shows(data) {
		result.shown, result.shownType = e.showData(data.bytes)
	}
	return result, err
}

// shows says whether the client is shown the data that was stored: if it asked for what the server changes, and that was
// changed or may be at any time, as objects of scheduling are.
func (e *exchange) shows(data *calendarData) bool {
	return e.r.Header.Get("X-MobileMe-DAV-Options") == "return-changed-data" && (data.repaired || data.tag != "" || mediaType(e.r.Header) == typeJCal)
}

// changeable tests the privileges and the entity tag that one change wants.
func (r *resource) changeable(c change) error {
	switch {
	case c.href == "":
		return r.parent().require(dav.Bind)
	case r.null:
		return errNothing()
	case r.hidden():
		return dav.NeedPrivilege(r.href, dav.Read)
	}
	err := r.require(dav.WriteContent)
	if c.data == nil {
		err = r.parent().require(dav.Unbind)
	}
	if err == nil && c.ifMatch != "" && c.ifMatch != dav.QuoteETag(r.item.ETag) {
		err = dav.Status(http.StatusPreconditionFailed)
	}
	return err
}

// ctagHolds tests the request's If header, which names the calendar's ctag in a form of its own.
func (e *exchange) ctagHolds() error {
	wanted, ok := strings.CutPrefix(e.r.Header.Get("If"), "<"+dav.MobileMe+"ctag/")
	if ok && strings.TrimSuffix(wanted, ">") != e.res.state().String() {
		return dav.Status(http.StatusPreconditionFailed)
	}
	return nil
}

// tellCTag says the calendar's ctag after the changes.
func (e *exchange) tellCTag() error {
	h, err := e.store.Home(e.r.Context(), e.res.home.Owner)
	if err != nil {
		return err
	}
	if c := h.CollectionByID(e.res.collection.ID); c != nil {
		now := *e.res
		now.home, now.collection = h, c
		e.w.Header().Set("CTag", now.state().String())
	}
	return nil
}

// respond writes the response about one change.
func (c *changed) respond(w *dav.Writer) {
	switch {
	case c.err != nil:
		w.Failure(c.href, c.err)
	case c.gone:
		w.Response(c.href, http.StatusOK)
	default:
		w.ResponseProps(c.href, func() {
			w.TagElement(dav.GetETag, c.object.ETag)
			w.TextElement(csUID, c.uid)
			if c.shown != nil {
				writeCalendarData(w, dav.CalendarData, c.shown, c.shownType == typeJCal)
			}
		})
	}
}

// readLimited reads a body of at most that many bytes.
func readLimited(r *http.Request, limit int64) ([]byte, error) {
	data, err := readAll(http.MaxBytesReader(nil, r.Body, limit), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, dav.Forbidden(bulk.maxBytes)
	case err != nil:
		return nil, dav.BadRequest("The body could not be read to its end.")
	}
	return data, nil
}
