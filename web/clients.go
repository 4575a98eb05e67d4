package web

import (
	"regexp"
)

// clients says in words what calendar programs call themselves. The first row that fits is taken.
var clients = []struct {
	agent *regexp.Regexp
	words english // its verbs are what the expression has in brackets
}{
	{regexp.MustCompile(`^iOS/([\d.]+).*remindd`), "Reminders on iPhone or iPad (iOS %s)"},
	{regexp.MustCompile(`^iOS/([\d.]+)`), "Calendar on iPhone or iPad (iOS %s)"},
	{regexp.MustCompile(`^iPadOS/([\d.]+)`), "Calendar on iPad (iPadOS %s)"},
	{regexp.MustCompile(`^visionOS/([\d.]+)`), "Calendar on Vision Pro (visionOS %s)"},
	{regexp.MustCompile(`^macOS/([\d.]+).*remindd`), "Reminders on Mac (macOS %s)"},
	{regexp.MustCompile(`^macOS/([\d.]+)`), "Calendar on Mac (macOS %s)"},
	{regexp.MustCompile(`Mac[ +_]OS[ +_]X/([\d.]+)`), "Calendar on Mac (OS X %s)"},
	{regexp.MustCompile(`^DAVx5/([\d.]+).*Android/([\d.]+)`), "DAVx⁵ %s on Android %s"},
	{regexp.MustCompile(`^DAVx5/([\d.]+)`), "DAVx⁵ %s"},
	{regexp.MustCompile(`Thunderbird/([\d.]+)`), "Thunderbird %s"},
	{regexp.MustCompile(`^Evolution/([\d.]+)`), "Evolution %s"},
	{regexp.MustCompile(`KDE|Akonadi|KOrganizer`), "KOrganizer"},
	{regexp.MustCompile(`CalDavSynchronizer/([\d.]+)`), "Outlook (CalDAV Synchronizer %s)"},
	{regexp.MustCompile(`^vdirsyncer/([\d.]+)`), "vdirsyncer %s"},
}

// maxClientWords bounds what is shown of a program that no row knows, in characters.
const maxClientWords = 60

// clientWords is what a calendar program is, for its owner.
func clientWords(agent string) phrase {
	for _, c := range clients {
		if m := c.agent.FindStringSubmatch(agent); m != nil {
			said := say(c.words)
			for _, part := range m[1:] {
				said.Args = append(said.Args, part)
			}
			return said
		}
	}
	if agent == "" {
		return say("A program that does not say its name")
	}
	if r := []rune(agent); len(r) > maxClientWords {
		agent = string(r[:maxClientWords]) + "…"
	}
	return verbatim(agent)
}

// browserWords is what the device of a browser is.
func browserWords(agent string) phrase {
	switch d := deviceOf(agent); d.Name {
	case "":
		return say("a browser on another computer")
	case "Mac":
		return say("a browser on a Mac")
	default:
		return say("a browser on an %s", d.Name)
	}
}
