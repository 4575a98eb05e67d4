package caldav_test

import (
	"fmt"
	"strings"
	"testing"

	"calport/server/dav"
)

// Linus may write in Ada's home and has no business in Grace's.
func TestHrefsOfOthersAreRefused(t *testing.T) {
	s := newServer(t)
	s.want(t, "linus", "PUT", "/calendars/users/linus/calendar/3.ics", event("3", "20260901T090000Z"), 201)
	const linusHome = "/calendars/__uids__/" + linusGUID + "/"
	multiget := func(href string) string {
		return fmt.Sprintf(wholeC, "calendar-multiget", "<D:prop><D:getetag/><C:calendar-data/></D:prop><D:href>"+href+"</D:href>")
	}
	onInbox := func(property string) string {
		return propertyUpdate("<C:" + property + "><D:href>" + graceCal + "</D:href></C:" + property + ">")
	}
	to := func(path string) string { return "Destination: https://cal.example.com" + path }
	s.refuses(t, []trouble{
		{name: "GET", who: "linus", method: "GET", path: graceCal + "2.ics", status: 403, says: "need-privileges"},
		{name: "PUT", who: "linus", method: "PUT", path: graceCal + "2.ics", body: event("2", "20260901T100000Z"), status: 403, says: "need-privileges"},
		{name: "PUT of a new one", who: "linus", method: "PUT", path: graceCal + "new.ics", body: event("new", "20260901T100000Z"), status: 403, says: "need-privileges"},
		{name: "PUT of what does not exist in a calendar that does not", who: "linus", method: "PUT", path: homeOf(graceGUID) + "no/new.ics", body: event("new", "20260901T100000Z"), status: 403, says: "need-privileges"},
		{name: "POST", who: "linus", method: "POST", path: graceCal + ";add-member", body: event("new", "20260901T100000Z"), status: 403, says: "need-privileges"},
		{name: "DELETE", who: "linus", method: "DELETE", path: graceCal + "2.ics", status: 403, says: "need-privileges"},
		{name: "DELETE of the calendar", who: "linus", method: "DELETE", path: graceCal, status: 403, says: "need-privileges"},
		{name: "PROPPATCH", who: "linus", method: "PROPPATCH", path: graceCal, body: propertyUpdate("<D:displayname>x</D:displayname>"), status: 403, says: "need-privileges"},
		{name: "MKCALENDAR", who: "linus", method: "MKCALENDAR", path: homeOf(graceGUID) + "new/", status: 403, says: "need-privileges"},
		{name: "ACL", who: "linus", method: "ACL", path: graceCal, body: `<acl xmlns="DAV:"/>`, status: 403, says: "need-privileges"},
		{name: "outbox", who: "linus", method: "POST", path: homeOf(graceGUID) + "outbox/", body: event("new", "20260901T100000Z"), status: 403, says: "need-privileges"},
		{name: "MOVE to", who: "linus", method: "MOVE", path: linusHome + "calendar/3.ics", head: []string{to(graceCal + "3.ics")}, status: 403, says: "need-privileges"},
		{name: "MOVE over", who: "linus", method: "MOVE", path: linusHome + "calendar/3.ics", head: []string{to(graceCal + "2.ics"), "Overwrite: T"}, status: 403, says: "need-privileges"},
		{name: "MOVE from", who: "linus", method: "MOVE", path: graceCal + "2.ics", head: []string{to(linusHome + "calendar/2.ics")}, status: 403, says: "need-privileges"},
		{name: "COPY from", who: "linus", method: "COPY", path: graceCal + "2.ics", head: []string{to(linusHome + "calendar/2.ics")}, status: 403, says: "need-privileges"},
		{name: "COPY to", who: "linus", method: "COPY", path: linusHome + "calendar/3.ics", head: []string{to(graceCal + "3.ics")}, status: 403, says: "need-privileges"},
		{name: "MOVE of a calendar", who: "linus", method: "MOVE", path: linusHome + "calendar/", head: []string{to(homeOf(graceGUID) + "linus/")}, status: 403, says: "need-privileges"},
		{name: "MOVE out of the tree", who: "linus", method: "MOVE", path: linusHome + "calendar/3.ics", head: []string{to("/portal/")}, status: 409},
		{name: "MOVE by dots", who: "linus", method: "MOVE", path: linusHome + "calendar/3.ics", head: []string{to(linusHome + "calendar/../../" + graceGUID + "/calendar/3.ics")}, status: 403},
		{name: "REPORT", who: "linus", method: "REPORT", path: graceCal, body: query(fmt.Sprintf(within, "")), status: 403, says: "need-privileges"},
		{name: "sync", who: "linus", method: "REPORT", path: graceCal, body: fmt.Sprintf(syncFrom, "", ""), status: 403, says: "need-privileges"},
		{name: "a multiget", who: "linus", method: "REPORT", path: linusHome + "calendar/", body: multiget(graceCal + "2.ics"), status: 207, says: " 404 Not Found"},
		{name: "a multiget of the home", who: "linus", method: "REPORT", path: linusHome, body: multiget(graceCal + "2.ics"), status: 207, says: " 404 Not Found"},
		{name: "a multiget of an absolute URL", who: "linus", method: "REPORT", path: linusHome, body: multiget("https://cal.example.com" + graceCal + "2.ics"), status: 207, says: " 404 Not Found"},
		{name: "a multiget of what is not there", who: "linus", method: "REPORT", path: linusHome, body: multiget(graceCal + "no.ics"), status: 207, says: " 404 Not Found"},
		{name: "the default calendar", who: "linus", method: "PROPPATCH", path: linusHome + "inbox/", body: onInbox("schedule-default-calendar-URL"), status: 207, says: "valid-schedule-default-calendar-URL"},
		{name: "a proxy's members", who: "linus", method: "PROPPATCH", path: "/principals/__uids__/" + graceGUID + "/calendar-proxy-write/", status: 403, says: "need-privileges",
			body: propertyUpdate("<D:group-member-set><D:href>/principals/__uids__/" + linusGUID + "/</D:href></D:group-member-set>")},
		{name: "a principal", who: "linus", method: "PROPPATCH", path: "/principals/__uids__/" + graceGUID + "/", body: propertyUpdate("<D:displayname>x</D:displayname>"), status: 403, says: "need-privileges"},
	})
	there := s.do(t, "linus", "REPORT", linusHome, multiget(graceCal+"2.ics")).Body.String()
	notThere := s.do(t, "linus", "REPORT", linusHome, multiget(graceCal+"3.ics")).Body.String()
	if there != strings.Replace(notThere, "3.ics", "2.ics", 1) {
		t.Errorf("it tells what is there: %s", there)
	}
}

