package caldav

import (
	"context"

	"calport/server/dav"
)

// What the tests of the tables see of them.

// PropertyRow is a row of the table of properties.
type PropertyRow struct {
	Name      dav.Name
	On        dav.Kind
	All       bool
	Protected bool // cannot be set by PROPPATCH
}

// PropertyRows are all rows.
func PropertyRows() (rows []PropertyRow) {
	for _, p := range properties {
		rows = append(rows, PropertyRow{p.Name, p.On, p.All, p.Set == nil})
	}
	return rows
}

// MethodRow is a row of the table of methods.
type MethodRow struct {
	Name     string
	On, Null dav.Kind
	Fixed    dav.Kind
}

// MethodRows are all rows.
func MethodRows() (rows []MethodRow) {
	for _, m := range methods {
		rows = append(rows, MethodRow{m.name, m.on, m.null, m.fixed})
	}
	return rows
}

// ReportRow is a row of the table of reports.
type ReportRow struct {
	Name dav.Name
	On   dav.Kind
}

// ReportRows are all rows.
func ReportRows() (rows []ReportRow) {
	for _, r := range reports {
		rows = append(rows, ReportRow{r.name, r.on})
	}
	return rows
}

// The kinds.
var (
	Root, PrincipalCollection, HomeCollection = root, principalCollection, homeCollection
	Principal, ProxyRead, ProxyWrite          = principal, proxyRead, proxyWrite
	Home, Calendar, Subscription              = home, calendar, subscription
	Inbox, Outbox, Notifications              = inbox, outbox, notifications
	Object, Message, Notice                   = object, message, notice
	Everything                                = everything
)

// Small parts with tests of their own.
var (
	ParseToken       = parseToken
	Locate           = func(path string) []string { return locate(path).segments }
	ComplianceTokens = func() (tokens []string) {
		for _, c := range complianceClasses {
			tokens = append(tokens, c.token)
		}
		return tokens
	}
)

// Reconcile lets meetings follow their groups, as the upkeep does.
func (s *Server) Reconcile(ctx context.Context) error { return s.scheduler.Reconcile(ctx) }

// GoOnSettling goes on with deleted calendars of which others have heard in part, as the upkeep does.
func (s *Server) GoOnSettling(ctx context.Context) error { return s.goOnSettling(ctx) }

// PurgeInboxes empties inboxes of what is old, as the upkeep does.
func (s *Server) PurgeInboxes(ctx context.Context) error { return s.scheduler.PurgeInboxes(ctx) }

// TidyDiscarded does what is due of deleted calendars.
func (s *Server) TidyDiscarded(ctx context.Context) error { return s.tidyDiscarded(ctx) }
