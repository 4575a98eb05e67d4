package web

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"html"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	texttemplate "text/template"
	"text/template/parse"
	"time"
)

// german is the other language that is complete.
var german = languages.named("de")

func TestTheBrowserAndThenTheReaderChooseTheLanguage(t *testing.T) {
	b := build(t, plan{}).browser(t)
	for header, want := range map[string]string{
		"": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "en-US,en;q=0.9,de;q=0.8": "en", "fr-CH, fr;q=0.9, de;q=0.8, en;q=0.7": "de",
		"tlh": "en", "de;q=nonsense": "en", strings.Repeat("x-", 4000): "en",
	} {
		b.get(signInPath, "Accept-Language", header).wants(t, http.StatusOK).header(t, "Content-Language", want).says(t, `<html lang="`+want+`">`)
	}
	b.post(languagePath, url.Values{"language": {"de"}, "to": {signInPath + "?to=/portal/help"}}).wants(t, http.StatusSeeOther).
		header(t, "Location", signInPath+"?to=/portal/help")
	b.get(signInPath, "Accept-Language", "en").says(t, `<html lang="de">`, "Name oder E-Mail-Adresse", "Anmelden", `<button class="plain" name="language" value="en" lang="en">English`)
	b.post(languagePath, url.Values{"language": {"tlh"}}).wants(t, http.StatusSeeOther).header(t, "Location", homePath)
	b.get("/nowhere").says(t, "Hier ist nichts", "Fehler 404, Anfrage REQUEST42")
	b.get(languagePath+"?language=en").wants(t, http.StatusMethodNotAllowed)
	b.get(signInPath).says(t, `<html lang="de">`)
}

func TestChoosingALanguageLeadsNowhereElse(t *testing.T) {
	b := build(t, plan{}).browser(t)
	for _, to := range []string{"https://evil.example/", "//evil.example/portal/", "/portal/../x", "/api/v1/profiles", ""} {
		b.post(languagePath, url.Values{"language": {"de"}, "to": {to}}).wants(t, http.StatusSeeOther).header(t, "Location", homePath)
	}
}

func TestMachinesAreAnsweredInEnglish(t *testing.T) {
	b := build(t, plan{}).browser(t)
	b.get("/api/v1/nothing", "Accept-Language", "de").wants(t, http.StatusNotFound).says(t, "The address may have been mistyped")
}

func TestPluralsAndDatesAreRightInEachLanguage(t *testing.T) {
	now := time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		l        *tongue
		ago      time.Duration
		said, on string
	}{
		{inEnglish, time.Minute, "1 minute ago", "2 December 2026"},
		{inEnglish, 25 * time.Minute, "25 minutes ago", "2 December 2026"},
		{german, 48 * time.Hour, "vor 2 Tagen", "2. Dezember 2026"},
		{german, 24 * time.Hour, "vor 1 Tag", "2. Dezember 2026"},
		{german, 30 * 24 * time.Hour, "am 2. November 2026", "2. Dezember 2026"},
	} {
		if got := c.l.ago(now, now.Add(-c.ago)); got != c.said {
			t.Errorf("got %q, want %q", got, c.said)
		}
		if got := c.l.word(now); got != c.on {
			t.Errorf("got %q, want %q", got, c.on)
		}
	}
	if got, want := german.word(say("on %s", say("%d hours", 1))), "am 1 Stunde"; got != want {
		t.Errorf("a phrase in a phrase: got %q, want %q", got, want)
	}
}

