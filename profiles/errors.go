package profiles

import (
	"errors"
	"fmt"
)

// ErrDenied says that the settings withhold the profile from this person, on purpose.
var ErrDenied = errors.New("the settings deny this person a profile")

// MissingError says that a setting needs a value that the directory does not have for this person.
type MissingError struct {
	Variable string // as written between the per cent signs: email, ldap:departmentNumber
	Setting  string // the key of the setting: user_name
}

func (e *MissingError) Error() string { return e.Said().String() }

// Said is the error to be worded in a language.
func (e *MissingError) Said() Phrase {
	return Say("%s needs %%%s%%, which the directory does not have for this person", e.Setting, e.Variable)
}

// ValueError says that a setting comes out, for this person, as something that a profile must not hold.
type ValueError struct {
	Setting string // the key of the setting
	Value   string
	Problem Phrase
}

func (e *ValueError) Error() string { return e.Said().String() }

// Said is the error to be worded in a language.
func (e *ValueError) Said() Phrase { return Say("%s is %q: %s", e.Setting, e.Value, e.Problem) }

// Skips reports whether err concerns this one person (denied, a value missing or unusable), so that a batch goes on
// with the next.
func Skips(err error) bool {
	var missing *MissingError
	var value *ValueError
	return errors.Is(err, ErrDenied) || errors.As(err, &missing) || errors.As(err, &value)
}

// emptyValue is what is wrong with a setting of nothing.
var emptyValue = Say("it is empty; leave it out to inherit")

// SettingError is one mistake in a settings document or in a server's configuration.
type SettingError struct {
	File    string // empty when the text came from elsewhere
	Line    int    // from 1; 0 when unknown
	Column  int    // from 1; 0 when unknown
	Key     string // such as group[2].port
	Problem Phrase // what is wrong, and the remedy
}

func (e *SettingError) Error() string {
	where := e.File
	if e.Line > 0 {
		if where != "" {
			where += ":"
		}
		where += fmt.Sprintf("%d:%d", e.Line, e.Column)
	}
	if where != "" {
		where += ": "
	}
	return where + e.Key + ": " + e.Problem.String()
}
