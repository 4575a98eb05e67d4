package caldav_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"calport/server/caldav"
	"calport/server/store/storetest"
)

// A conversation is a file testdata/*.http of turns:
//
//	# words for the reader
//	>>> ada PUT /calendars/users/ada/calendar/1.ics
//	Content-Type: text/calendar
//
//	BEGIN:VCALENDAR
//	…
//	<<< 201
//	ETag: "{tag}"
//	!Location
//
// Who asks comes first, "-" is nobody. Bodies of calendar data get CRLF line ends. What the answer's head names must be
// there, what it names with "!" must not; an answer without a body in the file must have none. {tag} takes what it
// finds the first time and stands for that from then on, in requests too; "…" is anything. White space beside XML tags
// does not count. With -update the answers are written anew from what the server said, for a human to read over.
var update = flag.Bool("update", false, "write the answers in testdata/*.http anew")

func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations in testdata: %v", err)
	}
	for _, engine := range storetest.Engines() {
		if *update && engine.Name != "SQLite" {
			continue // whose answers are the same: without -update this is what is tested
		}
		t.Run(engine.Name, func(t *testing.T) {
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
					converse(t, file, newServerOn(t, engine.Options(t), caldav.Limits{}).handler)
				})
			}
		})
	}
}

// converse holds one conversation with a server that nobody has spoken to yet.
func converse(t *testing.T, file string, handler http.Handler) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	turns, tail, err := parseConversation(string(source))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	known := map[string]string{}
	for _, turn := range turns {
		answer, body := turn.ask(t, handler, known)
		if *update {
			turn.rewrite(answer, body, known)
			continue
		}
		turn.check(t, answer, body, known)
		if t.Failed() {
			t.Fatalf("%s:%d: %s\nanswered:\n%.2000s", file, turn.line, turn.first, dump(answer, body))
		}
	}
	if *update {
		var out strings.Builder
		for _, turn := range turns {
			turn.print(&out)
		}
		out.WriteString(tail)
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type turn struct {
	line     int
	comment  string // everything before the request line
	first    string // the request line, without ">>> "
	head     []string
	body     string
	status   int
	wantHead []string
	wantBody string
	hasBody  bool
}

// parseConversation reads the turns of a file, and what follows the last of them.
func parseConversation(source string) ([]*turn, string, error) {
	var turns []*turn
	var part *[]string // where lines go now
	var lines, answer []string
	var comment []string
	part = &comment
	var now *turn
	finish := func() error {
		if now == nil {
			return nil
		}
		now.head, now.body, _ = headAndBody(lines)
		var err error
		if len(answer) == 0 {
			return fmt.Errorf("line %d: no answer", now.line)
		}
		if now.status, err = strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(answer[0], "<<<"))); err != nil {
			return fmt.Errorf("line %d: %v", now.line, err)
		}
		now.wantHead, now.wantBody, now.hasBody = headAndBody(answer[1:])
		turns = append(turns, now)
		lines, answer, now = nil, nil, nil
		return nil
	}
	for i, line := range strings.Split(strings.TrimSuffix(source, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, ">>> "):
			if err := finish(); err != nil {
				return nil, "", err
			}
			now = &turn{line: i + 1, first: line[4:], comment: join(comment)}
			comment, part = nil, &lines
		case strings.HasPrefix(line, "<<<"):
			part = &answer
			*part = append(*part, line)
		case strings.HasPrefix(line, "#"):
			if err := finish(); err != nil {
				return nil, "", err
			}
			part = &comment
			*part = append(*part, line)
		default:
			*part = append(*part, line)
		}
	}
	err := finish()
	return turns, join(comment), err
}

