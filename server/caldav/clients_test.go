package caldav_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"calport/server/caldav"
	"calport/server/dav"
)

// A proxy knows the server by other names than the client does: MOVE would lose an event if they were compared.
func TestDestinationIsComparedByItsPathOnly(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"0.ics", event("1", "20260901T090000Z"), 201)
	for i, origin := range []string{"", "https://cal.example.com", "http://127.0.0.1:8008", "https://internal.example:8443", "https://ada@cal.example.com", "HTTPS://CAL.EXAMPLE.COM"} {
		from, to := fmt.Sprintf("%s%d.ics", adaCal, i), fmt.Sprintf("%s%d.ics", adaCal, i+1)
		s.want(t, "ada", "MOVE", from, "", 201, "Destination: "+origin+to, "Overwrite: F")
		s.want(t, "ada", "GET", to, "", 200)
		s.want(t, "ada", "GET", from, "", 404)
	}
	for wrong, status := range map[string]int{"": 400, "calendar/2.ics": 400, "mailto:ada@example.com": 400, "https://cal.example.com": 403, "/": 403} {
		s.want(t, "ada", "MOVE", adaCal+"6.ics", "", status, "Destination: "+wrong)
	}
	s.want(t, "ada", "GET", adaCal+"6.ics", "", 200)
}

func TestHrefsArePathAbsolute(t *testing.T) {
	s := placesServer(t)
	var all strings.Builder
	all.WriteString(`<D:propfind xmlns:D="DAV:"><D:prop>`)
	for i, row := range caldav.PropertyRows() {
		if row.Name != dav.Source { // the client's own
			fmt.Fprintf(&all, `<n%d:%s xmlns:n%[1]d=%q/>`, i, row.Name.Local, row.Name.Space)
		}
	}
	all.WriteString(`</D:prop></D:propfind>`)
	hrefs := regexp.MustCompile(`<D:href[^>]*>([^<]*)</D:href>`)
	for kind, path := range places {
		for _, m := range hrefs.FindAllStringSubmatch(s.want(t, "ada", "PROPFIND", path, all.String(), 207, "Depth: 0").Body.String(), -1) {
			if href := m[1]; !regexp.MustCompile(`^(/|mailto:|urn:)`).MatchString(href) || strings.HasPrefix(href, "//") {
				t.Errorf("%v %s has the href %q", kind, path, href)
			}
		}
	}
}

// Macs ask some principal collection and mean them all, with the attributes of calendarserver-principal-property-search.
func TestPeopleAreFoundFromAnyPlaceByAnyOfTheirNames(t *testing.T) {
	s := newServer(t)
	const search = `<x0:principal-property-search xmlns:x0="DAV:" xmlns:x1="http://calendarserver.org/ns/" test="anyof">
		<x0:property-search><x0:prop><x0:displayname/></x0:prop><x0:match match-type="starts-with">%[1]s</x0:match></x0:property-search>
		<x0:property-search><x0:prop><x1:email-address-set/></x0:prop><x0:match match-type="starts-with">%[1]s</x0:match></x0:property-search>
		<x0:property-search><x0:prop><x1:first-name/></x0:prop><x0:match match-type="starts-with">%[1]s</x0:match></x0:property-search>
		<x0:property-search><x0:prop><x1:last-name/></x0:prop><x0:match match-type="starts-with">%[1]s</x0:match></x0:property-search>
		<x0:prop><x0:displayname/></x0:prop></x0:principal-property-search>`
	for _, path := range []string{"/principals/", "/principals", "/principals/users/", "/principals/__uids__/", "/principals/users/grace/", adaCal, adaHome, "/"} {
		for text, want := range map[string]string{
			"ada": "Ada Lovelace", "Love": "Ada Lovelace", "countess@": "Ada Lovelace", "COUNTESS": "Ada Lovelace",
			"zo": "Zoë Ångström", "ångs": "Zoë Ångström", "lace": "", "nobody": "",
		} {
			body := s.want(t, "grace", "REPORT", path, fmt.Sprintf(search, text), 207).Body.String()
			if got := strings.Count(body, "<D:response>"); want == "" && got > 0 || want != "" && (got != 1 || !strings.Contains(body, want)) {
				t.Errorf("%s: for %q got %s, want %q", path, text, body, want)
			}
		}
	}
}

// Servers that answered by the name of the client broke with each of its releases.
func TestNoAnswerDependsOnTheUserAgent(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T090000Z"), 201)
	for _, ask := range []func(agent string) string{
		func(agent string) string {
			return s.want(t, "ada", "PROPFIND", adaHome, "", 207, "Depth: 1", agent).Body.String()
		},
		func(agent string) string {
			return s.want(t, "ada", "PROPFIND", "/principals/users/ada/", "", 207, "Depth: 0", agent).Body.String()
		},
		func(agent string) string {
			return fmt.Sprint(s.want(t, "ada", "OPTIONS", adaCal, "", 200, agent).Header())
		},
		func(agent string) string {
			return s.want(t, "ada", "REPORT", adaCal, fmt.Sprintf(syncFrom, "", ""), 207, agent).Body.String()
		},
		func(agent string) string {
			w := s.want(t, "ada", "GET", adaCal+"1.ics", "", 200, agent)
			return fmt.Sprint(w.Header(), w.Body)
		},
	} {
		plain := ask("X-No: agent")
		for _, agent := range []string{
			"DAVKit/4.0.3 (732); CalendarStore/4.0.3 (991); iCal/4.0.3 (1388); Mac OS X/10.6.4 (10F569)", "Mac+OS+X/10.11 (15A283) CalendarAgent/361",
			"macOS/26.1 (25B78) accountsd/1.0", "iOS/18.0 (22A3354) dataaccessd/1.0", "iOS/5.1 (9B179) dataaccessd/1.0", "Mozilla/5.0 Thunderbird/140.0", "DAVx5/4.4",
		} {
			if got := ask("User-Agent: " + agent); got != plain {
				t.Errorf("%s is answered\n%s\nand another\n%s", agent, got, plain)
			}
		}
	}
}
