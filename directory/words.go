package directory

import (
	"fmt"
	"slices"
	"time"
)

// Phrase is something to say in English, which may be said in other languages by its format: that and the arguments are
// as fmt has them. An argument may be a Phrase itself, or a time.Time, which stands for its day.
type Phrase struct {
	Format string
	Args   []any
}

// Say makes a Phrase.
func Say(format string, args ...any) Phrase { return Phrase{format, args} }

// Empty reports whether there is nothing to say.
func (p Phrase) Empty() bool { return p.Format == "" }

// String is the phrase in English.
func (p Phrase) String() string {
	args := slices.Clone(p.Args)
	for i, a := range args {
		if day, is := a.(time.Time); is {
			args[i] = day.UTC().Format("2 January 2006")
		}
	}
	return fmt.Sprintf(p.Format, args...)
}
