package caldav

import (
	"mime"
	"net/http"

	"calport/server/dav"
)

// post is a row of the table of what can be POSTed.
type post struct {
	on     dav.Kind
	null   dav.Kind // where nothing stands yet
	action string   // of the query, as in ?action=split; "" is none
	media  string   // of the body; "" is any
	needs  dav.Privilege
	run    func(*exchange) error
}

// posts is everything that can be POSTed to this server. To support another, add a row. The first that fits counts.
var posts = []post{
	// RFC 6638 section 5
	{on: outbox, needs: dav.ScheduleSend, run: (*exchange).postOutbox},

	// Apple's caldav-recursplit
	{on: object, action: "split", needs: dav.WriteContent, run: (*exchange).splitRecurrence},

	// Bulk requests
	{on: calendar, media: typeICalendar, needs: dav.Read, run: (*exchange).bulkSimple},
	{on: calendar, media: typeJCal, needs: dav.Read, run: (*exchange).bulkSimple},
	{on: calendar, media: "text/xml", needs: dav.Read, run: (*exchange).bulkCRUD},
	{on: calendar, media: "application/xml", needs: dav.Read, run: (*exchange).bulkCRUD},

	// RFC 5995 section 3
	{null: object, run: (*exchange).addMember},
}

// post finds the row of the request, checks its privilege and runs it.
func (e *exchange) post() error {
	row := e.postRow()
	if row == nil {
		if err := e.res.require(dav.Read); err != nil {
			return err
		}
		// RFC 6638 section 5.1: what is meant for an outbox and comes elsewhere.
		return dav.Forbidden(dav.SupportedCollection)
	}
	if err := e.res.require(row.needs); err != nil {
		return err
	}
	return row.run(e)
}

func (e *exchange) postRow() *post {
	action := e.r.URL.Query().Get("action")
	media := mediaType(e.r.Header)
	for i := range e.posts {
		row := &e.posts[i]
		on := row.on
		if e.res.null {
			on = row.null
		}
		if on&e.res.kind != 0 && row.action == action && (row.media == "" || row.media == media) {
			return row
		}
	}
	return nil
}

// mediaType is that of the body, without its parameters.
func mediaType(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}
