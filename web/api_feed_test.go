package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"calport/directory"
	"calport/directory/signin"
	"calport/server/store"
)

// storeNews joins the store as package cmd does.
type storeNews struct{ *store.Store }

func (s storeNews) ProfileNews(ctx context.Context, after int64, limit int) (news []ProfileNews, latest int64, err error) {
	found, latest, err := s.Store.ProfileNews(ctx, after, limit)
	for _, f := range found {
		news = append(news, ProfileNews{Owner: f.Owner, Name: f.Name, Removed: f.Digest == "", Revision: f.Revision, Born: f.Born})
	}
	return news, latest, err
}

// feed notes everybody's profile.
func (h *house) feed(t *testing.T) {
	t.Helper()
	var all []store.ProfileNews
	for p := range h.live.Snapshot().All(directory.Individual) {
		all = append(all, store.ProfileNews{Owner: strings.ToLower(p.GUID), Name: p.ShortName, Digest: "1"})
	}
	h.news(t, all...)
}

func (h *house) news(t *testing.T, news ...store.ProfileNews) {
	t.Helper()
	if _, err := h.store.NoteProfiles(t.Context(), news); err != nil {
		t.Fatal(err)
	}
}

func (h *house) group(t *testing.T, name string) (guid string) {
	t.Helper()
	g := h.live.Snapshot().ByName(directory.Group, name)
	if g == nil {
		t.Fatalf("there is no group %s", name)
	}
	return g.GUID
}

func TestEventsTellWhatHasChangedSince(t *testing.T) {
	h := build(t, plan{})
	h.feed(t)
	secret, _ := h.token(t, "mdm", ScopeList)
	b := h.browser(t)
	ask := func(path string) (page eventPage, lines []string) {
		b.get(path, "Authorization", "Bearer "+secret).wants(t, http.StatusOK).decode(t, &page)
		for _, e := range page.Events {
			lines = append(lines, e.Change+" "+e.Person)
		}
		return page, lines
	}
	var names []string
	after := int64(0)
	for more := true; more; {
		page, lines := ask(fmt.Sprintf("/api/v1/events?after=%d&limit=7", after))
		names, after, more = append(names, lines...), page.After, page.More
	}
	if people := h.live.Snapshot().Count(directory.Individual); len(names) != people || names[0][:6] != "added " || after != int64(people) {
		t.Errorf("%d events up to %d, want %d: %q", len(names), after, people, names)
	}
	ada, karen := strings.ToLower(h.person(t, "ada").GUID), strings.ToLower(h.person(t, "karen").GUID)
	h.news(t, store.ProfileNews{Owner: ada, Name: "ada", Digest: "2"}, store.ProfileNews{Owner: karen, Name: "karen"}, store.ProfileNews{Owner: "gone", Name: "gustav", Digest: "1"})
	h.news(t, store.ProfileNews{Owner: "gone"})
	page, lines := ask(fmt.Sprintf("/api/v1/events?after=%d", after))
	slices.Sort(lines)
	if !slices.Equal(lines, []string{"changed ada", "removed gustav", "removed karen"}) || page.More || page.Latest != page.After {
		t.Errorf("got %q, %+v", lines, page)
	}

	// The list knows the same, and begins where the events end.
	var list listPage
	b.get(fmt.Sprintf("/api/v1/profiles?since=%d", after), "Authorization", "Bearer "+secret).wants(t, http.StatusOK).decode(t, &list)
	if len(list.Items) != 1 || list.Items[0].Person != "ada" || list.Items[0].Revision == 0 || len(list.Removed) != 2 || list.Revision != page.Latest || list.Next != nil {
		t.Errorf("got %+v", list)
	}
	b.get(fmt.Sprintf("/api/v1/profiles?since=%d", list.Revision), "Authorization", "Bearer "+secret).decode(t, &list)
	if len(list.Items)+len(list.Removed) != 0 {
		t.Errorf("nothing has changed, got %+v", list)
	}

	// A token of a group hears of its members, and of the others nothing.
	few := h.groupToken(t, h.group(t, "engineering"), ScopeList)
	b.get(fmt.Sprintf("/api/v1/events?after=%d", after), "Authorization", "Bearer "+few).wants(t, http.StatusOK).
		says(t, `"ada"`).silent(t, "karen", karen, "gustav").decode(t, &page)
	if len(page.Events) != 2 { // ada, and the GUID of somebody who has left
		t.Errorf("got %+v", page.Events)
	}

	b.get("/api/v1/events?after=99999", "Authorization", "Bearer "+secret).wants(t, http.StatusGone).says(t, "revision-unknown")
	b.get("/api/v1/events?after=-1", "Authorization", "Bearer "+secret).wants(t, http.StatusBadRequest)
	b.get("/api/v1/profiles?since=x", "Authorization", "Bearer "+secret).wants(t, http.StatusBadRequest)
}

