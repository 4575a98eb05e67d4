package web

import (
	"context"
	"net/http"
	"strings"

	"calport/directory"
)

// adminPages lists the pages of administrators. All of them are for the audience admin; those that change something are
// POST, end in a redirect, and leave a line in the record of who did what.
var adminPages = []pageRoute{
	// Who is in the directory
	{http.MethodGet, adminPath, admin, (*site).toAdmin},
	// chi puts ^ and $ around a pattern: without the parentheses they would bind the first and the last word only.
	{http.MethodGet, adminPath + "{kind:(people|groups|places)}", admin, (*site).adminDirectory},
	{http.MethodGet, leftPath, admin, (*site).left},
	{http.MethodGet, leftOnePath, admin, (*site).leftOne},
	{http.MethodPost, leftErasePath, admin, (*site).eraseLeft},
	{http.MethodPost, leftCopyPath, admin, (*site).copyLeft},
	{http.MethodGet, adminPath + "people/{guid}", admin, (*site).adminPerson},
	{http.MethodGet, adminPath + "people/{guid}/inside", admin, (*site).adminInside},
	{http.MethodGet, adminPath + "people/{guid}/calendar.mobileconfig", admin, (*site).adminProfile},
	{http.MethodPost, adminPath + "people/{guid}/revoke", admin, (*site).adminRevoke},
	{http.MethodPost, adminPath + "people/{guid}/sign-out", admin, (*site).adminSignOut},
	{http.MethodGet, adminPath + "groups/{guid}", admin, (*site).adminGroup},
	{http.MethodGet, adminPath + "places/{guid}", admin, (*site).adminPlace},

	// What profiles say
	{http.MethodGet, adminPath + "settings", admin, (*site).scopes},
	{http.MethodGet, adminPath + "settings/everyone", admin, (*site).editSettings},
	{http.MethodPost, adminPath + "settings/everyone", admin, (*site).changeSettings},
	{http.MethodGet, adminPath + "settings/{scope:(group|person)}/{guid}", admin, (*site).editSettings},
	{http.MethodPost, adminPath + "settings/{scope:(group|person)}/{guid}", admin, (*site).changeSettings},
	{http.MethodGet, profilesExportPath, admin, (*site).askExport},
	{http.MethodPost, profilesExportPath, admin, (*site).exportProfiles},

	// Who vouches for profiles
	{http.MethodGet, signingPath, admin, (*site).signingPage},
	{http.MethodPost, signingUploadPath, admin, (*site).uploadSigner},
	{http.MethodPost, signingUsePath, admin, (*site).useSigner},
	{http.MethodPost, signingRenewPath, admin, (*site).renewSigner},
	{http.MethodPost, signingOwnPath, admin, (*site).useOwnSigner},
	{http.MethodGet, signingRootPEM, admin, (*site).rootPEM},
	{http.MethodGet, signingRootDER, admin, (*site).rootDER},

	// How it is run
	{http.MethodGet, healthPath, admin, (*site).health},
	{http.MethodGet, tokensPath, admin, (*site).tokens},
	{http.MethodPost, tokensPath, admin, (*site).createToken},
	{http.MethodPost, tokenRevokePath, admin, (*site).revokeToken},
	{http.MethodGet, linksPath, admin, (*site).links},
	{http.MethodPost, linksPath, admin, (*site).handOut},
	{http.MethodGet, enrolmentPath, admin, (*site).enrolment},
	{http.MethodPost, linksChangePath, admin, (*site).changeLinks},
	{http.MethodGet, auditPath, admin, (*site).auditLog},
	{http.MethodPost, auditExportPath, admin, (*site).exportAudit},
	{http.MethodGet, tracesPath, admin, (*site).traces},
	{http.MethodPost, tracesPath, admin, (*site).startTrace},
	{http.MethodGet, tracePath, admin, (*site).trace},
	{http.MethodPost, traceStopPath, admin, changeTrace("trace.stop", Traces.StopTrace, traceAddress)},
	{http.MethodPost, traceDeletePath, admin, changeTrace("trace.delete", Traces.DeleteTrace, func(string) string { return tracesPath })},
	{http.MethodPost, traceTextPath, admin, (*site).traceText},
}

// adminTabs is the navigation among the pages of administrators.
var adminTabs = []tab{
	{adminPath + "people", "People"},
	{adminPath + "groups", "Groups"},
	{adminPath + "places", "Places"},
	{adminPath + "settings", "Settings"},
	{profilesExportPath, "Export"},
	{linksPath, "Links"},
	{tokensPath, "Tokens"},
	{signingPath, "Signing"},
	{tracesPath, "Traces"},
	{auditPath, "Record"},
	{healthPath, "Health"},
}

// adminPath is what all pages of administrators begin with.
const adminPath = "/portal/admin/"

func (s *site) toAdmin(w http.ResponseWriter, _ *http.Request) error {
	return redirect(w, adminTabs[0].Path)
}

// Deed says who does something as an administrator, and from where, for the record of who did what.
type Deed struct {
	Actor  string // GUID in lower case
	Action string // a word, such as settings.change
	Object string // what it is done to
	Detail string // never a secret
	From   string // the address it comes from, if known
}

// deed is something that the visitor does.
func (s *site) deed(r *http.Request, action, object, detail string) Deed {
	return s.deedOf(r, visitorOf(r.Context()).person, action, object, detail)
}

// deedOf is something that somebody does.
func (s *site) deedOf(r *http.Request, p *directory.Principal, action, object, detail string) Deed {
	d := Deed{Actor: ownerOf(p), Action: action, Object: object, Detail: detail}
	if from := s.o.ClientAddr(r.Context()); from.IsValid() {
		d.From = from.String()
	}
	return d
}

// Actor is the GUID, in lower case, of who has signed in to do what the context is for; empty if nobody has.
func Actor(ctx context.Context) string {
	if p := visitorOf(ctx).person; p != nil {
		return ownerOf(p)
	}
	return ""
}

// mayAdminister says why a visitor who has signed in sees no page of administrators, if so. A one-time link is seen by
// whoever sees the screen that shows it, so a session by one administers nothing.
func (s *site) mayAdminister(ctx context.Context, v visitor) error {
	switch {
	case !v.admin:
		return &problem{Status: http.StatusForbidden, Title: "This is for administrators", Reason: "not-admin",
			Detail: "Your account is not among those that administer calport. Whoever runs it decides who does."}
	case s.sessions.linked(ctx):
		return &problem{Status: http.StatusForbidden, Title: "Please sign in with your password", Reason: "linked",
			Detail: "You came here by a one-time link, which opens what is yours but nothing that is for administrators. Sign out, and sign in again."}
	}
	return nil
}

// isAdminPath tells the pages of administrators.
func isAdminPath(path string) bool { return strings.HasPrefix(path, adminPath) }
