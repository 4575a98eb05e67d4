package web

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// How many profiles a page of the list has.
const (
	defaultLimit = 500
	maxLimit     = 100_000
)

// listPage is a page of the list, as the document of the API describes it. It is streamed, never made whole.
type listPage struct {
	Items          []listed  `json:"items"`
	Skipped        []skipped `json:"skipped"`
	Removed        []removed `json:"removed"`          // with since only: who has no profile any more
	Revision       int64     `json:"revision"`         // of the latest change when the page was begun: since, the next time
	SignerNotAfter string    `json:"signer_not_after"` // RFC 3339; of the signing certificate
	Next           *string   `json:"next"`             // the cursor of the next page; null: this is the last
}

// listed is one profile of the list. SHA256 is that of the unsigned profile, hence its ETag too.
type listed struct {
	Person     string   `json:"person"` // short name
	GUID       string   `json:"guid"`
	Groups     []string `json:"groups"` // short names, groups that are reached through others included
	Platform   string   `json:"platform"`
	Identifier string   `json:"identifier"`
	UUID       string   `json:"uuid"`
	SHA256     string   `json:"sha256"`
	Href       string   `json:"href"`               // of the unsigned profile, from this origin
	SignedHref string   `json:"signed_href"`        // of the signed one
	Revision   int64    `json:"revision,omitempty"` // with since only: of the last change
}