// lookedAt tells when the feed has been looked at.
type lookedAt struct {
	News
	looked chan struct{}
}

func (l lookedAt) ProfileNews(ctx context.Context, after int64, limit int) ([]ProfileNews, int64, error) {
	news, latest, err := l.News.ProfileNews(ctx, after, limit)
	select {
	case l.looked <- struct{}{}:
	default:
	}
	return news, latest, err
}

func TestEventsMayBeWaitedFor(t *testing.T) {
	looked, ending := make(chan struct{}), make(chan struct{})
	h := build(t, plan{change: func(o *Options) { o.News, o.Ending = lookedAt{o.News, looked}, ending }})
	secret, _ := h.token(t, "mdm", ScopeList)
	b := h.browser(t)
	var page eventPage
	b.get("/api/v1/events?limit=1000", "Authorization", "Bearer "+secret).decode(t, &page)
	waiting := func(after int64) chan answer {
		answers := make(chan answer, 1)
		go func() {
			answers <- b.get(fmt.Sprintf("/api/v1/events?after=%d&wait=60", after), "Authorization", "Bearer "+secret)
		}()
		<-looked
		return answers
	}
	answers := waiting(page.Latest)
	h.news(t, store.ProfileNews{Owner: strings.ToLower(h.person(t, "ada").GUID), Name: "ada", Digest: "2"})
	(<-answers).wants(t, http.StatusOK).says(t, `"ada"`).decode(t, &page)

	answers = waiting(page.Latest)
	close(ending)
	(<-answers).wants(t, http.StatusOK).says(t, `"events":[]`)
	b.get("/api/v1/events?wait=61", "Authorization", "Bearer "+secret).wants(t, http.StatusBadRequest)
}

func TestListSincePagesByRevision(t *testing.T) {
	h := build(t, plan{})
	h.feed(t)
	secret, _ := h.token(t, "mdm", ScopeList)
	b := h.browser(t)
	seen := map[string]int{}
	path := "/api/v1/profiles?since=0&limit=7"
	for pages := 0; pages < 20; pages++ {
		var page listPage
		b.get(path, "Authorization", "Bearer "+secret).wants(t, http.StatusOK).decode(t, &page)
		for _, i := range page.Items {
			seen[i.Person]++
		}
		if page.Next == nil {
			break
		}
		path = "/api/v1/profiles?since=0&limit=7&cursor=" + *page.Next
	}
	for p := range h.live.Snapshot().All(directory.Individual) {
		if seen[p.ShortName] != 1 {
			t.Errorf("%s is listed %d times", p.ShortName, seen[p.ShortName])
		}
	}
}

func TestListOfAGroupAndOfAPerson(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", ScopeList)
	b := h.browser(t)
	var page listPage
	people := h.live.Snapshot()
	b.get("/api/v1/profiles?group=engineering", "Authorization", "Bearer "+secret).wants(t, http.StatusOK).decode(t, &page)
	if len(page.Items) == 0 || len(page.Items) == people.Count(directory.Individual) {
		t.Fatalf("%d members", len(page.Items))
	}
	for n, i := range page.Items {
		if !people.IsMember(i.GUID, h.group(t, "engineering")) || !slices.Contains(i.Groups, "engineering") || n > 0 && page.Items[n-1].Person >= i.Person {
			t.Errorf("%s is listed, of %q", i.Person, i.Groups)
		}
	}
	b.get("/api/v1/profiles?user=nobody", "Authorization", "Bearer "+secret).wants(t, http.StatusNotFound)
	b.get("/api/v1/profiles?user=ada", "Authorization", "Bearer "+secret).decode(t, &page)
	if len(page.Items) != 1 || page.Items[0].Person != "ada" {
		t.Errorf("got %+v", page.Items)
	}
	b.get("/api/v1/profiles?group=nobody", "Authorization", "Bearer "+secret).wants(t, http.StatusBadRequest)
}