func join(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func headAndBody(lines []string) (head []string, body string, hasBody bool) {
	for i, line := range lines {
		if line == "" {
			body = strings.TrimRight(strings.Join(lines[i+1:], "\n"), "\n")
			return head, body, body != ""
		}
		head = append(head, line)
	}
	return head, "", false
}

func (tn *turn) ask(t *testing.T, handler http.Handler, known map[string]string) (*http.Response, []byte) {
	t.Helper()
	fields := strings.SplitN(tn.first, " ", 3)
	if len(fields) != 3 {
		t.Fatalf("line %d: want WHO METHOD PATH", tn.line)
	}
	body := fill(tn.body, known)
	header := http.Header{}
	for _, line := range tn.head {
		name, value, _ := strings.Cut(fill(line, known), ":")
		header.Add(name, strings.TrimSpace(value))
	}
	if strings.HasPrefix(header.Get("Content-Type"), "text/calendar") && body != "" {
		body = strings.ReplaceAll(body, "\n", "\r\n") + "\r\n"
	}
	r := httptest.NewRequest(fields[1], strings.ReplaceAll(fill(fields[2], known), " ", "%20"), strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, as(t, r, fields[0]))
	answer := w.Result()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, got
}

func (tn *turn) check(t *testing.T, answer *http.Response, body []byte, known map[string]string) {
	t.Helper()
	if strings.Contains(answer.Header.Get("Content-Type"), "xml") {
		if err := wellFormed(body); err != nil {
			t.Errorf("the answer is not well-formed: %v", err)
		}
	}
	if answer.StatusCode != tn.status {
		t.Errorf("got status %d, want %d", answer.StatusCode, tn.status)
	}
	for _, line := range tn.wantHead {
		if name, absent := strings.CutPrefix(line, "!"); absent {
			if got := field(answer.Header, name); got != "" {
				t.Errorf("got %s: %s, want none", name, got)
			}
			continue
		}
		name, want, _ := strings.Cut(line, ":")
		got := field(answer.Header, name)
		if !match(strings.TrimSpace(want), got, known) {
			t.Errorf("got %s: %s, want %s", name, got, fill(want, known))
		}
	}
	got := tidy(string(body))
	switch {
	case !tn.hasBody && got != "":
		t.Errorf("got a body, want none")
	case tn.hasBody && !match(tidy(tn.wantBody), got, known):
		t.Errorf("the body differs: %s", difference(tn.wantBody, pretty(body), known))
	}
}

// field is a field of an answer's head, whatever the case of its name.
func field(h http.Header, name string) string {
	for key, values := range h {
		if strings.EqualFold(key, name) {
			return strings.Join(values, ", ")
		}
	}
	return ""
}

// difference shows where two bodies begin to differ.
func difference(want, got string, known map[string]string) string {
	wanted, lines := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i, line := range lines {
		if i == len(wanted) || !match(strings.TrimSpace(wanted[i]), strings.TrimSpace(line), known) {
			return fmt.Sprintf("line %d: got\n%s\nwant\n%s", i+1,
				strings.Join(lines[i:min(i+6, len(lines))], "\n"), fill(strings.Join(wanted[i:min(i+6, len(wanted))], "\n"), known))
		}
	}
	return "got fewer lines"
}

var placeholder = regexp.MustCompile(`\{[a-z][a-z0-9-]*\}`)

// fill puts what is known in the place of {name}.
func fill(text string, known map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if value, ok := known[name]; ok {
			return value
		}
		return name
	})
}

