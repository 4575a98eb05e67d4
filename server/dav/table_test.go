package dav

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// thing is a resource for the tests: a file or a folder with a bag of
// properties.
type thing struct {
	kind  Kind
	name  string
	etag  string
	text  string
	dead  map[Name]string
	fault error
}

const (
	file Kind = 1 << iota
	folder
)

const needsData Needs = 1

func (r *thing) Kind() Kind { return r.kind }
func (r *thing) Dead(n Name) (string, bool) {
	text, ok := r.dead[n]
	return text, ok
}
func (r *thing) DeadNames(yield func(Name) bool) {
	names := make([]Name, 0, len(r.dead))
	for n := range r.dead {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b Name) int { return strings.Compare(a.Local, b.Local) })
	for _, n := range names {
		if !yield(n) {
			return
		}
	}
}
func (r *thing) SetDead(n Name, text string) error {
	if text == "" {
		delete(r.dead, n)
		return nil
	}
	if n.Local == "huge" {
		return &Error{Status: http.StatusInsufficientStorage, Detail: "too large"}
	}
	r.dead[n] = text
	return nil
}

var things = Table[*thing]{
	{Name: ResourceType, On: file | folder, All: true, Get: func(w *Writer, asked *Element, r *thing) error {
		if r.kind == file {
			w.Empty(asked.Name)
			return nil
		}
		w.Start(asked.Name)
		w.Empty(Collection)
		w.End(asked.Name)
		return nil
	}, Make: func(r *thing, value *Element) error {
		if value.Child(Collection) == nil {
			return Forbidden(ValidResourceType)
		}
		return nil
	}},
	{Name: GetETag, On: file, All: true, Get: func(w *Writer, asked *Element, r *thing) error {
		if r.etag == "" {
			w.Start(asked.Name) // taken back
			return ErrNoProperty
		}
		w.Start(asked.Name)
		w.ETag(r.etag)
		w.End(asked.Name)
		return nil
	}},
	{Name: DisplayName, On: folder, Get: func(w *Writer, asked *Element, r *thing) error {
		if text, ok := r.dead[asked.Name]; ok {
			w.Raw(text)
			return nil
		}
		return ErrNoProperty
	}, Set: func(r *thing, value *Element) error {
		if value == nil {
			delete(r.dead, DisplayName)
			return nil
		}
		r.dead[DisplayName] = value.XML()
		return nil
	}},
	{Name: CalendarData, On: file, Needs: needsData, Hidden: true, Get: func(w *Writer, asked *Element, r *thing) error {
		w.TextElement(asked.Name, r.text)
		return nil
	}},
	{Name: ACL, On: file | folder, Get: func(*Writer, *Element, *thing) error {
		return NeedPrivilege("/x", ReadACL)
	}},
	{Name: Owner, On: folder, Get: func(w *Writer, asked *Element, r *thing) error { return r.fault }},
}