func TestNanoCMDShapes(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", ScopeList, ScopeRead)
	b := h.browser(t)
	var all map[string]nanoProfile
	b.get("/v1/profiles", "Authorization", "Bearer "+secret).wants(t, http.StatusOK).decode(t, &all)
	if len(all) != h.live.Snapshot().Count(directory.Individual) {
		t.Errorf("%d profiles", len(all))
	}
	for name, of := range all { // zoë among them, by her GUID
		b.get("/v1/profile/"+name, "Authorization", "Bearer "+secret).wants(t, http.StatusOK).
			header(t, "Content-Type", "application/x-apple-aspen-config").says(t, "<string>"+of.UUID+"</string>", "<string>"+of.Identifier+"</string>")
	}
	var some map[string]nanoProfile
	b.get("/v1/profiles?name=ada&name=nobody", "Authorization", "Bearer "+secret).decode(t, &some)
	if len(some) != 1 || some["ada"] != all["ada"] {
		t.Errorf("got %v", some)
	}
	if text := b.get("/v1/profiles?name=nobody", "Authorization", "Bearer "+secret).wants(t, http.StatusOK).body; text != "{\n}\n" {
		t.Errorf("of nobody: %q", text)
	}
}

func TestDeclarationsOfAPerson(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	secret, _ := h.token(t, "mdm", Scopes...)
	b := h.browser(t)
	var list declarationList
	b.get("/api/v1/ddm/ada/declarations", "Authorization", "Bearer "+secret).wants(t, http.StatusOK).decode(t, &list)
	if len(list.Declarations) != 3 || list.Documents != nil {
		t.Fatalf("got %+v", list)
	}
	var reference struct {
		Reference struct {
			DataURL string
			Size    int
			Hash    string `json:"Hash-SHA-256"`
		}
	}
	for _, d := range list.Declarations {
		one := b.get("/api/v1/ddm/ada/declarations/"+d.Identifier, "Authorization", "Bearer "+secret).wants(t, http.StatusOK)
		var again declaration
		if one.decode(t, &again); again.ServerToken != d.ServerToken || one.Header.Get("ETag") == "" {
			t.Errorf("%s: got %+v", d.Identifier, again)
		}
		b.get("/api/v1/ddm/ada/declarations/"+d.Identifier, "Authorization", "Bearer "+secret, "If-None-Match", one.Header.Get("ETag")).wants(t, http.StatusNotModified)
		b.get("/api/v1/ddm/grace/declarations/"+d.Identifier, "Authorization", "Bearer "+secret).wants(t, http.StatusNotFound)
	}
	if err := json.Unmarshal(list.Declarations[0].Payload, &reference); err != nil {
		t.Fatal(err)
	}
	at := strings.Index(reference.Reference.DataURL, "/api/v1/ddm/")
	document := b.get(reference.Reference.DataURL[at:], "Authorization", "Bearer "+secret).wants(t, http.StatusOK).header(t, "Content-Type", "application/json")
	if sum := sha256.Sum256([]byte(document.body)); document.body != `{"UserName":"ada"}` || len(document.body) != reference.Reference.Size || hex.EncodeToString(sum[:]) != reference.Reference.Hash {
		t.Errorf("the document %q is not as %+v says", document.body, reference.Reference)
	}
	b.get("/api/v1/ddm/ada/credential/"+list.Declarations[1].Identifier, "Authorization", "Bearer "+secret).wants(t, http.StatusNotFound)

	b.do(http.MethodPost, "/api/v1/ddm/ada/declarations", nil, "Authorization", "Bearer "+secret).wants(t, http.StatusBadRequest)
	made := b.do(http.MethodPost, "/api/v1/ddm/ada/declarations?device=C02XK1", nil, "Authorization", "Bearer "+secret).wants(t, http.StatusCreated).header(t, "Cache-Control", "no-store")
	var with declarationList
	made.decode(t, &with)
	c := with.Documents[with.Declarations[0].Identifier]
	if p, err := h.store.AppPasswordByHash(t.Context(), hashOf(c.Password)); err != nil || !p.Valid(h.clock.now()) || c.UserName != "ada" {
		t.Errorf("got %+v, %v", c, err)
	}
	text, err := json.Marshal(c)
	if err != nil || json.Unmarshal(with.Declarations[0].Payload, &reference) != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256([]byte(fmt.Sprintf(`{"Password":%q,"UserName":"ada"}`, c.Password))); hex.EncodeToString(sum[:]) != reference.Reference.Hash {
		t.Errorf("the document %s has another digest than the declaration says", text)
	}
}