// match compares, takes what {name} finds, and lets "…" be anything.
func match(want, got string, known map[string]string) bool {
	var names []string
	pattern := regexp.QuoteMeta(fill(want, known))
	pattern = strings.ReplaceAll(pattern, "…", `.*?`)
	pattern = regexp.MustCompile(`\\\{[a-z][a-z0-9-]*\\\}`).ReplaceAllStringFunc(pattern, func(quoted string) string {
		name := strings.ReplaceAll(quoted, `\`, "")
		names = append(names, name)
		return `([^\s"<]+?)`
	})
	found := regexp.MustCompile(`(?s)^` + pattern + `$`).FindStringSubmatch(got)
	if found == nil {
		return false
	}
	for i, name := range names {
		known[name] = found[i+1]
	}
	return true
}

var (
	beforeTag = regexp.MustCompile(`\s*<`)
	afterTag  = regexp.MustCompile(`>\s*`)
)

// declared are the declarations that every XML answer begins with; files leave them out.
var declared = regexp.MustCompile(`<\?xml[^>]*\?>` + strings.Join([]string{
	"", `D="DAV:"`, `C="urn:ietf:params:xml:ns:caldav"`, `CARD="urn:ietf:params:xml:ns:carddav"`, `CS="http://calendarserver.org/ns/"`,
	`I="http://apple.com/ns/ical/"`, `ME="http://me.com/_namespace/"`, `P="https://bitfire.at/webdav-push"`,
}, "| xmlns:"))

// tidy drops what says nothing: white space beside tags, CR, declarations.
func tidy(body string) string {
	body = strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))
	if strings.HasPrefix(body, "<") {
		body = declared.ReplaceAllString(body, "")
		body = afterTag.ReplaceAllString(beforeTag.ReplaceAllString(body, "<"), ">")
	}
	return body
}

// rewrite takes what the server said for what it ought to say; header fields that were named stay named.
func (tn *turn) rewrite(answer *http.Response, body []byte, known map[string]string) {
	if answer.StatusCode == tn.status && tn.hasBody && strings.Contains(tn.wantBody, "…") && match(tidy(tn.wantBody), tidy(string(body)), known) {
		return
	}
	tn.status = answer.StatusCode
	for i, line := range tn.wantHead {
		name, want, _ := strings.Cut(line, ":")
		got := field(answer.Header, name)
		if !strings.HasPrefix(line, "!") && !match(strings.TrimSpace(want), got, known) {
			tn.wantHead[i] = name + ": " + got
		}
	}
	if tn.hasBody && match(tidy(tn.wantBody), tidy(string(body)), known) {
		return
	}
	tn.wantBody = pretty(body)
	for _, r := range shortened {
		if r.above < strings.Count(tn.wantBody, "\n") {
			tn.wantBody = r.pattern.ReplaceAllString(tn.wantBody, r.by)
		}
	}
	tn.hasBody = tn.wantBody != ""
}

// shortened is what -update writes as "…": what differs from run to run and, in long answers, what is told elsewhere.
var shortened = []struct {
	above   int // lines
	pattern *regexp.Regexp
	by      string
}{
	{0, regexp.MustCompile(`\d{10}_-?\d+_(\d+)`), "…_$1"},
	{0, regexp.MustCompile(`(<D:resource-id>\s*<D:href>urn:uuid:)(?:[1-9a-f]|0[^aA])[^<]*`), "$1…"},
	{0, regexp.MustCompile(`(UID:)[A-Z2-7]{26}`), "$1…"},
	{80, regexp.MustCompile(`(?s)(<D:current-user-privilege-set>).*?(</D:current-user-privilege-set>)`), "$1…$2"},
	{80, regexp.MustCompile(`(?s)(<D:supported-report-set>).*?(</D:supported-report-set>)`), "$1…$2"},
}

// pretty indents XML; anything else stays.
func pretty(body []byte) string {
	text := tidy(string(body))
	if !strings.HasPrefix(text, "<") {
		return text
	}
	var out bytes.Buffer
	depth, leaf := 0, false
	for _, piece := range regexp.MustCompile(`<[^>]*>|[^<]+`).FindAllString(text, -1) {
		switch {
		case !strings.HasPrefix(piece, "<"):
			out.WriteString(piece)
			leaf = true
			continue
		case strings.HasPrefix(piece, "</"):
			depth--
			if !leaf {
				out.WriteString("\n" + strings.Repeat("  ", depth))
			}
		default:
			if out.Len() > 0 {
				out.WriteString("\n" + strings.Repeat("  ", depth))
			}
			if !strings.HasSuffix(piece, "/>") && !strings.HasPrefix(piece, "<?") {
				depth++
			}
		}
		out.WriteString(piece)
		leaf = !strings.HasPrefix(piece, "</") && !strings.HasSuffix(piece, "/>") && !strings.HasPrefix(piece, "<?")
	}
	return out.String()
}

func (tn *turn) print(out *strings.Builder) {
	out.WriteString(tn.comment)
	fmt.Fprintf(out, ">>> %s\n", tn.first)
	section(out, tn.head, tn.body)
	fmt.Fprintf(out, "<<< %d\n", tn.status)
	section(out, tn.wantHead, tn.wantBody)
	out.WriteString("\n")
}

func section(out *strings.Builder, head []string, body string) {
	out.WriteString(join(head))
	if body != "" {
		out.WriteString("\n" + body + "\n")
	}
}

func dump(answer *http.Response, body []byte) string {
	var out strings.Builder
	fmt.Fprintf(&out, "<<< %d\n", answer.StatusCode)
	var names []string
	for name := range answer.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&out, "%s: %s\n", name, strings.Join(answer.Header[name], ", "))
	}
	return out.String() + "\n" + pretty(body)
}

// Every XML answer of a conversation is well-formed; a reader that is not ours says so.
func wellFormed(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
