package profiles

import (
	"slices"

	"github.com/pelletier/go-toml/v2"
)

// Field describes a setting for whoever makes a form of it.
type Field struct {
	Key       string // as in TOML: user_name
	Title     string // words for a reader
	Help      string // what it does, and what may be written
	Section   string // heading under which it belongs
	Kind      FieldKind
	Variables bool    // its texts may hold variables, see Variables
	Columns   []Field // of Rows
}

// FieldKind is the form of a setting's value.
type FieldKind uint8

// The forms, with what Settings.Values has for them.
const (
	Text   FieldKind = iota + 1 // string
	Secret                      // string, never shown
	Number                      // int64
	Flag                        // bool
	Lines                       // map[string]any of string
	Rows                        // map[string]any of map[string]any, which the columns name
)

var fieldKindNames = [...]string{Text: "text", Secret: "secret", Number: "number", Flag: "flag", Lines: "lines", Rows: "rows"}

func (k FieldKind) String() string { return fieldKindNames[k] }

// Fields lists the settings in the order in which they are shown.
func Fields() []Field {
	list := make([]Field, len(fields))
	for i := range fields {
		list[i] = fields[i].Field
		list[i].Columns = slices.Clone(fields[i].Columns)
	}
	return list
}

// Values are the settings that are set, by their keys.
func (s *Settings) Values() (map[string]any, error) {
	text, err := s.TOML()
	if err != nil {
		return nil, err
	}
	values := make(map[string]any)
	return values, toml.Unmarshal(text, &values)
}

// SettingsOf makes settings of such values. The error joins a *SettingError for every mistake, whose Key begins with
// the key of the setting.
func SettingsOf(values map[string]any) (*Settings, error) {
	text, err := encodeTOML(values)
	if err != nil {
		return nil, err
	}
	s := new(Settings)
	if err := decodeStrictly("", text, s); err != nil {
		return nil, err
	}
	return s, s.Validate()
}