func TestMarkupEscapesArgumentsOnly(t *testing.T) {
	got := inEnglish.markup("<b>%s</b> %d %s", `<script>"x"</script>`, 3, template.HTML("<i>y</i>"))
	if want := template.HTML("<b>&lt;script&gt;&#34;x&#34;&lt;/script&gt;</b> 3 <i>y</i>"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := inEnglish.word(verbatim("100% <b>")), "100% <b>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLanguages holds the catalogue against the templates and the Go code, both ways.
func TestLanguages(t *testing.T) {
	used := keysUsed(t)
	for _, l := range languages.all {
		if l == inEnglish {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(used)) {
			said, ok := l.wording.Texts[key]
			if !ok {
				t.Errorf("%s lacks %q, of %s", l.Tag, key, used[key])
				continue
			}
			if got, want := shape(said), shape(key); got != want {
				t.Errorf("%s: %q is said with %s, want %s", l.Tag, key, got, want)
			}
		}
		for key := range l.wording.Texts {
			if used[key] == "" {
				t.Errorf("%s has %q, which nobody uses", l.Tag, key)
			}
			_, forms := l.wording.Texts[key].(map[string]any)
			if _, plural := inEnglish.wording.Texts[key]; plural != forms {
				t.Errorf("%s: %q has forms of the plural here or in English only", l.Tag, key)
			}
		}
	}
	for key := range inEnglish.wording.Texts {
		if used[key] == "" {
			t.Errorf("en has %q, which nobody uses", key)
		}
	}
}

// verbs and tags are what a text and its translation have in common.
var (
	verbs = regexp.MustCompile(`%(\[\d\])?[.\d]*[a-z]`)
	tags  = regexp.MustCompile(`<[^>]*>`)
)

// shape is what must be the same in every language: the verbs, and the tags with their addresses.
func shape(said any) string {
	var all []string
	switch said := said.(type) {
	case map[string]any:
		return shape(said["other"])
	case string:
		for _, v := range verbs.FindAllStringSubmatch(said, -1) {
			all = append(all, strings.Replace(v[0], v[1], "", 1))
		}
		all = append(all, tags.FindAllString(said, -1)...)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// keysUsed are the texts that templates and code say, and where.
func keysUsed(t *testing.T) map[string]string {
	used := make(map[string]string)
	for key, place := range keysInTemplates(t) {
		used[key] = place
	}
	maps.Copy(used, keysInWeb(t))
	for _, dir := range []string{"../profiles", "../profiles/check"} {
		maps.Copy(used, keysSaid(t, dir, rowSayers, "Title", "title", "remedy", "found"))
	}
	for _, dir := range []string{"../directory", "../cmd/calport"} { // how healthy everything is
		maps.Copy(used, keysSaid(t, dir, phraseSayers))
	}
	// In a map whose keys are constants of others' packages, keysInWeb sees no types.
	maps.Copy(used, keysSaid(t, ".", phraseSayers, "Title", "Detail"))
	// What has no words of its own is the same in every language.
	maps.DeleteFunc(used, func(key, _ string) bool { return !anyWords.MatchString(verbs.ReplaceAllString(key, "")) })
	return used
}

// keysInTemplates are the constants that t and h are called with.
func keysInTemplates(t *testing.T) map[string]string {
	t.Helper()
	used := make(map[string]string)
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := templateFiles.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		functions := inEnglish.functions()
		functions["static"], functions["principalPath"] = func(string) string { return "" }, principalPath
		page, err := texttemplate.New(f.Name()).Funcs(texttemplate.FuncMap(functions)).Parse(string(content))
		if err != nil {
			t.Fatal(err)
		}
		for _, defined := range page.Templates() {
			if defined.Tree != nil {
				walkTemplate(defined.Root, func(word, key string) {
					if key == "" && word == "h" {
						t.Errorf("%s: h is called with something that is no constant", f.Name())
					}
					used[key] = f.Name()
				})
			}
		}
		if words := plainWords(string(content)); len(words) > 0 {
			t.Errorf("%s: these words are in English only: %q", f.Name(), words)
		}
	}
	return used
}

// walkTemplate visits each call of t or h; the key is empty if it is no constant.
func walkTemplate(n any, visit func(word, key string)) {
	pipe := func(p *parse.PipeNode) {
		if p != nil {
			for _, c := range p.Cmds {
				walkTemplate(c, visit)
			}
		}
	}
	list := func(l *parse.ListNode) {
		if l != nil {
			for _, c := range l.Nodes {
				walkTemplate(c, visit)
			}
		}
	}
	branch := func(b parse.BranchNode) { pipe(b.Pipe); list(b.List); list(b.ElseList) }
	switch n := n.(type) {
	case *parse.ListNode:
		list(n)
	case *parse.ActionNode:
		pipe(n.Pipe)
	case *parse.TemplateNode:
		pipe(n.Pipe)
	case *parse.PipeNode:
		pipe(n)
	case *parse.IfNode:
		branch(n.BranchNode)
	case *parse.RangeNode:
		branch(n.BranchNode)
	case *parse.WithNode:
		branch(n.BranchNode)
	case *parse.CommandNode:
		if word, ok := n.Args[0].(*parse.IdentifierNode); ok && (word.Ident == "t" || word.Ident == "h") && len(n.Args) > 1 {
			key, _ := n.Args[1].(*parse.StringNode)
			if key == nil {
				key = &parse.StringNode{}
			}
			visit(word.Ident, key.Text)
		}
		for _, a := range n.Args {
			walkTemplate(a, visit)
		}
	}
}

var (
	actions  = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	spoken   = regexp.MustCompile(` (?:alt|aria-label|placeholder|title)="[^"{]*\p{L}[^"{]*"`)
	anyWords = regexp.MustCompile(`\p{L}[\p{L} ,.’]*`)
	// sameEverywhere are names.
	sameEverywhere = []string{"portal", "CalDAV", "UUID", "Mac", "Thunderbird", "Evolution, GNOME", "Apple Calendar", "Google Calendar", "Outlook", "GUID", "DN", "SHA", "PEM", "DER"}
)

// plainWords are the words of a template that are said in one language only: outside of actions and tags, or in an
// attribute that is read out.
func plainWords(content string) []string {
	content = actions.ReplaceAllString(content, "{}")
	found := slices.DeleteFunc(spoken.FindAllString(content, -1), func(s string) bool { return strings.Contains(s, `="https://`) })
	for _, words := range anyWords.FindAllString(html.UnescapeString(tags.ReplaceAllString(content, "\n")), -1) {
		if !slices.Contains(sameEverywhere, strings.TrimSpace(words)) {
			found = append(found, words)
		}
	}
	return found
}

// keysInWeb are the constants of type english in this package, but for what only machines are told.
func keysInWeb(t *testing.T) map[string]string {
	t.Helper()
	used := make(map[string]string)
	ours := &ownPackages{t: t, set: token.NewFileSet(), constants: make(map[ast.Expr]types.TypeAndValue)}
	if _, err := ours.Import("calport/web"); err != nil {
		t.Fatal(err)
	}
	for e, v := range ours.constants {
		named, ok := v.Type.(*types.Named)
		if !ok || named.Obj().Name() != "english" || v.Value == nil {
			continue
		}
		if at := ours.set.Position(e.Pos()); !strings.HasPrefix(filepath.Base(at.Filename), "api") {
			used[constant.StringVal(v.Value)] = at.String()
		}
	}
	return used
}

// ownPackages checks the types of our packages, and takes those of others for empty: it is enough to tell our own types
// apart, and takes no time.
type ownPackages struct {
	t         *testing.T
	set       *token.FileSet
	constants map[ast.Expr]types.TypeAndValue
}

func (o *ownPackages) Import(path string) (*types.Package, error) {
	dir, ours := strings.CutPrefix(path, "calport/")
	if !ours {
		p := types.NewPackage(path, filepath.Base(path))
		p.MarkComplete()
		return p, nil
	}
	files := slices.Collect(maps.Values(parseGo(o.t, o.set, filepath.Join("..", dir))))
	check := types.Config{Importer: o, Error: func(error) {}}
	p, _ := check.Check(path, o.set, files, &types.Info{Types: o.constants})
	return p, nil
}

// parseGo reads the files of a package but its tests, by their names.
func parseGo(t *testing.T, set *token.FileSet, dir string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]*ast.File)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if files[name], err = parser.ParseFile(set, name, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// phraseSayers and rowSayers are the functions of other packages that make phrases, facts or rows of settings, and which
// of their arguments, from 0, are said.
var phraseSayers = map[string][]int{"profiles.Say": {0}, "Say": {0}, "f.tell": {0, 2}}

var rowSayers = map[string][]int{
	"profiles.Say": {0}, "Say": {0}, "odd": {1}, "failed": {1}, "describe": {1}, "section": {0},
	"row": {1, 2}, "yesNo": {1, 2}, "text": {1, 2}, "login": {1, 2}, "host": {1, 2}, "domains": {1, 2}, "consent": {1, 2},
	"accounts": {1, 2}, "subscriptions": {1, 2},
}

// keysSaid are the texts of a package that make it to a page, but for what only machines are told: what it makes
// phrases of, the fields of its tables that are said, the words for allowed values, and what its rules say of a value.
func keysSaid(t *testing.T, dir string, sayers map[string][]int, fields ...string) map[string]string {
	t.Helper()
	used := make(map[string]string)
	for name, f := range parseGo(t, token.NewFileSet(), dir) {
		if strings.HasPrefix(filepath.Base(name), "api") {
			continue
		}
		add := func(e ast.Expr) {
			if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
				key, err := strconv.Unquote(l.Value)
				if err != nil {
					t.Fatal(err)
				}
				used[key] = name
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				for _, i := range sayers[types.ExprString(n.Fun)] {
					add(n.Args[i])
				}
			case *ast.KeyValueExpr:
				if field, ok := n.Key.(*ast.Ident); ok && slices.Contains(fields, field.Name) {
					add(n.Value)
				}
			case *ast.CompositeLit:
				if dir != "." && len(fields) > 0 && len(n.Elts) == 2 && n.Type == nil { // a Choice
					add(n.Elts[1])
				}
			case *ast.FuncDecl:
				if filepath.Base(name) == "rules.go" {
					ast.Inspect(n.Body, func(n ast.Node) bool {
						if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
							add(r.Results[0])
						}
						return true
					})
				}
			}
			return true
		})
	}
	return used
}
