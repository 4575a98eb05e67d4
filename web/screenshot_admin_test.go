package web

import (
	"testing"
	"time"

	"calport/directory/demo"
	"calport/server/imip/imiptest"
	"calport/server/store"
)

// TestScreenshotsOfHowItIsRun shows the pages about the record, traces, links, tokens and health.
func TestScreenshotsOfHowItIsRun(t *testing.T) {
	c := chrome(t)
	h, mailer := withMail(t, openPostOffice(t, &imiptest.SMTP{}))
	owner, maker := ownerOf(h.person(t, "ada")), ownerOf(h.person(t, demo.Admin))
	h.note(t, store.AuditEntry{Actor: maker, Action: "settings.change", Object: owner, Detail: "3 values", From: "192.0.2.9"},
		store.AuditEntry{Actor: owner, Action: "app-password.create", Object: owner, Detail: "Ada’s iPhone", From: "2001:db8::1"})
	if _, err := (storeTokens{h.store}).CreateToken(t.Context(), Deed{Actor: maker, Action: "token.create", Object: "mdm"},
		Token{Name: "mdm", Scopes: []string{ScopeList, ScopeRead}, Expires: h.clock.now().AddDate(1, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	e, err := h.options.Enrolments.Enrol(t.Context(), Deed{Actor: maker}, Enrolment{Whom: "admins", ByMail: true, Valid: 7 * 24 * time.Hour},
		[]Letter{{Owner: owner, Address: "ada@example.org"}, {Owner: maker, State: LetterFailed, Problem: errNoAddress.Error()}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mailer.deliver(t)
	h.left(t)
	if err := (storeTraces{h.store}).StartTrace(t.Context(), Deed{Actor: maker, Object: owner}, h.clock.now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	exchange := "==== 2026-11-29 00:00:00.000 UTC  PROPFIND  207  1.2 ms  from 192.0.2.9  id ABCDEFGHIJKL\nPROPFIND /calendars/users/ada/ HTTP/1.1\nHost: localhost\n\n<propfind/>\n---- answer\n207 Multi-Status\n\n<multistatus/>\n"
	if err := h.store.AppendTrace(t.Context(), owner, []byte(exchange), 1<<20); err != nil {
		t.Fatal(err)
	}
	c.walk(t, []shot{
		{name: "30-record", path: auditPath, house: h, as: demo.Admin},
		{name: "30-record-wrong", path: auditPath + "?since=x", house: h, as: demo.Admin},
		{name: "31-traces", path: tracesPath, house: h, as: demo.Admin},
		{name: "31-trace", path: traceAddress(owner), house: h, as: demo.Admin},
		{name: "32-links", path: linksPath, house: h, as: demo.Admin},
		{name: "32-enrolment", path: enrolmentAddress(e.ID), house: h, as: demo.Admin},
		{name: "36-left", path: leftPath + "?older=30", house: h, as: demo.Admin},
		{name: "36-left-one", path: leftPath + "/hedy-guid", house: h, as: demo.Admin},
		{name: "33-tokens", path: tokensPath, house: h, as: demo.Admin},
		{name: "34-health", path: healthPath, house: h, as: demo.Admin},
	})
}