func find(t *testing.T, props string) *PropFind {
	t.Helper()
	q, err := ReadPropFind(mustRead(t, `<propfind xmlns="DAV:" xmlns:C="`+CalDAV+`" xmlns:x="urn:x">`+props+`</propfind>`))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// answered is the multi-status answer, as a tree.
func answered(t *testing.T, write func(*Writer) error) (*httptest.ResponseRecorder, *Element) {
	t.Helper()
	rec := httptest.NewRecorder()
	if err := WriteMultiStatus(rec, write); err != nil {
		t.Fatal(err)
	}
	return rec, mustRead(t, rec.Body.String())
}

// states lists "status name name" for each propstat of a response.
func states(response *Element) (all []string) {
	for _, propstat := range response.Children {
		if propstat.Name != d("propstat") {
			continue
		}
		state := strings.Fields(propstat.Child(d("status")).Text)[1]
		for _, p := range propstat.Child(Prop).Children {
			state += " " + p.Name.Local
		}
		all = append(all, state)
	}
	return all
}

func TestRespondGroupsPropertiesByStatus(t *testing.T) {
	a := func() *thing {
		return &thing{kind: file, etag: "e", dead: map[Name]string{{Space: "urn:x", Local: "note"}: `<x:note xmlns:x="urn:x">n</x:note>`}}
	}
	bare := &thing{kind: file}
	dir := &thing{kind: folder, dead: map[Name]string{DisplayName: `<D:displayname xmlns:D="DAV:">d</D:displayname>`}}
	for _, test := range []struct {
		name, props string
		minimal     bool
		r           *thing
		want        []string
	}{
		{"found and missing", `<prop><getetag/><displayname/><x:note/><x:none/></prop>`, false, a(), []string{"200 getetag note", "404 displayname none"}},
		{"only missing", `<prop><getetag/><x:none/></prop>`, false, bare, []string{"404 getetag none"}},
		{"minimal", `<prop><getetag/><x:none/></prop>`, true, a(), []string{"200 getetag"}},
		{"minimal and only missing", `<prop><x:none/></prop>`, true, bare, []string{"200"}},
		{"forbidden", `<prop><getetag/><acl/></prop>`, false, a(), []string{"200 getetag", "403 acl"}},
		{"minimal and forbidden", `<prop><acl/></prop>`, true, a(), []string{"200", "403 acl"}},
		{"nothing asked", `<prop/>`, false, a(), []string{"200"}},
		{"asked twice", `<prop><getetag/><getetag/></prop>`, false, a(), []string{"200 getetag"}},
		{"allprop", `<allprop/>`, false, a(), []string{"200 resourcetype getetag note"}},
		{"allprop of what lacks some", `<allprop/>`, false, bare, []string{"200 resourcetype"}},
		{"allprop of a folder", `<allprop/>`, false, dir, []string{"200 resourcetype"}},
		{"include", `<allprop/><include><x:note/><displayname/></include>`, false, a(), []string{"200 resourcetype getetag note", "404 displayname"}},
		{"propname", `<propname/>`, false, a(), []string{"200 resourcetype getetag note"}},
		{"propname of a folder", `<propname/>`, false, &thing{kind: folder, dead: dir.dead, fault: ErrNoProperty}, []string{"200 resourcetype displayname"}},
	} {
		_, root := answered(t, func(w *Writer) error {
			return things.Select(find(t, test.props), test.minimal).Respond(w, "/x", test.r)
		})
		if got := states(root.Children[0]); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestRespondCopiesADeadPropertyUnchanged(t *testing.T) {
	note := mustRead(t, `<x:note xmlns:x="urn:x" xml:lang="de">a <b q="1">c</b>&#13;</x:note>`)
	r := &thing{kind: file, dead: make(map[Name]string)}
	outcome, err := things.Update(r, []Change{{Value: note}})
	if err != nil || !outcome.OK() {
		t.Fatalf("got %v, %v", outcome, err)
	}
	_, root := answered(t, func(w *Writer) error {
		return things.Select(&PropFind{Props: []*Element{New(note.Name)}}, false).Respond(w, "/x", r)
	})
	got := root.Children[0].Child(d("propstat")).Child(Prop).Children[0]
	if !sameInfoset(got, note) {
		t.Errorf("got %s, want %s", got.XML(), note.XML())
	}
}

func TestSelectionSaysWhatItNeeds(t *testing.T) {
	data := things.Select(find(t, `<prop><C:calendar-data/></prop>`), false)
	if got := data.Needs(file); got != needsData {
		t.Errorf("calendar-data of files needs %b", got)
	}
	if got := data.Needs(folder); got != 0 {
		t.Errorf("calendar-data of folders needs %b", got)
	}
	if got := things.Select(find(t, `<propname/>`), false).Needs(file); got != 0 {
		t.Errorf("propname needs %b", got)
	}
	etag := things.Select(find(t, `<prop><getetag/></prop>`), false)
	if etag.NeedsDead(file) || !etag.NeedsDead(folder) {
		t.Error("getetag is live on files and dead on folders")
	}
}

func TestUpdateIsAtomic(t *testing.T) {
	body := func(changes string) []Change {
		c, err := ReadPropertyUpdate(mustRead(t, `<propertyupdate xmlns="DAV:" xmlns:x="urn:x">`+changes+`</propertyupdate>`))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, test := range []struct {
		name, changes string
		ok            bool
		want          []string
	}{
		{"live and dead", `<set><prop><displayname>n</displayname><x:a/></prop></set>`, true, []string{"200 displayname a"}},
		{"removal of what is not there", `<remove><prop><x:a/></prop></remove>`, true, []string{"200 a"}},
		{"protected", `<set><prop><x:a/><resourcetype/></prop></set>`, false, []string{"403 resourcetype", "424 a"}},
		{"protected alone", `<remove><prop><resourcetype/></prop></remove>`, false, []string{"403 resourcetype"}},
		{"two reasons", `<set><prop><x:huge/><resourcetype/><acl/></prop></set>`, false, []string{"507 huge", "403 resourcetype acl"}},
	} {
		outcome, err := things.Update(&thing{kind: folder, dead: make(map[Name]string)}, body(test.changes))
		if err != nil {
			t.Fatal(err)
		}
		if outcome.OK() != test.ok {
			t.Errorf("%s: OK is %v", test.name, outcome.OK())
		}
		_, root := answered(t, func(w *Writer) error { outcome.Respond(w, "/x"); return nil })
		if got := states(root.Children[0]); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	protected, _ := things.Update(&thing{kind: folder}, body(`<set><prop><acl/></prop></set>`))
	_, root := answered(t, func(w *Writer) error { protected.Respond(w, "/x"); return nil })
	if root.Children[0].Child(d("propstat")).Child(errorElement).Child(CannotModifyProtectedProperty) == nil {
		t.Error("the condition is not named")
	}
}

func TestMakeSetsWhatIsProtectedLater(t *testing.T) {
	changes, err := ReadMake(mustRead(t, `<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/></resourcetype><displayname>n</displayname></prop></set></mkcol>`), MkCol)
	if err != nil {
		t.Fatal(err)
	}
	r := &thing{kind: folder, dead: make(map[Name]string)}
	if outcome, err := things.Make(r, changes); err != nil || !outcome.OK() {
		t.Errorf("got %+v, %v", outcome, err)
	}
	if r.dead[DisplayName] == "" {
		t.Error("displayname is not set")
	}
}

func TestChangesInheritTheLanguage(t *testing.T) {
	changes, err := ReadPropertyUpdate(mustRead(t, `<propertyupdate xmlns="DAV:" xml:lang="en"><set xml:lang="de"><prop><a xmlns="u"/><b xmlns="u" xml:lang="fr"/></prop></set></propertyupdate>`))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"de", "fr"} {
		if got := language(changes[i].Value); got == nil || got.Value != want {
			t.Errorf("property %d has language %v, want %s", i, got, want)
		}
	}
}

func TestRequestsAreRefusedWithAReason(t *testing.T) {
	many := `<propfind xmlns="DAV:"><prop>` + strings.Repeat("<a/>", maxProps+1) + `</prop></propfind>`
	for _, body := range []string{
		`<propfind/>`, `<propfind xmlns="DAV:"/>`, `<prop xmlns="DAV:"/>`, many,
		`<propfind xmlns="DAV:"><prop/><allprop/></propfind>`, `<propfind xmlns="DAV:"><propname/><allprop/></propfind>`,
	} {
		var e *Error
		if _, err := ReadPropFind(mustRead(t, body)); !errors.As(err, &e) || e.Status != 400 || e.Detail == "" {
			t.Errorf("%.60s: got %v", body, err)
		}
	}
	for _, body := range []string{`<propertyupdate xmlns="DAV:"/>`, `<a/>`} {
		if _, err := ReadPropertyUpdate(mustRead(t, body)); err == nil {
			t.Errorf("%s is accepted", body)
		}
	}
	if _, err := ReadPropertyUpdate(nil); err == nil {
		t.Error("an empty PROPPATCH is accepted")
	}
	if _, err := ReadMake(mustRead(t, `<mkcol xmlns="DAV:"/>`), MkCalendar); err == nil {
		t.Error("a mkcol body is accepted for MKCALENDAR")
	}
	if q, err := ReadPropFind(nil); err != nil || !q.All {
		t.Errorf("an empty PROPFIND is %v, %v, want allprop", q, err)
	}
}

func TestAnswerStreams(t *testing.T) {
	rec := &chunks{ResponseRecorder: httptest.NewRecorder()}
	err := WriteMultiStatus(rec, func(w *Writer) error {
		s := things.Select(find(t, `<prop><getetag/></prop>`), false)
		for i := range 5000 {
			if err := s.RespondMember(w, "/c/", fmt.Sprintf("é%d.ics", i), &thing{kind: file, etag: "e"}); err != nil {
				return err
			}
		}
		w.ResponseMember("/c/", "gone", http.StatusNotFound)
		w.Response("/c/", http.StatusInsufficientStorage)
		w.SyncToken("urn:t")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if rec.largest > 2*flushSize || rec.count < 10 {
		t.Errorf("%d writes, the largest of %d bytes", rec.count, rec.largest)
	}
	root := mustRead(t, rec.Body.String())
	if len(root.Children) != 5003 || root.Child(SyncToken).Text != "urn:t" {
		t.Errorf("%d children", len(root.Children))
	}
	if got := root.Children[4999].Child(Href).Text; got != "/c/%C3%A94999.ics" {
		t.Errorf("href %q", got)
	}
}

type chunks struct {
	*httptest.ResponseRecorder
	count, largest int
}

func (c *chunks) Write(p []byte) (int, error) {
	c.count++
	c.largest = max(c.largest, len(p))
	return c.ResponseRecorder.Write(p)
}

func TestAnswerThatFailsEarlyLeavesRoomForTheError(t *testing.T) {
	rec := httptest.NewRecorder()
	fault := errors.New("disk on fire")
	err := WriteMultiStatus(rec, func(w *Writer) error {
		return things.Select(find(t, `<prop><owner/></prop>`), false).Respond(w, "/x", &thing{kind: folder, fault: fault})
	})
	if !errors.Is(err, fault) || errors.Is(err, ErrAborted) {
		t.Fatalf("got %v", err)
	}
	WriteError(rec, err)
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "fire") {
		t.Errorf("got %d %q", rec.Code, rec.Body)
	}
}

func TestAnswerThatFailsLateBreaksTheConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		err := WriteMultiStatus(rw, func(w *Writer) error {
			w.TextElement(DisplayName, strings.Repeat("x", flushSize))
			if err := w.Checkpoint(); err != nil {
				return err
			}
			return errors.New("late")
		})
		WriteError(rw, err)
	}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err == nil {
		defer resp.Body.Close()
		_, err = http.MaxBytesReader(nil, resp.Body, 1<<20).Read(make([]byte, 1))
		for err == nil {
			_, err = resp.Body.Read(make([]byte, 4096))
		}
	}
	if err == nil || err.Error() == "EOF" {
		t.Errorf("the client reads to a clean end: %v", err)
	}
}

func TestWriteErrorSaysOnlyWhatIsMeant(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		body   string
	}{
		{Forbidden(ValidSyncToken), 403, "<D:valid-sync-token/>"},
		{Forbidden(NoUIDConflict, NewHref("/a&b")), 403, "<C:no-uid-conflict><D:href>/a&amp;b</D:href></C:no-uid-conflict>"},
		{NeedPrivilege("/x", Write), 403, "<D:need-privileges><D:resource><D:href>/x</D:href><D:privilege><D:write/></D:privilege></D:resource></D:need-privileges>"},
		{Status(404), 404, "404 Not Found"},
		{BadRequest("no %s", "sense"), 400, "no sense"},
		{fmt.Errorf("wrapped: %w", Status(409)), 409, "409 Conflict"},
		{fmt.Errorf("wrapped: %w: line 3", ErrMalformed), 400, "line 3"},
		{ErrTooLarge, 413, "413"},
		{&http.MaxBytesError{Limit: 7}, 413, "7 bytes"},
		{errors.New("password is hunter2"), 500, "500 Internal Server Error\n"},
		{&Error{Status: 405, Header: http.Header{"Allow": {"GET"}}}, 405, "405"},
	} {
		rec := httptest.NewRecorder()
		WriteError(rec, test.err)
		if rec.Code != test.status || !strings.Contains(rec.Body.String(), test.body) || strings.Contains(rec.Body.String(), "hunter2") {
			t.Errorf("%v: got %d %q", test.err, rec.Code, rec.Body)
		}
		if test.status == 405 && rec.Header().Get("Allow") != "GET" {
			t.Error("the error's header is lost")
		}
	}
}

func TestTextIsEscapedSoThatXMLKeepsIt(t *testing.T) {
	var w Writer
	w.TextElement(DisplayName, "a&b<c>]]>\r\n\t\"é🗓\x00\x1b\xff\xef\xbf\xbf")
	want := "<D:displayname>a&amp;b&lt;c&gt;]]&gt;&#13;\n\t\"é🗓\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD</D:displayname>"
	if got := string(w.buf); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestForeignNamesAreDeclaredWhereTheyStand(t *testing.T) {
	_, root := answered(t, func(w *Writer) error {
		w.Start(Name{Space: "urn:a", Local: "a"})
		w.Empty(Name{Space: "urn:b&", Local: "b"})
		w.Empty(Name{Local: "none"})
		w.End(Name{Space: "urn:a", Local: "a"})
		return nil
	})
	a := root.Children[0]
	if a.Name.Space != "urn:a" || a.Children[0].Name.Space != "urn:b&" || a.Children[1].Name.Space != "" {
		t.Errorf("got %s", root.XML())
	}
}

func TestPrivilegesAggregate(t *testing.T) {
	for _, test := range []struct {
		have, want Privilege
		ok         bool
	}{
		{All, Write | ScheduleSendReply, true},
		{Write, Bind | Unbind | WriteContent | WriteProperties, true},
		{Bind | Unbind | WriteContent | WriteProperties, Write, true},
		{Bind | Unbind | WriteContent, Write, false},
		{Read, ReadFreeBusy, true},
		{ReadFreeBusy, Read, false},
		{Read, ReadACL, false},
		{0, 0, true},
	} {
		if got := test.have.Contains(test.want); got != test.ok {
			t.Errorf("%b contains %b: got %v", test.have, test.want, got)
		}
	}
	if privilegeNamed(c("read-free-busy")) != ReadFreeBusy || privilegeNamed(d("fly")) != 0 {
		t.Error("names are not found")
	}
}

func TestSupportedPrivilegesIsATree(t *testing.T) {
	_, root := answered(t, func(w *Writer) error {
		w.SupportedPrivileges(Read | ReadFreeBusy | Write | WriteContent)
		w.Privileges(Read | Bind)
		return nil
	})
	all := root.Children[0]
	var under []string
	for _, p := range all.Children {
		if p.Name == supportedPrivilegeElement {
			under = append(under, p.Child(privilegeElement).Children[0].Name.Local)
		}
	}
	if !slices.Equal(under, []string{"read", "write"}) {
		t.Errorf("all has %q", under)
	}
	if got := len(root.Children); got != 3 {
		t.Errorf("%d elements, want the tree and two privileges", got)
	}
}
