package web

import (
	"bufio"
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
	maxLimit     = 10_000
)

// listed is one profile of the list. SHA256 is that of the unsigned profile, hence its ETag too.
type listed struct {
	Person     string `json:"person"` // short name
	GUID       string `json:"guid"`
	Platform   string `json:"platform"`
	Identifier string `json:"identifier"`
	UUID       string `json:"uuid"`
	SHA256     string `json:"sha256"`
	Href       string `json:"href"` // of the unsigned profile, from this origin
}

// skipped is somebody who should have a profile and cannot.
type skipped struct {
	Person string `json:"person"`
	GUID   string `json:"guid"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
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
	out      *bufio.Writer
	skipped  []skipped
}

// listProfiles streams a page: {"items": […], "skipped": […], "next": cursor or null}. The cursor names the last person
// of the page, so that the pages of a changing directory neither repeat nor miss those who stay.
func (s *site) listProfiles(w http.ResponseWriter, r *http.Request, t Token) error {
	l := list{site: s, request: r, token: t, people: s.o.People(), limit: defaultLimit, out: bufio.NewWriterSize(w, 32<<10)}
	everybody := s.roster.of(l.people)
	start, err := l.parameters(everybody)
	if err != nil {
		return err
	}
	if l.renderer, err = s.o.Renderer(r.Context()); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "private, no-cache")
	if r.Method == http.MethodHead {
		return nil
	}
	l.write(everybody[start:])
	if err := l.out.Flush(); err != nil {
		s.o.Log.DebugContext(r.Context(), "the list was not read to its end", slog.Any("err", err))
	}
	return nil // the status has been sent
}

// parameters reads the query and finds where the page starts.
func (l *list) parameters(everybody []*directory.Principal) (start int, err error) {
	if l.platform, err = platformOf(l.request, profiles.Any); err != nil {
		return 0, err
	}
	q := l.request.URL.Query()
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return 0, badParameter("limit", text, "a number from 1 to "+strconv.Itoa(maxLimit))
		}
		l.limit = n
	}
	if text := q.Get("cursor"); text != "" {
		after, err := parseCursor(text)
		if err != nil {
			return 0, badParameter("cursor", text, "what the page before gave as next")
		}
		start = sort.Search(len(everybody), func(i int) bool { return after.before(positionOf(everybody[i])) })
	}
	return start, nil
}

// write writes the page. What fails while writing is told by the writer's Flush.
func (l *list) write(people []*directory.Principal) {
	l.out.WriteString(`{"items":[`)
	var last *directory.Principal
	count, written := 0, 0
	for i, p := range people {
		if !l.token.reaches(l.people, p) {
			continue
		}
		if count == l.limit || l.request.Context().Err() != nil {
			break
		}
		item, kept := l.item(p)
		if item != nil {
			if written > 0 {
				l.out.WriteByte(',')
			}
			l.out.WriteByte('\n')
			l.json(item)
			written++
		}
		if kept {
			count++
		}
		if last = p; i == len(people)-1 {
			last = nil // the end
		}
	}
	l.out.WriteString("\n],\"skipped\":")
	if l.skipped == nil {
		l.skipped = []skipped{}
	}
	l.json(l.skipped)
	l.out.WriteString(`,"next":`)
	if last == nil {
		l.out.WriteString("null}\n")
		return
	}
	l.json(positionOf(last).String())
	l.out.WriteString("}\n")
}

func (l *list) json(value any) {
	text, err := json.Marshal(value)
	if err != nil { // strings only: cannot be
		l.o.Log.ErrorContext(l.request.Context(), "the list could not be encoded", "err", err)
		text = []byte("null")
	}
	l.out.Write(text)
}

// item is a person's row; nil if there is none. counts is false for those who are not meant to have a profile.
func (l *list) item(p *directory.Principal) (item *listed, counts bool) {
	a, err := l.calendarOf(l.request.Context(), l.renderer, l.people, p, l.platform, false)
	if err == nil {
		return &listed{
			Person: p.ShortName, GUID: p.GUID, Platform: l.platform.String(), Identifier: a.Profile.Identifier,
			UUID: a.Profile.UUID, SHA256: a.SHA256, Href: profileHref(p, l.platform),
		}, true
	}
	var why *problem
	if !errors.As(err, &why) {
		l.o.Log.ErrorContext(l.request.Context(), "a profile could not be rendered", slog.String("person", p.ShortName), slog.Any("err", err))
		why = noProfile("internal", "The profile could not be rendered; the log of the server says why.")
	}
	if slices.Contains(meant, why.Reason) {
		return nil, false
	}
	l.skipped = append(l.skipped, skipped{p.ShortName, p.GUID, why.Reason, why.Said().String()})
	return nil, true
}

// meant are the reasons for having no profile that somebody chose.
var meant = []string{"not-allowed", "denied"}

// profileHref is where the payload source has a person's profile, by what never changes.
func profileHref(p *directory.Principal, platform profiles.Platform) string {
	return "/api/v1/profiles/guid:" + url.PathEscape(p.GUID) + profiles.Extension + "?platform=" + platform.String()
}

// position is where a person stands in the list: people are sorted by folded short name, then by GUID.
type position struct{ name, guid string }

func positionOf(p *directory.Principal) position {
	return position{directory.Fold(p.ShortName), p.GUID}
}

func (a position) before(b position) bool {
	if a.name != b.name {
		return a.name < b.name
	}
	return a.guid < b.guid
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
