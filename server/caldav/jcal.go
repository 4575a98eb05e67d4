package caldav

import (
	"encoding/xml"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"calport/server/dav"
	"calport/server/ical"
)

// Objects are stored as iCalendar. They come and go as JSON, too, where a client wants it so (RFC 7265).

const (
	typeICalendar = "text/calendar"
	typeJCal      = "application/calendar+json"
)

// contentTypeAttr tells calendar data in XML that is JSON from what is not (RFC 4791 section 9.6).
var contentTypeAttr = xml.Attr{Name: xml.Name{Local: "content-type"}, Value: typeJCal}

// asICalendar is calendar data of a media type that supportedType takes, as it is stored.
func asICalendar(media string, data []byte) ([]byte, error) {
	if media != typeJCal {
		return data, nil
	}
	calendar, err := ical.ParseJSON(data)
	if err != nil {
		return nil, invalid(dav.ValidCalendarData, err)
	}
	return calendar.Bytes(), nil
}

// sentType is the media type of calendar data in an XML element.
func sentType(e *dav.Element) string {
	media, _ := e.Attribute(contentTypeAttr.Name.Local)
	return strings.ToLower(media)
}

// wantsJCal says whether a client would rather have JSON, by its Accept (RFC 9110 section 12.5.1). Without one it is
// answered in the type that it speaks itself.
func wantsJCal(h http.Header, sent string) bool {
	accept := h.Values("Accept")
	if len(accept) == 0 {
		return sent == typeJCal
	}
	named := slices.ContainsFunc(accept, func(line string) bool { return strings.Contains(line, "application/") })
	return named && quality(h, typeJCal) > quality(h, typeICalendar)
}

// quality is how much a media type is wanted, from 0 to 1: by the range in Accept that fits it most closely.
func quality(h http.Header, media string) float64 {
	best, q := -1, 0.0
	for _, line := range h.Values("Accept") {
		for part := range strings.SplitSeq(line, ",") {
			wanted, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			kind, _, _ := strings.Cut(media, "/")
			fits := -1
			switch wanted {
			case media:
				fits = 2
			case kind + "/*":
				fits = 1
			case "*/*":
				fits = 0
			}
			if fits <= best {
				continue
			}
			best, q = fits, 1
			if given, err := strconv.ParseFloat(params["q"], 64); err == nil {
				q = given
			}
		}
	}
	return q
}

// show is calendar data in the form that the request wants, with its media type.
func (e *exchange) show(calendar *ical.Component) (data []byte, media string) {
	if wantsJCal(e.r.Header, mediaType(e.r.Header)) {
		return calendar.JSON(), typeJCal
	}
	return calendar.Bytes(), contentType(object)
}

// showData is show for data as it is stored.
func (e *exchange) showData(data []byte) ([]byte, string) {
	if wantsJCal(e.r.Header, mediaType(e.r.Header)) {
		if calendar, err := ical.Parse(data); err == nil {
			return calendar.JSON(), typeJCal
		}
	}
	return data, contentType(object)
}

// writeCalendarData writes a property or element of calendar data.
func writeCalendarData(w *dav.Writer, name dav.Name, data []byte, json bool) {
	if json {
		w.Start(name, contentTypeAttr)
	} else {
		w.Start(name)
	}
	w.Bytes(data)
	w.End(name)
}
