package web

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/server/store"
)

// note puts entries into the record.
func (h *house) note(t *testing.T, entries ...store.AuditEntry) {
	t.Helper()
	for _, e := range entries {
		if err := h.store.AppendAudit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheRecordIsFilteredPagedAndExported(t *testing.T) {
	h := build(t, plan{})
	ada := ownerOf(h.person(t, "ada"))
	for range rowsPerPage + 1 {
		h.note(t, store.AuditEntry{Actor: "command line", Action: "filler"})
	}
	h.note(t, store.AuditEntry{Actor: ada, Action: "app-password.create", Object: ada, Detail: `=HYPERLINK("http://evil/")<script>`, From: "192.0.2.9"})
	b := h.browser(t).signIn(demo.Admin)
	h.audited(t, "admin.sign-in")
	b.get(auditPath).wants(t, http.StatusOK).says(t, nameOf(h.person(t, "ada")), "app-password.create", "192.0.2.9", "&lt;script&gt;", "admin.sign-in", "192.0.2.7", "Older").silent(t, "<script>alert", "Newest")
	older := auditPath + "?" + url.Values{"action": {"filler"}}.Encode()
	page := b.get(older).wants(t, http.StatusOK).silent(t, "app-password.create")
	if got := strings.Count(page.body, "<code>filler</code>"); got != rowsPerPage {
		t.Errorf("%d entries on a page, want %d", got, rowsPerPage)
	}
	_, rest, _ := strings.Cut(page.body, `before=`)
	before, _, _ := strings.Cut(rest, `"`)
	page = b.get(older+"&before="+strings.TrimSuffix(before, "&amp;")).wants(t, http.StatusOK).says(t, "Newest").silent(t, "Older")
	if got := strings.Count(page.body, "<code>filler</code>"); got != 1 {
		t.Errorf("%d entries on the last page, want 1", got)
	}
	b.get(auditPath+"?actor=ada").wants(t, http.StatusOK).says(t, "app-password.create").silent(t, "<code>filler", "<code>admin.sign-in")
	b.get(auditPath+"?actor=nobody").wants(t, http.StatusOK).says(t, "Nothing is found.")
	b.get(auditPath+"?since=yesterday").wants(t, http.StatusBadRequest).says(t, "Write a day as year")
	b.get(auditPath+"?until="+h.clock.now().AddDate(0, 0, -1).UTC().Format(time.DateOnly)).wants(t, http.StatusOK).says(t, "Nothing is found.")

	export := b.post(auditExportPath, url.Values{"format": {DeedsCSV}, "actor": {"ada"}}).wants(t, http.StatusOK).header(t, "Content-Type", "text/csv; charset=utf-8")
	rows, err := csv.NewReader(strings.NewReader(export.body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][2] != "ada" || rows[1][6] != `'=HYPERLINK("http://evil/")<script>` {
		t.Errorf("got %q, %v", rows, err)
	}
	h.audited(t, "audit.export")
	export = b.post(auditExportPath, url.Values{"format": {DeedsLines}, "action": {"filler"}}).wants(t, http.StatusOK)
	var line deedLine
	if err := json.NewDecoder(strings.NewReader(export.body)).Decode(&line); err != nil || line.Action != "filler" || strings.Count(export.body, "\n") != rowsPerPage+1 {
		t.Errorf("got %+v, %v", line, err)
	}
	b.post(auditExportPath, url.Values{"since": {"x"}}).wants(t, http.StatusBadRequest)
}

func TestSigningInIsRecordedOfAdministratorsOnly(t *testing.T) {
	h := build(t, plan{})
	h.browser(t).signIn("ada")
	if lines, err := h.store.Audit(t.Context(), store.AuditFilter{}, 1); err != nil || len(lines) != 0 {
		t.Errorf("got %+v, %v", lines, err)
	}
}

func TestDeedsCommandNeitherTerminalsNorSpreadsheets(t *testing.T) {
	people := directory.NewSnapshot(nil, time.Now())
	e := DeedEntry{Actor: "+1", Action: "-x", Object: "@a", Detail: "\x1b[2J\u202ered\nnext", From: "＝1"}
	for format, want := range map[string]string{
		DeedsCSV:  "0001-01-01T00:00:00Z,'+1,,'-x,'@a,,\ufffd[2J\ufffdred\ufffdnext,'＝1\n",
		DeedsText: "0001-01-01 00:00:00  +1  -x  @a  \ufffd[2J\ufffdred\ufffdnext  from ＝1\n",
	} {
		var b strings.Builder
		w, err := NewDeedWriter(&b, format, people)
		if err == nil {
			err = w.Write(e)
		}
		if err == nil {
			err = w.Flush()
		}
		if got := strings.TrimPrefix(b.String(), "time,actor,actor_name,action,object,object_name,detail,from\n"); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", format, got, err, want)
		}
	}
	if _, err := NewDeedWriter(nil, "xml", people); err == nil {
		t.Error("a format that there is not")
	}
}