// skipped is somebody who should have a profile and cannot.
type skipped struct {
	Person string `json:"person"`
	GUID   string `json:"guid"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// removed is somebody who has no profile any more.
type removed struct {
	GUID     string `json:"guid"`
	Revision int64  `json:"revision"`
}

// list is one run over a page of people.
type list struct {
	*site
	request  *http.Request
	token    Token
	renderer *export.Renderer
	people   *directory.Snapshot
	platform profiles.Platform
	limit    int
	page     []*directory.Principal
	next     string           // cursor; empty: the page is the last unless the limit cuts it short
	revision int64            // of the feed
	changed  map[string]int64 // with since: revisions by GUID in lower case
	removed  []removed
	out      *bufio.Writer
	items    int
	skipped  []skipped
}

// listProfiles streams a page. The cursor names the last person of the page, so that the pages of a changing directory
// neither repeat nor miss those who stay.
func (s *site) listProfiles(w http.ResponseWriter, r *http.Request, t Token) error {
	l := list{site: s, request: r, token: t, people: s.o.People(), limit: defaultLimit, out: bufio.NewWriterSize(w, 32<<10), skipped: []skipped{}, removed: []removed{}}
	if err := l.parameters(); err != nil {
		return err
	}
	var err error
	if l.renderer, err = s.o.Renderer(r.Context()); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", string(jsonType))
	h.Set("Cache-Control", "private, no-cache")
	if r.Method == http.MethodHead {
		return nil
	}
	err = l.write()
	if err = cmp.Or(err, l.out.Flush()); err != nil {
		s.o.Log.DebugContext(r.Context(), "the list was not read to its end", slog.Any("err", err))
		panic(http.ErrAbortHandler) // the status has been sent: the reader must not take what came for the whole
	}
	return nil
}

// parameters reads the query and finds whom the page is about.
func (l *list) parameters() (err error) {
	q := l.request.URL.Query()
	if l.platform, err = platformOf(l.request, profiles.Any); err != nil {
		return err
	}
	if l.limit, err = numberOf(q, "limit", defaultLimit, 1, maxLimit); err != nil {
		return err
	}
	within, err := l.within(q)
	if err != nil {
		return err
	}
	cursor := q.Get("cursor")
	if q.Has("since") {
		return l.changedSince(q, cursor, within)
	}
	if l.revision, err = l.latest(); err != nil || cursor == "" {
		l.page = within
		return err
	}
	after, err := parseCursor(cursor)
	if err != nil {
		return badParameter("cursor", cursor, cursorWords)
	}
	l.page = within[sort.Search(len(within), func(i int) bool { return after.before(positionOf(within[i])) }):]
	return nil
}

const cursorWords = "what the page before gave as next"

// within are the people whom the token and the query speak of, in their order.
func (l *list) within(q url.Values) ([]*directory.Principal, error) {
	if name := q.Get("user"); name != "" {
		p, err := l.token.person(l.people, name)
		if err != nil {
			return nil, err
		}
		return []*directory.Principal{p}, nil
	}
	all := l.roster.of(l.people)
	if len(l.token.Groups) > 0 {
		var reached []*directory.Principal
		for _, guid := range l.token.Groups {
			reached = append(reached, l.people.Members(guid)...)
		}
		all = inListOrder(reached)
	}
	name := q.Get("group")
	if name == "" {
		return all, nil
	}
	g := cmp.Or(l.people.ByName(directory.Group, name), l.people.ByGUID(strings.TrimPrefix(name, "guid:")))
	if g == nil || g.Kind != directory.Group {
		return nil, badParameter("group", name, "the short name of a group, or guid: and its GUID")
	}
	return inListOrder(slices.DeleteFunc(slices.Clone(l.people.Members(g.GUID)), func(p *directory.Principal) bool { return !l.token.reaches(l.people, p) })), nil
}

// inListOrder sorts people, and leaves out what is no person or there twice.
func inListOrder(all []*directory.Principal) []*directory.Principal {
	all = slices.DeleteFunc(all, func(p *directory.Principal) bool { return p.Kind != directory.Individual })
	slices.SortFunc(all, func(a, b *directory.Principal) int { return positionOf(a).compare(positionOf(b)) })
	return slices.Compact(all)
}

// write writes the page.
func (l *list) write() error {
	l.out.WriteString(`{"items":[`)
	last, err := l.writeItems()
	if err != nil {
		return err
	}
	var next *string
	if l.next != "" {
		next = &l.next
	} else if last != nil {
		cursor := positionOf(last).String()
		next = &cursor
	}
	l.out.WriteString("\n]")
	for _, part := range []struct {
		name  string
		value any
	}{
		{"skipped", l.skipped}, {"removed", l.removed}, {"revision", l.revision},
		{"signer_not_after", l.renderer.Signer.NotAfter().UTC().Format(timeForm)}, {"next", next},
	} {
		l.out.WriteString(`,"` + part.name + `":`)
		l.json(part.value)
	}
	_, err = l.out.WriteString("}\n")
	return err
}

// timeForm is RFC 3339 to the second.
const timeForm = "2006-01-02T15:04:05Z"

// batchOf is how many people are rendered before the limit is looked at again.
const batchOf = 4096

// writeItems writes until the page is full, and answers its last person; nil if everybody has been dealt with.
func (l *list) writeItems() (last *directory.Principal, err error) {
	left := l.page
	for count := 0; count < l.limit && len(left) > 0; {
		n := min(l.limit-count, len(left), batchOf)
		allowed := func(yield func(*directory.Principal) bool) {
			for _, p := range left[:n] {
				if l.o.Access.Profile.Allows(l.people, p) && !yield(p) {
					return
				}
			}
		}
		err := l.renderer.Each(l.request.Context(), allowed, l.platform, false, func(one export.Rendered) error {
			if l.add(one) {
				count++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		last, left = left[n-1], left[n:]
	}
	if len(left) == 0 {
		return nil, nil
	}
	return last, nil
}

func (l *list) json(value any) {
	text, err := json.Marshal(value)
	if err != nil { // strings and numbers only: cannot be
		l.o.Log.ErrorContext(l.request.Context(), "the list could not be encoded", "err", err)
		text = []byte("null")
	}
	l.out.Write(text)
}

// add writes a person's row, or notes why there is none. counts is false for those who are not meant to have a profile.
func (l *list) add(one export.Rendered) (counts bool) {
	p := one.Person
	if one.Err == nil {
		if l.items++; l.items > 1 {
			l.out.WriteByte(',')
		}
		l.out.WriteByte('\n')
		href := profileHref(p, l.platform)
		l.json(listed{
			Person: p.ShortName, GUID: p.GUID, Groups: groupNames(l.people, p), Platform: l.platform.String(), Identifier: one.Profile.Identifier,
			UUID: one.Profile.UUID, SHA256: one.Profile.SHA256(), Href: href, SignedHref: href + "&signed=1", Revision: l.changed[strings.ToLower(p.GUID)],
		})
		return true
	}
	var why *problem
	if !errors.As(explain(one.Err), &why) {
		l.o.Log.ErrorContext(l.request.Context(), "a profile could not be rendered", slog.String("person", p.ShortName), slog.Any("err", one.Err))
		why = noProfile("internal", "The profile could not be rendered; the log of the server says why.")
	}
	if slices.Contains(meant, why.Reason) {
		return false
	}
	l.skipped = append(l.skipped, skipped{p.ShortName, p.GUID, why.Reason, why.Said().String()})
	return true
}

func groupNames(people *directory.Snapshot, p *directory.Principal) []string {
	names := []string{}
	for _, g := range people.MemberOf(p.GUID) {
		names = append(names, g.ShortName)
	}
	return names
}

// meant are the reasons for having no profile that somebody chose.
var meant = []string{"not-allowed", "denied"}

// profileHref is where the payload source has a person's profile, by what never changes.
func profileHref(p *directory.Principal, platform profiles.Platform) string {
	return "/api/v1/profiles/guid:" + url.PathEscape(p.GUID) + profiles.Extension + "?platform=" + platform.String()
}

// numberOf reads a number from the query.
func numberOf(q url.Values, name string, missing, least, most int) (int, error) {
	text := q.Get(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, badParameter(name, text, "a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most))
	}
	return n, nil
}

// position is where a person stands in the list: people are sorted by folded short name, then by GUID.
type position struct{ name, guid string }

func positionOf(p *directory.Principal) position {
	return position{directory.Fold(p.ShortName), p.GUID}
}

func (a position) before(b position) bool { return a.compare(b) < 0 }

func (a position) compare(b position) int {
	return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.guid, b.guid))
}

// String is the cursor. It is opaque to clients.
func (a position) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(a.name + "\x00" + a.guid))
}

func parseCursor(text string) (position, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return position{}, err
	}
	name, guid, ok := strings.Cut(string(raw), "\x00")
	if !ok {
		return position{}, errors.New("the cursor has one part only")
	}
	return position{name, guid}, nil
}

// roster remembers the people of the latest snapshot in a slice, for finding the start of a page.
type roster struct {
	mu     sync.Mutex
	from   *directory.Snapshot
	people []*directory.Principal
}

func (x *roster) of(s *directory.Snapshot) []*directory.Principal {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.from != s {
		x.from, x.people = s, slices.Collect(s.All(directory.Individual))
	}
	return x.people
}
