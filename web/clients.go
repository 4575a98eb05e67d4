package web

import (
	"regexp"

	"calport/profiles"
)

// clients says in words what calendar programs call themselves. The first row that fits is taken.
var clients = []struct {
	agent *regexp.Regexp
	words string // $1 is what the expression has in brackets
}{
	{regexp.MustCompile(`^iOS/([\d.]+).*remindd`), "Reminders on iPhone or iPad (iOS $1)"},
	{regexp.MustCompile(`^iOS/([\d.]+)`), "Calendar on iPhone or iPad (iOS $1)"},
	{regexp.MustCompile(`^iPadOS/([\d.]+)`), "Calendar on iPad (iPadOS $1)"},
	{regexp.MustCompile(`^visionOS/([\d.]+)`), "Calendar on Vision Pro (visionOS $1)"},
	{regexp.MustCompile(`^macOS/([\d.]+).*remindd`), "Reminders on Mac (macOS $1)"},
	{regexp.MustCompile(`^macOS/([\d.]+)`), "Calendar on Mac (macOS $1)"},
	{regexp.MustCompile(`Mac[ +_]OS[ +_]X/([\d.]+)`), "Calendar on Mac (OS X $1)"},
	{regexp.MustCompile(`^DAVx5/([\d.]+).*Android/([\d.]+)`), "DAVx⁵ $1 on Android $2"},
	{regexp.MustCompile(`^DAVx5/([\d.]+)`), "DAVx⁵ $1"},
	{regexp.MustCompile(`Thunderbird/([\d.]+)`), "Thunderbird $1"},
	{regexp.MustCompile(`^Evolution/([\d.]+)`), "Evolution $1"},
	{regexp.MustCompile(`KDE|Akonadi|KOrganizer`), "KOrganizer"},
	{regexp.MustCompile(`CalDavSynchronizer/([\d.]+)`), "Outlook (CalDAV Synchronizer $1)"},
	{regexp.MustCompile(`^vdirsyncer/([\d.]+)`), "vdirsyncer $1"},
}

// maxClientWords bounds what is shown of a program that no row knows, in characters.
const maxClientWords = 60

// clientWords is what a calendar program is, for its owner.
func clientWords(agent string) string {
	for _, c := range clients {
		if m := c.agent.FindStringSubmatchIndex(agent); m != nil {
			return string(c.agent.ExpandString(nil, c.words, agent, m))
		}
	}
	if agent == "" {
		return "A program that does not say its name"
	}
	if r := []rune(agent); len(r) > maxClientWords {
		return string(r[:maxClientWords]) + "…"
	}
	return agent
}

// browserWords is what the device of a browser is.
func browserWords(agent string) string {
	d := deviceOf(agent)
	if d.Platform == profiles.Any {
		return "a browser on another computer"
	}
	return "a browser on " + article(d.Name)
}

func article(name string) string {
	switch name {
	case "iPhone", "iPad", "iPod touch":
		return "an " + name
	}
	return "a " + name
}
