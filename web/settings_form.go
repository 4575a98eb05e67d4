package web

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"calport/profiles"
)

// A form of settings is made of the table of package profiles, and read by it. Between two requests the values are
// those of a form, so that what cannot be taken stands there again as it was typed:
//
//	KEY=text        of a Text, Number, Flag ("true", "false") or Lines ("KEY = text" each); empty: inherited
//	KEY=text        of a Secret; empty: as before
//	KEY.off=1       of a Secret: none
//	KEY.N.id=ID     of Rows, N counts from 0; without an id there is no row
//	KEY.N.COLUMN=…

// formField is a setting as a form shows it.
type formField struct {
	profiles.Field
	Text      string
	Rows      []formRow
	Has       bool   // of a Secret: there is one
	Inherited string // what holds if it is left empty; empty: nothing
	From      phrase // where that comes from
	Problems  []phrase
}

// formRow is one of several, or an empty one to fill in.
type formRow struct {
	Name  string // what the names of its inputs begin with
	ID    string
	Cells []formCell
}

type formCell struct {
	profiles.Field
	Name, Text string
}

// maxRows bounds how many of one kind a form has.
const maxRows = 100

// none is what a reader writes in a field of lines for no line at all, in spite of what is inherited.
const none = "none"

// writeForm makes form values of settings.
func writeForm(s *profiles.Settings) (url.Values, error) {
	values, err := s.Values()
	if err != nil {
		return nil, err
	}
	form := url.Values{}
	for _, f := range profiles.Fields() {
		value, set := values[f.Key]
		switch {
		case !set:
		case f.Kind == profiles.Secret:
			form.Set(f.Key+".has", "1")
		case f.Kind == profiles.Lines:
			form.Set(f.Key, lines(value))
		case f.Kind == profiles.Rows:
			rows, _ := value.(map[string]any)
			for n, id := range slices.Sorted(maps.Keys(rows)) {
				row := fmt.Sprintf("%s.%d.", f.Key, n)
				form.Set(row+"id", id)
				cells, _ := rows[id].(map[string]any)
				for key, cell := range cells {
					form.Set(row+key, fmt.Sprint(cell))
				}
			}
		default:
			form.Set(f.Key, fmt.Sprint(value))
		}
	}
	return form, nil
}

func lines(value any) string {
	all, _ := value.(map[string]any)
	if len(all) == 0 {
		return none
	}
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "%s = %v\n", key, all[key])
	}
	return text.String()
}

// readSettings makes settings of form values. old is what the scope has now: a secret that is not typed stays. mistakes
// are by the key of the field.
func readSettings(form url.Values, old *profiles.Settings) (s *profiles.Settings, mistakes map[string][]phrase) {
	values, mistakes := map[string]any{}, map[string][]phrase{}
	for _, f := range profiles.Fields() {
		text := strings.TrimSpace(strings.ReplaceAll(form.Get(f.Key), "\r\n", "\n"))
		var value any
		var problem phrase
		switch {
		case f.Kind == profiles.Rows:
			value, problem = readRows(form, f)
		case f.Kind == profiles.Secret && text == "":
			if form.Get(f.Key+".off") == "" && old.RemovalPassword != nil {
				value = *old.RemovalPassword
			}
		case text != "":
			value, problem = readValue(f, text)
		}
		if !problem.Empty() {
			mistakes[f.Key] = append(mistakes[f.Key], problem)
		} else if value != nil {
			values[f.Key] = value
		}
	}
	s, err := profiles.SettingsOf(values)
	for _, mistake := range settingErrors(err) {
		key, _, _ := strings.Cut(mistake.Key, ".")
		what := mistake.Problem
		if part := strings.TrimPrefix(mistake.Key, key); part != "" {
			what = say("%s: %s", part, what)
		}
		mistakes[key] = append(mistakes[key], what)
	}
	return s, mistakes
}

// settingErrors takes a joined error apart.
func settingErrors(err error) (all []*profiles.SettingError) {
	if err == nil {
		return nil
	}
	var one *profiles.SettingError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, settingErrors(e)...)
		}
	} else if errors.As(err, &one) {
		all = append(all, one)
	} else {
		all = append(all, &profiles.SettingError{Problem: verbatim(err.Error())})
	}
	return all
}

