package caldav

import (
	"net/http"
	"slices"
	"strings"

	"calport/server/dav"
)

// complianceClass is a token of the DAV header (RFC 4918 section 10.1) and the rows that make it true. Tokens switch
// things on in clients: one is sent when all of its rows are there, and not before.
type complianceClass struct {
	token    string
	methods  []string
	reports  []dav.Name
	on       dav.Kind   // kinds that the methods and reports must work on
	settable []dav.Name // properties that clients must be able to set
	readable []dav.Name
	where    func(*Server) bool // nil: everywhere
}

// complianceClasses is every token that this server knows of, in the order in which Apple's server sent them.
var complianceClasses = []complianceClass{
	{token: "1", methods: []string{"OPTIONS", "PROPFIND", "PROPPATCH", "MKCOL", "GET", "HEAD", "DELETE", "PUT", "COPY", "MOVE"}},
	{token: "3", methods: []string{"PROPFIND", "MKCOL"}},
	{token: "access-control", methods: []string{"ACL"}, reports: []dav.Name{dav.ACLPrincipalPropSet}},
	{token: "calendar-access", methods: []string{"MKCALENDAR"}, reports: []dav.Name{dav.CalendarQuery, dav.CalendarMultiget}, on: calendar},
	{token: "calendar-auto-schedule", methods: []string{"POST"}, on: outbox, readable: []dav.Name{dav.ScheduleChanges}},
	{token: "calendar-availability", methods: []string{"POST"}, on: outbox, settable: []dav.Name{dav.CalendarAvailability}},
	{token: "inbox-availability", methods: []string{"POST"}, on: outbox, settable: []dav.Name{dav.CSCalendarAvailability}},
	{token: "calendar-proxy", settable: []dav.Name{dav.GroupMemberSet}, readable: []dav.Name{dav.CalendarProxyReadFor, dav.CalendarProxyWriteFor}},
	{token: "calendarserver-private-events", methods: []string{"PUT", "GET"}, reports: []dav.Name{dav.CalendarQuery, dav.CalendarMultiget, dav.SyncCollection}, on: calendar},
	{token: "calendarserver-private-comments", methods: []string{"POST"}, on: outbox, readable: []dav.Name{dav.ScheduleChanges}},
	{token: "calendarserver-recurrence-split", methods: []string{"POST"}, on: object},
	{token: "calendarserver-subscribed", methods: []string{"MKCALENDAR"}, settable: []dav.Name{dav.Source}},
	{token: "calendar-query-extended", reports: []dav.Name{dav.CalendarQuery}, on: calendar},
	{token: "calendar-default-alarms", settable: []dav.Name{dav.DefaultAlarmDate, dav.DefaultAlarmDateTime}},
	{token: "calendar-no-timezone", readable: []dav.Name{dav.CalendarTimezoneID, dav.TimezoneServiceSet}},
	{token: "addressbook", readable: []dav.Name{dav.AddressBookHomeSet}, where: func(s *Server) bool { return s.addressBooks != nil }}, // RFC 6352 section 6.1
	{token: "extended-mkcol", methods: []string{"MKCOL"}},
	{token: "calendarserver-principal-property-search", reports: []dav.Name{dav.PrincipalPropertySearch}, on: principalCollection},
	{token: "calendarserver-principal-search", reports: []dav.Name{dav.CalendarServerSearch}, on: principalCollection},
	{token: "calendarserver-home-sync", reports: []dav.Name{dav.SyncCollection}, on: home},
}

// complianceTokens is the value of the DAV header.
func (s *Server) complianceTokens() string {
	var tokens []string
	for _, class := range complianceClasses {
		if s.complies(class) {
			tokens = append(tokens, class.token)
		}
	}
	return strings.Join(tokens, ", ")
}

func (s *Server) complies(class complianceClass) bool {
	if class.where != nil && !class.where(s) {
		return false
	}
	for _, name := range class.methods {
		if row := s.methodNamed(name); row == nil || (row.on|row.null)&class.on != class.on {
			return false
		}
	}
	for _, name := range class.reports {
		if row := s.reportNamed(name); row == nil || row.on&class.on != class.on {
			return false
		}
	}
	for _, name := range class.readable {
		if s.live[name].on == 0 {
			return false
		}
	}
	return !slices.ContainsFunc(class.settable, func(name dav.Name) bool { return s.live[name].kept == 0 })
}

// options says what can be done here. Clients look for the DAV header at the principal, the home and the calendars.
func (e *exchange) options() error {
	h := e.w.Header()
	e.announce()
	h.Set("Allow", e.res.allow())
	h.Set("Content-Length", "0")
	e.w.WriteHeader(http.StatusOK)
	return nil
}

// announce adds the DAV header; it goes on PROPFIND answers too, where old clients look for it.
func (e *exchange) announce() { e.w.Header()["DAV"] = e.complianceHeader }
