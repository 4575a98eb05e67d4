package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory/signin"
	"calport/server/store"
)

// leave has a person leave the directory, as a changed filter does.
func (s *site) leave(t *testing.T, name string) {
	t.Helper()
	edit(t, s.config, "[profiles]", fmt.Sprintf("[directory.people]\nfilter = \"(!(uid=%s))\"\n[profiles]", name))
}

// adaHasLeft is a site whose directory ada has left, but not her calendars.
func adaHasLeft(t *testing.T) (*site, *house) {
	t.Helper()
	s := newSite(t, "")
	h := s.open(t)
	if _, err := h.calendarsOf(t, "ada"); err != nil {
		t.Fatal(err)
	}
	s.leave(t, "ada")
	return s, s.open(t)
}

// meetingOfAda is an event of ada's with grace.
func meetingOfAda(uid string, start time.Time, rule string) string {
	return strings.NewReplacer("\n", "\r\n").Replace(fmt.Sprintf(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:%s
DTSTAMP:20260101T000000Z
DTSTART:%s
DURATION:PT1H
%sSUMMARY:%s
ORGANIZER:mailto:%s
ATTENDEE;PARTSTAT=ACCEPTED:mailto:%s
ATTENDEE:mailto:%s
END:VEVENT
END:VCALENDAR
`, uid, start.UTC().Format("20060102T150405Z"), rule, uid, mailOf["ada"], mailOf["ada"], mailOf["grace"]))
}

func TestWhoHasLeftIsErasedByTheServerThatRuns(t *testing.T) {
	s := newSite(t, "")
	in := s.serve(t)
	for uid, text := range map[string]string{
		"past":   meetingOfAda("past", time.Now().AddDate(0, 0, -7), ""),
		"ahead":  meetingOfAda("ahead", time.Now().AddDate(0, 0, 7), ""),
		"series": meetingOfAda("series", time.Now().AddDate(0, 0, -7), "RRULE:FREQ=DAILY\n"),
	} {
		if status, body, _ := in.do(t, "PUT", "/calendars/users/ada/calendar/"+uid+".ics", "ada", text, "Content-Type", "text/calendar"); status != 201 {
			t.Fatalf("PUT %s: %d %s", uid, status, body)
		}
	}
	visit := in.portalOf(t, "grace")
	guid := in.guidOf(t, "ada")
	if status, _ := visit("POST", "/portal/delegation", url.Values{"who": {guid}, "may": {"write"}}); status != 303 {
		t.Fatalf("naming a delegate: %d", status)
	}
	if status, body, _ := in.do(t, "GET", "/portal/profile/calendar.mobileconfig?platform=ios", "", ""); status != 200 {
		t.Fatalf("grace's profile: %d %s", status, body)
	}
	in.stop()
	s.leave(t, "ada")
	in = s.serve(t)
	said := func(want int, args ...string) string {
		t.Helper()
		status, out := s.command(t, args...)
		if status != want {
			t.Fatalf("calport %s: status %d\n%s", strings.Join(args, " "), status, out)
		}
		return out
	}
	if got := said(0, "people", "left"); !strings.Contains(got, "ada ") || !strings.Contains(got, "Ada Byron") || !strings.Contains(got, guid) || strings.Contains(got, "grace") {
		t.Errorf("people left:\n%s", got)
	}
	if got := said(0, "health"); !strings.Contains(got, "1, of whom something is kept") {
		t.Errorf("health:\n%s", got)
	}
	if got := said(0, "people", "left", "--older-than", "30d"); !strings.Contains(got, "Nothing") {
		t.Errorf("who left long ago:\n%s", got)
	}
	said(exitUsage, "people", "erase")
	said(exitUsage, "people", "erase", "grace", "--yes")
	said(exitUsage, "people", "erase", "ada") // nobody can be asked
	said(exitUsage, "people", "erase", "ada", "--older-than", "soon")
	if got := said(0, "people", "erase", "ada", "--dry-run"); !strings.Contains(got, "1 would be erased") {
		t.Errorf("dry run:\n%s", got)
	}
	folder := t.TempDir()
	got := said(0, "people", "erase", "ada", "--yes", "--cancel-meetings", "--copy", folder, "--json")
	var line leaverLine
	if err := json.Unmarshal([]byte(got[strings.LastIndex(got, "\n{")+1:]), &line); err != nil || !line.Erased || line.GUID != guid || line.Entries < 3 || line.Total != 1 {
		t.Errorf("erasing: %v\n%s", err, got)
	}
	copies, err := filepath.Glob(filepath.Join(folder, "ada_*", "calendar.ics"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies: %q, %v", copies, err)
	}
	if text, err := os.ReadFile(copies[0]); err != nil || strings.Count(string(text), "BEGIN:VEVENT") < 3 || !strings.Contains(string(text), "SUMMARY:past") {
		t.Errorf("the copy: %v\n%s", err, text)
	}
	if got := said(0, "people", "left"); !strings.Contains(got, "Nothing") {
		t.Errorf("afterwards:\n%s", got)
	}
	_, copyOf, _ := in.do(t, "GET", "/calendars/users/grace/calendar/", "grace", "")
	for uid, want := range map[string]string{"past": "", "ahead": "STATUS:CANCELLED", "series": "UNTIL="} {
		_, event, _ := strings.Cut(copyOf, "UID:"+uid)
		event, _, _ = strings.Cut(event, "END:VEVENT")
		if event == "" || !strings.Contains(event, want) || want == "" && strings.Contains(event, "CANCELLED") {
			t.Errorf("grace's copy of %s: no %q in %s", uid, want, event)
		}
	}
	if status, _, _ := in.do(t, "GET", "/calendars/__uids__/"+guid+"/calendar/", "grace", ""); status != 404 {
		t.Errorf("her calendar: %d", status)
	}
	if got := said(0, "audit", "--format", "jsonl"); !strings.Contains(got, `"left.erased"`) || strings.Contains(got, "Ada Byron") {
		t.Errorf("the record:\n%s", got)
	}
	h := s.open(t)
	if all, err := h.store.Holders(t.Context()); err != nil || slices.Contains(all, guid) {
		t.Errorf("something is kept: %v", err)
	}
	for _, bucket := range []string{"delegates", shelfBucket} {
		values, err := h.store.Values(t.Context(), bucket)
		if err != nil || bucket == shelfBucket && len(values) == 0 {
			t.Error(bucket, len(values), err)
		}
		for key, value := range values {
			if strings.Contains(key+string(value), guid) {
				t.Errorf("%s has her still: %s", bucket, key)
			}
		}
	}
}

// guidOf is a person's GUID, by the principal that the name leads to.
func (in *instance) guidOf(t *testing.T, name string) string {
	t.Helper()
	_, body, _ := in.do(t, "PROPFIND", "/principals/users/"+name+"/", name, `<propfind xmlns="DAV:"><prop><principal-URL/></prop></propfind>`, "Depth", "0")
	_, guid, _ := strings.Cut(body, "<D:principal-URL><D:href>/principals/__uids__/")
	guid, _, _ = strings.Cut(guid, "/")
	if guid == "" {
		t.Fatalf("no GUID of %s in %s", name, body)
	}
	return strings.ToLower(guid)
}

func TestNobodyIsErasedWhileTheDirectoryIsInDoubt(t *testing.T) {
	s, h := adaHasLeft(t)
	all, err := h.store.Departed(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "ada" || !slices.Contains(all[0].Mails, mailOf["ada"]) {
		t.Fatalf("got %+v, %v; want ada by her last name", all, err)
	}
	s.directory.Close() // the directory is down
	for _, args := range [][]string{{"people", "erase", "ada", "--yes"}, {"people", "erase", "--older-than", "0d", "--yes"}, {"people", "left"}} {
		if status, out := s.command(t, args...); status != exitFailed || !strings.Contains(out, "not read whole") {
			t.Errorf("%v: %d %s", args, status, out)
		}
	}
	if err := h.people.Refresh(t.Context()); err == nil {
		t.Fatal("the directory answers")
	}
	if err := h.store.Write(t.Context(), h.askFor(all[0].Owner)); err != nil {
		t.Fatal(err)
	}
	if err := h.leavers.work(t.Context()); err == nil || !strings.Contains(err.Error(), "not read whole") {
		t.Errorf("got %v", err)
	}
	if _, err := h.store.Home(t.Context(), all[0].Owner); err != nil {
		t.Errorf("her home: %v", err)
	}
}

func TestWhoIsBackIsNotErasedAndWhoLeftLongAgoIsErasedByItself(t *testing.T) {
	s := newSite(t, "[records]\nerase_left_days = 30\n")
	h := s.open(t)
	for _, name := range []string{"ada", "grace"} {
		if _, err := h.calendarsOf(t, name); err != nil {
			t.Fatal(err)
		}
	}
	s.leave(t, "ada")
	s.open(t)
	later := time.Now()
	s.now = func() time.Time { return later }
	look := func() *house {
		t.Helper()
		h := s.open(t)
		for _, step := range []func() error{
			func() error { return h.leavers.lookForAll(t.Context()) }, func() error { return h.leavers.askForOld(t.Context()) }, func() error { return h.leavers.work(t.Context()) },
		} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		return h
	}
	later = later.AddDate(0, 0, 29)
	if all, err := look().store.Departed(t.Context()); err != nil || len(all) != 1 {
		t.Fatalf("after 29 days: %+v, %v", all, err)
	}
	edit(t, s.config, "(!(uid=ada))", "(uid=*)") // she is back, and leaves again
	if all, err := look().store.Departed(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("when she is back: %+v, %v", all, err)
	}
	edit(t, s.config, "(uid=*)", "(!(uid=ada))")
	later = later.AddDate(0, 0, 2)
	ada := look()
	all, err := ada.store.Departed(t.Context())
	if err != nil || len(all) != 1 || !all[0].Asked.IsZero() {
		t.Fatalf("two days after she left again: %+v, %v", all, err)
	}
	later = later.AddDate(0, 0, 31)
	h = look()
	if left, err := h.store.Departed(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("after 31 days: %+v, %v", left, err)
	}
	owners, err := h.store.Owners(t.Context())
	if err != nil || len(owners) != 1 || owners[0] == all[0].Owner {
		t.Errorf("homes: %q, %v", owners, err)
	}
}

// A sign-in that is written down late does not bring somebody back who has been erased.
func TestALateSignInOfWhoIsGoneIsNotKept(t *testing.T) {
	s := newSite(t, "")
	h := s.open(t)
	there, err := h.findPerson("ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.records.keepUses(t.Context(), []signin.Use{{Owner: "gone-guid", Client: "iOS", Succeeded: time.Now()}, {Owner: there.GUID, Client: "iOS", Succeeded: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	owners, err := h.store.Holders(t.Context())
	if err != nil || len(owners) != 1 || owners[0] != strings.ToLower(there.GUID) {
		t.Errorf("got %q, %v, want ada only", owners, err)
	}
}

// calendarsOf makes a person's home.
func (h *house) calendarsOf(t *testing.T, name string) (int, error) {
	t.Helper()
	p, err := h.findPerson(name)
	if err != nil {
		return 0, err
	}
	visitor, err := h.departedVisitor(p)
	if err != nil {
		return 0, err
	}
	all, err := visitor.Calendars(t.Context())
	return len(all), err
}

// askFor orders that somebody be erased.
func (h *house) askFor(owner string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		_, err := tx.AskErasing([]string{owner}, "test", false)
		return err
	}
}
