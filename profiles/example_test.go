package profiles

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestTheExampleIsACommentAndHasEverySetting(t *testing.T) {
	text, err := Example()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := ParseDocument("example", text); err != nil || !reflect.ValueOf(d.Everyone).IsZero() || len(d.Groups)+len(d.People) > 0 {
		t.Errorf("as it is, it says %+v, %v", d, err)
	}
	var bare strings.Builder
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "# "); ok && (strings.Contains(rest, " = ") || strings.HasPrefix(rest, "[")) {
			bare.WriteString(rest)
		}
	}
	d, err := ParseDocument("example", []byte(bare.String()))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, bare.String())
	}
	for i := range fields {
		if !fields[i].inherit(new(Settings), &d.Everyone) || !strings.Contains(string(text), "# "+fields[i].Title+"\n") {
			t.Errorf("the example does not explain %s:\n%s", fields[i].Key, text)
		}
	}
	if len(d.Groups) != 1 || d.Groups[0].Priority != 1 || len(d.People) != 1 {
		t.Errorf("the example has groups %+v and people %+v", d.Groups, d.People)
	}
}

func TestAGroupAsATableIsToldHowToBeWritten(t *testing.T) {
	for text, want := range map[string]string{
		"[group.staff]\nport = 1\n":              `write [[group]] with name = "staff"`,
		"[everyone]\n[person.\"zoë\"]\nport = 1": `write [[person]] with name = "zoë"`,
		"[group]\nname = \"staff\"\n":            "write [[group]]",
	} {
		_, err := ParseDocument("settings.toml", []byte(text))
		var mistake *SettingError
		if !errors.As(err, &mistake) || mistake.Line == 0 || !strings.Contains(mistake.Problem.String(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	if _, err := ParseDocument("settings.toml", []byte("[[group]]\nname = \"staff\"\n[group.consent]\nde = \"Ja?\"\n")); err != nil {
		t.Errorf("a table of a group is refused: %v", err)
	}
}
