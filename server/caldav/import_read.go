package caldav

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"calport/server/dav"
	"calport/server/ical"
)

// What programs write as files is read here more leniently than what clients PUT: other encodings, several calendars in one
// file, components without UID.

// maxImportZones bounds the time zones of one file: each object is given those that it refers to.
const maxImportZones = 500

// readImport reads a file as calendar objects, one for each UID with all its overrides and time zones, and the title that
// the file gives itself. The error is a *dav.Error of status 400 that says what is wrong with the file.
func readImport(data []byte) (objects []*ical.Component, title string, err error) {
	text, err := asUTF8(data)
	if err != nil {
		return nil, "", err
	}
	for len(bytes.TrimSpace(text)) > 0 {
		var one []byte
		one, text = cutCalendar(text)
		calendar, err := ical.Parse(one)
		if err != nil {
			return nil, "", dav.BadRequest("%s", strings.TrimPrefix(err.Error(), "ical: "))
		}
		if err := readable(calendar); err != nil {
			return nil, "", err
		}
		identify(calendar)
		for _, object := range ical.Split(calendar) {
			ical.SetAccess(object, calendar) // what was kept from others stays so
			objects = append(objects, object)
		}
		if title == "" {
			title = calendarTitle(calendar)
		}
	}
	if len(objects) == 0 {
		return nil, "", dav.BadRequest("There is nothing in it.")
	}
	return objects, title, nil
}

// asUTF8 decodes a file: UTF-16 by its byte order mark, and what is no UTF-8 as Windows-1252, as old Outlooks write it.
func asUTF8(data []byte) ([]byte, error) {
	var from transform.Transformer
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}), bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		from = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()
	case utf8.Valid(data):
		return data, nil
	case bytes.IndexByte(data, 0) >= 0:
		return nil, dav.BadRequest("It is no text.")
	default:
		from = charmap.Windows1252.NewDecoder()
	}
	text, _, err := transform.Bytes(from, data)
	if err != nil {
		return nil, dav.BadRequest("Its letters are in an encoding that is not known.")
	}
	return text, nil
}

// cutCalendar takes the first of several calendars that stand one after the other.
func cutCalendar(text []byte) (one, rest []byte) {
	for at := 0; at < len(text); {
		end := len(text)
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		if bytes.EqualFold(bytes.TrimSpace(text[at:end]), []byte("END:VCALENDAR")) {
			return text[:end], text[end:]
		}
		at = end
	}
	return text, nil
}

// readable says what keeps a whole calendar from being read.
func readable(calendar *ical.Component) error {
	if v := strings.TrimSpace(calendar.Value("VERSION")); v == "1.0" {
		return dav.BadRequest("It is a vCalendar 1.0; have the program export iCalendar (2.0).")
	}
	zones := 0
	for range calendar.Children("VTIMEZONE") {
		if zones++; zones > maxImportZones {
			return dav.BadRequest("It has more than %d time zones.", maxImportZones)
		}
	}
	return nil
}

// identify gives components without UID one that is made of them, so that the same file brings no second copy.
func identify(calendar *ical.Component) {
	for _, c := range calendar.Components {
		if c.Name == "VTIMEZONE" || c.Text("UID") != "" {
			continue
		}
		c.Del("UID")
		named := c.Clone()
		named.Del("DTSTAMP") // which some programs set when they export
		sum := sha256.Sum256([]byte(named.String()))
		c.Add(ical.NewText("UID", hex.EncodeToString(sum[:16])))
	}
}

// calendarTitle is what a calendar calls itself: RFC 7986 section 5.1, and the older property.
func calendarTitle(calendar *ical.Component) string {
	for _, name := range []string{"NAME", "X-WR-CALNAME"} {
		if title := strings.TrimSpace(calendar.Text(name)); title != "" {
			return short(title)
		}
	}
	return ""
}

// kindIn is the component that an object consists of, "" if it is of none.
func kindIn(object *ical.Component) string {
	for _, c := range object.Components {
		if c.Name != "VTIMEZONE" {
			return c.Name
		}
	}
	return ""
}
