package caldav

import (
	"strconv"
	"strings"

	"calport/server/dav"
	"calport/server/ical"
)

// describe gives a calendar that is shown as one file the properties of the collection: the name and the colour of RFC
// 7986 sections 5.1 and 5.9, its description (section 5.2), and what older programs read in their place.
func (r *resource) describe(calendar *ical.Component) {
	add := func(text string, names ...string) {
		if text == "" {
			return
		}
		for _, name := range names {
			calendar.Add(ical.NewText(name, text))
		}
	}
	add(r.displayName(), "NAME", "X-WR-CALNAME")
	add(r.textOf(dav.CalendarDescription), "DESCRIPTION", "X-WR-CALDESC")
	color := r.textOf(dav.CalendarColor)
	if rgb, ok := parseColor(color); ok {
		add(rgb.name(), "COLOR")
		add(color[:len("#RRGGBB")], "X-APPLE-CALENDAR-COLOR")
	}
}

// rgb is a colour, as Apple's clients write one: #RRGGBB, or #RRGGBBAA.
type rgb [3]int

func parseColor(text string) (c rgb, ok bool) {
	hex, ok := strings.CutPrefix(text, "#")
	if !ok || len(hex) != 6 && len(hex) != 8 {
		return c, false
	}
	n, err := strconv.ParseUint(hex[:6], 16, 32)
	return rgb{int(n >> 16), int(n >> 8 & 0xff), int(n & 0xff)}, err == nil
}

// colorNames are names of CSS3, the only values of COLOR (RFC 7986 section 5.9).
var colorNames = []struct {
	name string
	rgb
}{
	{"black", rgb{0, 0, 0}}, {"dimgray", rgb{105, 105, 105}}, {"darkgray", rgb{169, 169, 169}}, {"lightgray", rgb{211, 211, 211}}, {"white", rgb{255, 255, 255}},
	{"maroon", rgb{128, 0, 0}}, {"brown", rgb{165, 42, 42}}, {"crimson", rgb{220, 20, 60}}, {"red", rgb{255, 0, 0}}, {"tomato", rgb{255, 99, 71}},
	{"coral", rgb{255, 127, 80}}, {"salmon", rgb{250, 128, 114}}, {"darkorange", rgb{255, 140, 0}}, {"orange", rgb{255, 165, 0}}, {"gold", rgb{255, 215, 0}},
	{"yellow", rgb{255, 255, 0}}, {"khaki", rgb{240, 230, 140}}, {"olive", rgb{128, 128, 0}}, {"sienna", rgb{160, 82, 45}}, {"tan", rgb{210, 180, 140}},
	{"yellowgreen", rgb{154, 205, 50}}, {"limegreen", rgb{50, 205, 50}}, {"lime", rgb{0, 255, 0}}, {"green", rgb{0, 128, 0}}, {"seagreen", rgb{46, 139, 87}},
	{"palegreen", rgb{152, 251, 152}}, {"teal", rgb{0, 128, 128}}, {"turquoise", rgb{64, 224, 208}}, {"cyan", rgb{0, 255, 255}}, {"skyblue", rgb{135, 206, 235}},
	{"deepskyblue", rgb{0, 191, 255}}, {"dodgerblue", rgb{30, 144, 255}}, {"steelblue", rgb{70, 130, 180}}, {"royalblue", rgb{65, 105, 225}}, {"blue", rgb{0, 0, 255}},
	{"navy", rgb{0, 0, 128}}, {"slateblue", rgb{106, 90, 205}}, {"indigo", rgb{75, 0, 130}}, {"purple", rgb{128, 0, 128}}, {"mediumorchid", rgb{186, 85, 211}},
	{"violet", rgb{238, 130, 238}}, {"magenta", rgb{255, 0, 255}}, {"deeppink", rgb{255, 20, 147}}, {"hotpink", rgb{255, 105, 180}}, {"pink", rgb{255, 192, 203}},
}

// name is that of the colour which is nearest.
func (c rgb) name() string {
	nearest, least := "", 3*256*256
	for _, known := range colorNames {
		distance := 0
		for i := range c {
			distance += (c[i] - known.rgb[i]) * (c[i] - known.rgb[i])
		}
		if distance < least {
			nearest, least = known.name, distance
		}
	}
	return nearest
}
