package imip

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// tongue words mails in one language.
type tongue struct {
	tag      language.Tag
	months   []string // from January
	weekdays []string // from Sunday
	date     string   // %[1]s is the weekday, %[2]d the day, %[3]s the month, %[4]d the year
	texts    map[string]string
}

// tongues are the languages there are; to add one, add a row. The English texts are the keys.
var tongues = []*tongue{
	{tag: language.English, date: "%[1]s, %[2]d %[3]s %[4]d",
		months:   []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		weekdays: []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}},
	{tag: language.German, date: "%[1]s, %[2]d. %[3]s %[4]d",
		months:   []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		weekdays: []string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		texts: map[string]string{
			subjectInvitation: "Einladung: %s",
			subjectUpdate:     "Geändert: %s",
			subjectCancel:     "Abgesagt: %s",
			subjectAccepted:   "Zugesagt: %s",
			subjectDeclined:   "Abgelehnt: %s",
			subjectTentative:  "Vielleicht: %s",
			subjectAnswer:     "Antwort: %s",
			leadInvitation:    "%s lädt Sie ein.",
			leadUpdate:        "%s hat einen Termin geändert, zu dem Sie eingeladen sind.",
			leadCancel:        "%s hat einen Termin abgesagt, zu dem Sie eingeladen waren.",
			leadAccepted:      "%s nimmt die Einladung an.",
			leadDeclined:      "%s lehnt die Einladung ab.",
			leadTentative:     "%s nimmt die Einladung unter Vorbehalt an.",
			leadAnswer:        "%s hat auf die Einladung geantwortet.",
			howToAnswer:       "Antworten Sie mit den Knöpfen Ihres Mailprogramms, oder öffnen Sie die angehängte Datei invite.ics in Ihrem Kalender.",
			"When":            "Wann", "Where": "Wo", "Who": "Wer", "Details": "Näheres", "Link": "Link",
			"all day":                           "ganztägig",
			"due %s":                            "fällig %s",
			"every day":                         "jeden Tag",
			"every week":                        "jede Woche",
			"every month":                       "jeden Monat",
			"every year":                        "jedes Jahr",
			"repeats":                           "wiederholt sich",
			"every %d days":                     "alle %d Tage",
			"every %d weeks":                    "alle %d Wochen",
			"every %d months":                   "alle %d Monate",
			"every %d years":                    "alle %d Jahre",
			"%s, until %s":                      "%s, bis %s",
			"%s, %d times":                      "%s, %d-mal",
			"This is about one date of several": "Es geht um einen von mehreren Terminen",
			"(no title)":                        "(ohne Titel)",
			"and %d others":                     "und %d weitere",
			proposal:                            "Schlägt vor: %s",
		}},
}

// The longer texts.
const (
	subjectInvitation = "Invitation: %s"
	subjectUpdate     = "Changed: %s"
	subjectCancel     = "Cancelled: %s"
	subjectAccepted   = "Accepted: %s"
	subjectDeclined   = "Declined: %s"
	subjectTentative  = "Tentative: %s"
	subjectAnswer     = "Answer: %s"
	leadInvitation    = "%s invites you."
	leadUpdate        = "%s has changed an event to which you are invited."
	leadCancel        = "%s has cancelled an event to which you were invited."
	leadAccepted      = "%s accepts the invitation."
	leadDeclined      = "%s declines the invitation."
	leadTentative     = "%s accepts the invitation tentatively."
	leadAnswer        = "%s has answered the invitation."
	howToAnswer       = "Answer with the buttons of your mail program, or open the attached file invite.ics in your calendar."
	proposal          = "Proposes: %s"
)

var (
	words   = catalogue()
	matcher = language.NewMatcher(tags())
)

func tags() (all []language.Tag) {
	for _, t := range tongues {
		all = append(all, t.tag)
	}
	return all
}

func catalogue() *catalog.Builder {
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, t := range tongues {
		for _, key := range slices.Sorted(maps.Keys(t.texts)) {
			if err := b.SetString(t.tag, key, t.texts[key]); err != nil {
				panic(err) // of a text in this file
			}
		}
	}
	return b
}

// Languages are those that mails are worded in, as BCP 47 tags.
func Languages() (all []string) {
	for _, t := range tongues {
		all = append(all, t.tag.String())
	}
	return all
}

// tongueOf is the nearest there is to a BCP 47 tag; English if none is near.
func tongueOf(wanted string) *tongue {
	_, i := language.MatchStrings(matcher, wanted)
	return tongues[i]
}

// say words a text.
func (t *tongue) say(key string, args ...any) string {
	return message.NewPrinter(t.tag, message.Catalog(words)).Sprintf(message.Key(key, key), args...)
}

// day words a date.
func (t *tongue) day(at time.Time) string {
	return fmt.Sprintf(t.date, t.weekdays[at.Weekday()], at.Day(), t.months[at.Month()-1], at.Year())
}
