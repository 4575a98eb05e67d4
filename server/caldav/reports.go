package caldav

import (
	"calport/server/dav"
)

// report is a row of the table of reports.
type report struct {
	name  dav.Name
	on    dav.Kind
	needs dav.Privilege

	// atDepthZero: any other Depth is answered 400, as RFC 3744 section 9 and RFC 3253 section 3.8 have it. Elsewhere the
	// header is the report's own business.
	atDepthZero bool
	run         func(*exchange, *dav.Element) error
}

// reports is every report of this server. To support another, add a row.
var reports = []report{
	// RFC 3253
	{name: dav.ExpandProperty, on: everything, atDepthZero: true, run: (*exchange).expandProperty},

	// RFC 3744
	{name: dav.ACLPrincipalPropSet, on: everything, needs: dav.ReadACL, atDepthZero: true, run: (*exchange).aclPrincipalPropSet},
	{name: dav.PrincipalMatch, on: everything &^ items, needs: dav.Read, atDepthZero: true, run: (*exchange).principalMatch},
	{name: dav.PrincipalPropertySearch, on: everything &^ items, atDepthZero: true, run: (*exchange).principalPropertySearch},
	{name: dav.PrincipalSearchPropertySet, on: discovery | principals, atDepthZero: true, run: (*exchange).principalSearchPropertySet},

	// CalDAV, RFC 4791 section 7
	{name: dav.CalendarQuery, on: home | calendar | inbox | outbox | object | message, needs: dav.Read, run: (*exchange).calendarQuery},
	{name: dav.CalendarMultiget, on: home | synced | outbox | items, needs: dav.Read, run: (*exchange).calendarMultiget},

	{name: dav.FreeBusyQuery, on: home | calendar, needs: dav.ReadFreeBusy, run: (*exchange).freeBusyQuery},

	// RFC 6578
	{name: dav.SyncCollection, on: home | collections, needs: dav.Read, run: (*exchange).syncCollection},

	// Apple
	{name: dav.CalendarServerSearch, on: everything &^ items, atDepthZero: true, run: (*exchange).calendarServerPrincipalSearch},
}

func (s *Server) reportNamed(name dav.Name) *report {
	for i := range s.reports {
		if s.reports[i].name == name {
			return &s.reports[i]
		}
	}
	return nil
}

// shortNames are what the access log calls the namespaces, after Apple's log.
var shortNames = map[string]string{dav.DAV: "DAV", dav.CalDAV: "CalDAV", dav.CardDAV: "CardDAV", dav.CalendarServer: "CS"}

// report reads which report is asked for, checks its privilege and runs it (RFC 3253 section 3.6).
func (e *exchange) report() error {
	body, err := e.readXML()
	if err != nil {
		return err
	}
	if body == nil {
		return dav.BadRequest("A REPORT needs a body that says which.")
	}
	space := shortNames[body.Name.Space]
	if space == "" {
		space = "other"
	}
	row := e.reportNamed(body.Name)
	if row == nil || row.on&e.res.kind == 0 {
		e.setOperation(e.r.Context(), "REPORT("+space+":unsupported)")
		return dav.Forbidden(dav.SupportedReportCondition)
	}
	e.setOperation(e.r.Context(), "REPORT("+space+":"+row.name.Local+")")
	if row.atDepthZero {
		if depth, err := dav.ReadDepth(e.r.Header, dav.DepthZero); err != nil || depth != dav.DepthZero {
			return dav.BadRequest("The report %s is defined for Depth 0 only.", row.name.Local)
		}
	}
	if err := e.res.require(row.needs); err != nil {
		return err
	}
	return row.run(e, body)
}

// readXML reads the body, nil if there is none.
func (e *exchange) readXML() (*dav.Element, error) {
	return dav.ReadElement(e.r.Body, dav.Limits{Bytes: e.limits.RequestXML})
}
