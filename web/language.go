package web

// How to word things. Everything that a reader of a page sees is written in English and said in the reader's language:
// the English text is the key, and languages/de.toml has the German beside it. A further language is a further file.
//
//   - In templates:  <h1>{{t "My devices"}}</h1>,  {{t "Signed in %s from %s" (ago $now .At) .From}}; right in attributes too.
//   - With markup:   {{h "It waits for <strong>%d minutes</strong>, then see <b>Settings &gt; General</b>." 8}}. h escapes the
//     arguments, not the key, so the key is always a constant. <b> is for words on a screen: menus, buttons.
//   - In Go, a key is a constant of type english: problem{Title: "No such room", Detail: "There is no room %s.", Args: []any{name}}.
//     Of two parts, or where the language is not known yet: say("%s, then %s", …), a phrase, which t words.
//     render takes the title as a key. With a request at hand: s.tongueOf(r).word(…).
//   - Dates: {{date .Expires}}, {{ago .Now .Created}}; a time.Time among arguments is worded as a date.
//   - Plurals: write the key with %d in the plural, and give the forms in en.toml and de.toml alike:
//     "%d devices" = { one = "%d device", other = "%d devices" }. The first %d of the key decides.
//   - Verbs may change places: "%[2]s of %[1]s". A per cent sign is %%. Names of people, files and machines are arguments.
//   - What a template gets at run time ({{t .Title}}) is an english, a phrase, or a text of package profiles; other strings stand alone.
//
// TestLanguages fails for a key that German lacks, for one in a file that nobody uses, and for plain words in a
// template. Answers to machines (the API, the log) are English: inEnglish.word, or phrase.String where a text has no plural.

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"

	"calport/profiles"
)

// english is something to say, in English: a key of the catalogue, with the verbs of fmt for its arguments.
type english string

// phrase is a text with its arguments.
type phrase = profiles.Phrase

func say(t english, args ...any) phrase { return profiles.Say(string(t), args...) }

//go:embed languages
var languageFiles embed.FS

// wording is a file of languages.
type wording struct {
	Name   string         `toml:"name"`   // of the language, in itself
	Months []string       `toml:"months"` // from January
	Day    string         `toml:"day"`    // %[1]d is the day, %[2]s the month, %[3]d the year
	Texts  map[string]any `toml:"texts"`  // a string, or a table of plural forms
}

// tongue words texts in one language. It never changes.
type tongue struct {
	Tag  language.Tag
	Name string // in itself

	wording wording
	printer *message.Printer
}

// tongues are the languages there are, English first.
type tongues struct {
	all     []*tongue
	matcher language.Matcher
}

var languages = mustReadLanguages()

var inEnglish = languages.all[0]

// mustReadLanguages reads the embedded files, whose faults TestLanguages finds.
func mustReadLanguages() tongues {
	l, err := readLanguages()
	if err != nil {
		panic(err)
	}
	return l
}

func readLanguages() (tongues, error) {
	files, err := languageFiles.ReadDir("languages")
	if err != nil {
		return tongues{}, err
	}
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	var found tongues
	for _, f := range files {
		l, err := readLanguage(builder, f.Name())
		if err != nil {
			return tongues{}, fmt.Errorf("web: languages/%s: %w", f.Name(), err)
		}
		found.all = append(found.all, l)
	}
	slices.SortStableFunc(found.all, func(a, b *tongue) int { // the first is the one for readers of none
		switch language.English {
		case a.Tag:
			return -1
		case b.Tag:
			return 1
		}
		return 0
	})
	var tags []language.Tag
	for _, l := range found.all {
		l.printer = message.NewPrinter(l.Tag, message.Catalog(builder))
		tags = append(tags, l.Tag)
	}
	found.matcher = language.NewMatcher(tags)
	return found, nil
}

