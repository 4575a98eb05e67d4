package profiles

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"calport/directory"
)

// Line says in words one thing that a profile holds.
type Line struct {
	Group string // the payload's title: "Calendar account"; "Profile" for the profile itself
	Path  string // PayloadContent[0].CalDAVHostName
	Title string // "Server"
	Value Phrase // "cal.example.com", "yes", "(hidden)"
}

// Phrase is something to say, see [directory.Phrase].
type Phrase = directory.Phrase

// Say makes a Phrase.
func Say(format string, args ...any) Phrase { return directory.Say(format, args...) }

// verbatim is a phrase for what is the same in every language.
func verbatim(text string) Phrase { return Say("%s", text) }

// Describe says in words what a profile holds, as far as it concerns the platform, in the order of the tables. What
// the tables do not know is named without its value.
func Describe(values Dict, platform Platform) []Line {
	lines := describe(nil, "Profile", "", values, platform, topKeys)
	payloadsIn(values, func(path string, payload Dict) {
		kind, _ := payload["PayloadType"].(string)
		row := payloadOf(kind)
		if row == nil {
			lines = append(lines, Line{Group: kind, Path: path, Title: "Content", Value: Say("not known to calport")})
			return
		}
		lines = describe(lines, row.Title, path, payload, platform, row.Keys)
	})
	return lines
}

func describe(lines []Line, group, path string, values Dict, platform Platform, keys []Key) []Line {
	for i := range keys {
		key := &keys[i]
		value, present := values[key.Name]
		if !present || key.Title == "" || !key.Since.on(platform) {
			continue
		}
		lines = append(lines, Line{Group: group, Path: member(path, key.Name), Title: key.Title, Value: key.words(value)})
	}
	return lines
}

func (key *Key) words(value any) Phrase {
	if key.Secret {
		return Say("(hidden)")
	}
	if key.Words != nil && key.Type.fits(value) {
		return key.Words(value)
	}
	for _, choice := range key.Allowed {
		if choice.Value == value && choice.Words != "" {
			return Say(choice.Words)
		}
	}
	return words(value)
}

// words says a value of any type.
func words(value any) Phrase {
	switch v := value.(type) {
	case bool:
		if v {
			return Say("yes")
		}
		return Say("no")
	case time.Time:
		return Say("%s, %s UTC", v, v.UTC().Format("15:04"))
	case []byte:
		return Say("%d bytes", len(v))
	case []any:
		said := make([]any, len(v))
		for i := range v {
			said[i] = words(v[i])
		}
		return list(said, ", ")
	case Dict:
		var said []any
		for _, name := range slices.Sorted(maps.Keys(v)) {
			said = append(said, Say("%s: %s", name, words(v[name])))
		}
		return list(said, "; ")
	}
	return verbatim(fmt.Sprint(value))
}

// list is several phrases as one.
func list(said []any, separator string) Phrase {
	return Say(strings.TrimSuffix(strings.Repeat("%s"+separator, len(said)), separator), said...)
}

// consentWords says the consent text that most readers get: the default, else English, else the first.
func consentWords(value any) Phrase {
	texts := value.(Dict)
	for _, language := range append([]string{"default", "en"}, slices.Sorted(maps.Keys(texts))...) {
		if text, ok := texts[language].(string); ok {
			return verbatim(text)
		}
	}
	return words(value)
}

func durationWords(value any) Phrase {
	seconds, ok := value.(float64)
	if whole, is := value.(int64); is {
		seconds, ok = float64(whole), true
	}
	if !ok || seconds < 0 || seconds > 1e9 {
		return Say("%s s", words(value))
	}
	d := time.Duration(seconds * float64(time.Second))
	if days := d / (24 * time.Hour); days > 0 && d%(24*time.Hour) == 0 {
		return Say("%d days", int(days))
	}
	return verbatim(d.String())
}

// certificateWords names a certificate by its subject and SHA-256, which is what devices show.
func certificateWords(value any) Phrase {
	der := value.([]byte)
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Say("not readable: %s", err)
	}
	return verbatim(fmt.Sprintf("%s, SHA-256 %X", certificateName(cert), sha256.Sum256(der)))
}

func certificateName(cert *x509.Certificate) string {
	if cert.Subject.CommonName != "" {
		return cert.Subject.CommonName
	}
	return cert.Subject.String()
}

// preferenceWords says which preferences of which domain are set, leaving out how Apple wraps them.
func preferenceWords(value any) Phrase {
	var said []any
	domains := value.(Dict)
	for _, domain := range slices.Sorted(maps.Keys(domains)) {
		wrapped, _ := domains[domain].(Dict)
		for _, how := range []string{"Forced", "Set-Once"} {
			items, _ := wrapped[how].([]any)
			for _, item := range items {
				settings, _ := item.(Dict)
				said = append(said, Say("%s (%s)", words(settings["mcx_preference_settings"]), domain))
			}
		}
	}
	return list(said, "; ")
}