func homeOf(guid string) string { return "/calendars/__uids__/" + guid + "/" }

func TestIfHeadersMadeToConfuseChangeNothing(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"0.ics", event("0", "20260901T090000Z"), 201)
	other := s.want(t, "ada", "GET", adaCal+"0.ics", "", 200).Header().Get("ETag")
	graces := s.want(t, "grace", "PUT", graceCal+"0.ics", event("g", "20260901T090000Z"), 201).Header().Get("ETag")
	calendar, _ := s.property(t, "ada", adaCal, dav.SyncToken)
	theirs, _ := s.property(t, "grace", graceCal, dav.SyncToken)
	var all []trouble
	for header, status := range map[string]int{
		`(["other"])`:                       412,
		`(` + other + `)`:                   400, // an entity tag is in brackets
		`([` + other + `])`:                 412, // that of another resource
		`([W/"1"])`:                         412,
		`([*])`:                             400,
		`(<DAV:no-lock>)`:                   412, // RFC 4918 section 10.4.8
		`(<opaquelocktoken:1>)`:             412,
		`(Not <DAV:no-lock> ["other"])`:     412, // all of a list must hold
		`(["other"]) (["another"])`:         412,
		`()`:                                400,
		`(`:                                 400,
		`)`:                                 400,
		`(Not)`:                             400,
		`(Not Not <DAV:no-lock>)`:           400,
		`(["other")`:                        400,
		`(<DAV:no-lock)`:                    400,
		`(["a"]) <` + adaCal + `> (["b"])`:  400, // lists with and without a resource do not mix
		`<` + adaCal + `0.ics>`:             400,
		`<` + adaCal + `0.ics> (["other"])`: 412,
		`<` + graceCal + `0.ics> (["` + graces[1:] + `])`: 412, // what linus may not read is not there
		`<` + graceCal + `> (<` + theirs + `>)`:           412,
		`<` + adaHome + `> (<` + calendar + `>)`:          412, // a token is good for its collection only
		`<http://[::1> (["x"])`:                           412,
		`<` + adaCal + `%zz> (["x"])`:                     412,
		strings.Repeat(`(["x"])`, 20_000):                 412,
		"(<" + strings.Repeat("x", 100_000) + ">)":        412,
		"\x00": 400,
	} {
		short := header[:min(len(header), 60)]
		for _, c := range []trouble{
			{method: "PUT", path: adaCal + "1.ics", body: changed("Event 1", "Lost")},
			{method: "DELETE", path: adaCal + "1.ics"},
			{method: "MOVE", path: adaCal + "1.ics", head: []string{"Destination: " + adaCal + "moved.ics"}},
			{method: "PROPPATCH", path: adaCal, body: propertyUpdate("<D:displayname>Lost</D:displayname>")},
		} {
			c.name, c.who, c.status, c.head = c.method+" "+short, "linus", status, append(c.head, "If: "+header)
			all = append(all, c)
		}
	}
	for _, head := range []string{`If-Match: "other"`, `If-Match: W/"1"`, `If-Match: nonsense`, `If-None-Match: *`, `If-Match: "other", "another"`, `If-Match: ` + other} {
		all = append(all,
			trouble{name: "PUT " + head, method: "PUT", path: adaCal + "1.ics", body: changed("Event 1", "Lost"), head: []string{head}, status: 412},
			trouble{name: "DELETE " + head, method: "DELETE", path: adaCal + "1.ics", head: []string{head}, status: 412})
	}
	all = append(all, trouble{name: "If-Match: * on nothing", method: "PUT", path: adaCal + "nothing.ics", body: event("n", "20260901T090000Z"), head: []string{"If-Match: *"}, status: 412})
	s.refuses(t, all)

	// One list that holds is enough, whatever the others say.
	etag := s.want(t, "ada", "GET", adaCal+"1.ics", "", 200).Header().Get("ETag")
	s.want(t, "ada", "PUT", adaCal+"1.ics", changed("Event 1", "Kept"), 204, `If: (["other"]) (Not <DAV:no-lock> [`+etag+`])`)
	s.want(t, "ada", "DELETE", adaCal+"1.ics", "", 204, `If: <`+adaCal+`> (Not <DAV:no-lock>) <`+adaCal+`0.ics> ([`+other+`])`)
}