func readLanguage(builder *catalog.Builder, file string) (*tongue, error) {
	tag, err := language.Parse(strings.TrimSuffix(file, path.Ext(file)))
	if err != nil {
		return nil, err
	}
	content, err := languageFiles.ReadFile("languages/" + file)
	if err != nil {
		return nil, err
	}
	l := &tongue{Tag: tag}
	if err := toml.NewDecoder(strings.NewReader(string(content))).DisallowUnknownFields().Decode(&l.wording); err != nil {
		return nil, err
	}
	if l.Name = l.wording.Name; l.Name == "" || len(l.wording.Months) != 12 || l.wording.Day == "" {
		return nil, fmt.Errorf("name, day or some of the twelve months are missing")
	}
	for key, said := range l.wording.Texts {
		m, err := messageOf(key, said)
		if err == nil {
			err = builder.Set(tag, key, m)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
	}
	return l, nil
}

// messageOf is a text of a file as the catalogue keeps it.
func messageOf(key string, said any) (catalog.Message, error) {
	switch said := said.(type) {
	case string:
		return catalog.String(said), nil
	case map[string]any:
		var cases []any
		for _, form := range []string{"=0", "zero", "one", "two", "few", "many", "other"} {
			if text, ok := said[form].(string); ok {
				cases = append(cases, form, text)
			}
		}
		if n := firstNumber(key); n > 0 && len(cases) == 2*len(said) && said["other"] != nil {
			return plural.Selectf(n, "%d", cases...), nil
		}
		return nil, fmt.Errorf("plural forms want a %%d in the key and are =0, zero, one, two, few, many and, always, other")
	}
	return nil, fmt.Errorf("it is neither a string nor a table of plural forms")
}

// firstNumber is which argument, from 1, the first %d of a text stands for; 0: it has none.
func firstNumber(text string) int {
	for i, rest := 0, text; ; {
		at := strings.IndexByte(rest, '%')
		if at < 0 || at+1 == len(rest) {
			return 0
		}
		switch verb := rest[at+1]; verb {
		case '%':
		case 'd':
			return i + 1
		default:
			i++
		}
		rest = rest[at+2:]
	}
}

// verbatim is a phrase that says the same in every language.
func verbatim(name string) phrase { return say("%s", name) }

// word says a text, a phrase, or anything else that can be an argument of one.
func (l *tongue) word(said any, args ...any) string {
	switch said := said.(type) {
	case english:
		return l.format(string(said), args)
	case phrase:
		return l.format(said.Format, said.Args)
	case time.Time:
		return l.date(said)
	}
	return fmt.Sprint(said)
}

func (l *tongue) format(key string, args []any) string {
	worded := slices.Clone(args)
	for i, a := range args {
		switch a.(type) {
		case english, phrase, time.Time:
			worded[i] = l.word(a)
		}
	}
	return l.printer.Sprintf(key, worded...)
}

// markup says a constant text that has markup; its arguments have none.
func (l *tongue) markup(constant string, args ...any) template.HTML {
	escaped := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case int, int64: // they may decide about the plural
			escaped[i] = a
		case template.HTML:
			escaped[i] = string(a)
		default:
			escaped[i] = template.HTMLEscapeString(l.word(a))
		}
	}
	return template.HTML(l.format(constant, escaped))
}

// functions are what templates word things with.
func (l *tongue) functions() template.FuncMap {
	return template.FuncMap{
		"t": func(said any, args ...any) string {
			if key, ok := said.(string); ok {
				said = english(key)
			}
			return l.word(said, args...)
		},
		"h":    l.markup,
		"ago":  l.ago,
		"date": l.date,
		"lang": l.Tag.String,
	}
}

// maxAcceptLanguage bounds what is read of the header, in bytes.
const maxAcceptLanguage = 500

// languageCookie keeps which language somebody has chosen.
const languageCookie = "__Host-calport-language"

// tongueOf is the language of a request: the one chosen, else the best of those that the browser asks for (RFC 9110
// section 12.5.4).
func (s *site) tongueOf(r *http.Request) *tongue {
	if cookie, err := r.Cookie(languageCookie); err == nil {
		if l := languages.named(cookie.Value); l != nil {
			return l
		}
	}
	if l := languages.best(r.Header.Get("Accept-Language")); l != nil {
		return l
	}
	return inEnglish
}

// best is the best of those that an Accept-Language header asks for, the first one if there is none of them; nil if it
// cannot be read.
func (t tongues) best(header string) *tongue {
	tags, _, err := language.ParseAcceptLanguage(header[:min(len(header), maxAcceptLanguage)])
	if err != nil {
		return nil
	}
	_, i, _ := t.matcher.Match(tags...)
	return t.all[i]
}

// named is the language of that tag; nil if there is none.
func (t tongues) named(tag string) *tongue {
	i := slices.IndexFunc(t.all, func(l *tongue) bool { return l.Tag.String() == tag })
	if i < 0 {
		return nil
	}
	return t.all[i]
}

// chooseLanguage keeps the choice, and leads back.
func (s *site) chooseLanguage(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	if l := languages.named(r.PostForm.Get("language")); l != nil {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: l.Tag.String(), Path: "/", MaxAge: int(deviceFor / time.Second),
			Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	return redirect(w, portalLink(r.PostForm.Get("to")))
}