// noNumber is what is wrong with a text where a number is wanted.
const noNumber english = "%q is no whole number"

// readValue reads the text of a single value.
func readValue(f profiles.Field, text string) (value any, problem phrase) {
	switch f.Kind {
	case profiles.Number:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, say(noNumber, text)
		}
		return n, phrase{}
	case profiles.Flag:
		return text == "true", phrase{}
	case profiles.Lines:
		return readLines(text)
	}
	return text, phrase{}
}

func readLines(text string) (any, phrase) {
	all := map[string]any{}
	if text == none {
		return all, phrase{}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !found || key == "" {
			return nil, say("%q has no “=”; write one “key = text” on each line", line)
		}
		if all[key] != nil {
			return nil, say("%q is there twice", key)
		}
		all[key] = value
	}
	return all, phrase{}
}

// readRows reads what there is several of; nil if there is none.
func readRows(form url.Values, f profiles.Field) (any, phrase) {
	rows := map[string]any{}
	for n := range maxRows {
		prefix := fmt.Sprintf("%s.%d.", f.Key, n)
		id := strings.TrimSpace(form.Get(prefix + "id"))
		cells := map[string]any{}
		for _, column := range f.Columns {
			text := strings.TrimSpace(form.Get(prefix + column.Key))
			if text == "" {
				continue
			}
			value, problem := readValue(column, text)
			if !problem.Empty() {
				return nil, say("%s: %s", id, problem)
			}
			cells[column.Key] = value
		}
		switch {
		case id == "" && len(cells) > 0:
			return nil, say("one of them has no id; choose a short word that never changes")
		case id == "":
		case rows[id] != nil:
			return nil, say("%q is there twice", id)
		default:
			rows[id] = cells
		}
	}
	if len(rows) == 0 {
		return nil, phrase{}
	}
	return rows, phrase{}
}

// formSection is a group of fields with a heading.
type formSection struct {
	Title  string
	Fields []formField
}

// showForm lays form values out as the table says.
func showForm(form url.Values, inherited []profiles.Value, mistakes map[string][]phrase) (sections []formSection) {
	for _, f := range profiles.Fields() {
		shown := formField{Field: f, Text: form.Get(f.Key), Has: form.Get(f.Key+".has") != "", Problems: mistakes[f.Key]}
		for _, v := range inherited {
			if v.Key == f.Key || f.Kind == profiles.Rows && strings.HasPrefix(v.Key, f.Key+".") {
				shown.Inherited, shown.From = strings.TrimPrefix(shown.Inherited+"; "+v.Written, "; "), sourceWords(v.Source)
			}
		}
		switch f.Kind {
		case profiles.Secret:
			shown.Text = ""
		case profiles.Rows:
			shown.Rows = formRows(form, f)
		}
		if n := len(sections); n == 0 || sections[n-1].Title != f.Section {
			sections = append(sections, formSection{Title: f.Section})
		}
		last := &sections[len(sections)-1]
		last.Fields = append(last.Fields, shown)
	}
	return sections
}

// formRows are the rows that are filled in, and an empty one.
func formRows(form url.Values, f profiles.Field) (rows []formRow) {
	empty := false
	for n := 0; n < maxRows && !empty; n++ {
		row := formRow{Name: fmt.Sprintf("%s.%d", f.Key, n)}
		row.ID = form.Get(row.Name + ".id")
		empty = row.ID == ""
		for _, column := range f.Columns {
			cell := formCell{column, row.Name + "." + column.Key, form.Get(row.Name + "." + column.Key)}
			empty = empty && cell.Text == ""
			row.Cells = append(row.Cells, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// sourceWords says where a setting comes from, see profiles.Value.
func sourceWords(source string) phrase {
	switch scope, name, _ := strings.Cut(source, " "); {
	case source == "built in":
		return say("built in")
	case source == "server":
		return say("the configuration")
	case source == "everyone":
		return say("everyone")
	case scope == "group":
		return say("group %s", name)
	default:
		return say("this person")
	}
}
