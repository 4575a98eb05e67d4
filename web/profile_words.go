package web

// profileWords are the built-in texts of profiles, by what package profiles has; what is between percent signs is filled in
// later.
var profileWords = map[string]english{
	"Calendars of %full_name%":                          "Calendars of %s",
	"Adds the calendars of %full_name% to this device.": "Adds the calendars of %s to this device.",
	"Calendars": "Calendars",
	"Contacts":  "Contacts",
	"Trust":     "Trust",
	"Lets this device trust the calendar server and the profiles that come from it.": "Lets this device trust the calendar server and the profiles that come from it.",
	"Calendar diagnostics": "Calendar diagnostics",
	"Makes Calendar write a detailed log, and removes itself.": "Makes Calendar write a detailed log, and removes itself.",
}

// ProfileWords says a built-in text of profiles in the best language that there is of those wanted (RFC 9110 section
// 12.5.4).
func ProfileWords(wanted, text string) string {
	l, key := languages.best(wanted), profileWords[text]
	if l == nil || l == inEnglish || key == "" {
		return text
	}
	return l.word(key, "%full_name%")
}
