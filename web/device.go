package web

import (
	"strings"

	"calport/profiles"
)

// device is what a browser's User-Agent header tells of the device before us.
type device struct {
	Platform profiles.Platform // Any: not one that installs profiles, or not known
	Name     string            // iPhone, iPad, Mac; empty if not known
	Browser  string            // a browser, or an app, that cannot hand a profile to the system; empty: it can
}

// devices are known by these marks. An iPad calls itself a Macintosh as long as it asks for desktop pages, hence the
// page offers both.
var devices = []struct {
	mark     string
	platform profiles.Platform
	name     string
}{
	{"iPhone", profiles.IOS, "iPhone"},
	{"iPad", profiles.IOS, "iPad"},
	{"iPod", profiles.IOS, "iPod touch"},
	{"Macintosh", profiles.MacOS, "Mac"},
}

// strangers are browsers of iPhone and iPad that save a profile instead of handing it to the system. Chrome and Safari
// do hand it over.
var strangers = []struct{ mark, name string }{
	{"FxiOS/", "Firefox"},
	{"Focus/", "Firefox Focus"},
	{"Klar/", "Firefox Klar"},
	{"DuckDuckGo/", "DuckDuckGo"},
	{"Ddg/", "DuckDuckGo"},
	{"Brave/", "Brave"},
}

func deviceOf(userAgent string) device {
	for _, d := range devices {
		if strings.Contains(userAgent, d.mark) {
			found := device{Platform: d.platform, Name: d.name}
			if d.platform == profiles.IOS {
				found.Browser = strangerOf(userAgent)
			}
			return found
		}
	}
	return device{}
}

func strangerOf(userAgent string) string {
	for _, s := range strangers {
		if strings.Contains(userAgent, s.mark) {
			return s.name
		}
	}
	if !strings.Contains(userAgent, "Safari/") { // a page shown within an app
		return "this app"
	}
	return ""
}

// Mobile reports whether it is an iPhone or iPad.
func (d device) Mobile() bool { return d.Platform == profiles.IOS }

// Mac reports whether it is a Mac.
func (d device) Mac() bool { return d.Platform == profiles.MacOS }

// Known reports whether it can install a profile.
func (d device) Known() bool { return d.Platform != profiles.Any }
