package itip

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
)

// Apple's scripts for implicit scheduling are played here without a server, as
// far as they are about objects and not about HTTP: a fast first judgement.

type script struct {
	Suites []struct {
		Name  string `xml:"name,attr"`
		Fresh string `xml:"change-uid,attr"`
		Tests []struct {
			Name        string    `xml:"name,attr"`
			Description string    `xml:"description"`
			Requests    []request `xml:"request"`
		} `xml:"test"`
	} `xml:"test-suite"`
}

type request struct {
	User    string   `xml:"user,attr"`
	Method  string   `xml:"method"`
	URIs    []string `xml:"ruri"`
	File    string   `xml:"data>filepath"`
	GrabURI []string `xml:"graburi"`
	Headers []struct {
		Name  string `xml:"name"`
		Value string `xml:"value"`
	} `xml:"header"`
	Verify []struct {
		Callback string `xml:"callback"`
		Args     []struct {
			Name   string   `xml:"name"`
			Values []string `xml:"value"`
		} `xml:"arg"`
	} `xml:"verify"`
}

// player plays a script.
type player struct {
	*world
	dir     string
	vars    map[string]string
	current string // what "$" stands for
	data    string // of the last answer
	err     error
	failed  []string
	seen    map[string]*ical.Component // organizer's versions, for staleness
}

func suiteDir(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("CALPORT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir := filepath.Join(shared, "conformance/suite")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no conformance suite (set CALPORT_SHARED)")
	}
	return dir
}

func TestConformanceScripts(t *testing.T) {
	dir := suiteDir(t)
	for _, name := range []string{
		"implicitscenario1", "implicitrecur1", "implicitcancels", "implicitattendeedelete", "implicitpartstatchange", "implicitscheduleagent",
		"implicitsecurity", "implicittodo", "implicitscheduletag", "implicitauto1", "implicitauto3", "implicitautomodes", "privatecomments",
	} {
		t.Run(name, func(t *testing.T) { playScript(t, dir, name) })
	}
}

func playScript(t *testing.T, dir, name string) {
	data, err := os.ReadFile(filepath.Join(dir, "scripts/tests/CalDAV", name+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	var s script
	d := xml.NewDecoder(strings.NewReader(string(data)))
	d.Strict = false
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	p := newPlayer(t, dir)
	for _, suite := range s.Suites {
		if p.vars["$uid1:"] == "" || suite.Fresh == "yes" {
			p.vars["$uid1:"], p.vars["$uid2:"] = name+suite.Name, name+suite.Name+"2"
		}
		for _, test := range suite.Tests {
			for _, r := range test.Requests {
				p.failed = nil
				p.play(r)
				for _, f := range p.failed {
					t.Errorf("%s / %s %s: %s", suite.Name, test.Name, test.Description, f)
				}
			}
		}
	}
}

func newPlayer(t *testing.T, dir string) *player {
	p := &player{
		world: newWorld(t, time.Now().UTC().Truncate(time.Second)),
		dir:   dir,
		vars:  map[string]string{},
		seen:  map[string]*ical.Component{},
	}
	for i := 1; i <= 4; i++ {
		n := strconv.Itoa(i)
		mail := fmt.Sprintf("user%02d@example.com", i)
		p.add(User{Address: "mailto:" + mail, CN: fmt.Sprintf("User %02d", i)},
			fmt.Sprintf("urn:x-uid:1000%d", i), fmt.Sprintf("/principals/users/user%02d/", i))
		p.vars["$cuaddr"+n+":"], p.vars["$cuaddrurn"+n+":"] = "mailto:"+mail, "mailto:"+mail
		p.vars["$cuaddralt"+n+":"] = fmt.Sprintf("/principals/users/user%02d/", i)
		p.vars["$email"+n+":"], p.vars["$username"+n+":"] = mail, fmt.Sprintf("User %02d", i)
	}
	modes := map[int]string{5: "none", 6: "accept-always", 7: "decline-always", 8: "accept-if-free", 9: "decline-if-busy"}
	for i := 1; i <= 10; i++ {
		n := strconv.Itoa(i)
		u := User{Address: fmt.Sprintf("urn:x-uid:4000%d", i), CN: fmt.Sprintf("Resource %02d", i), CUType: "RESOURCE"}
		h := p.add(u, fmt.Sprintf("/principals/resources/resource%02d/", i))
		if h.mode = modes[i]; h.mode == "" {
			h.mode = "automatic"
		}
		p.vars["$rcuaddr"+n+":"], p.vars["$rcuaddrurn"+n+":"], p.vars["$rcuaddralt"+n+":"] = u.Address, u.Address, u.Address
		p.vars["$resourcename"+n+":"] = u.CN
	}
	return p
}

var variable = regexp.MustCompile(`\$[a-z0-9_.-]+:`)

func (p *player) filled(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if v, ok := p.vars[name]; ok {
			return v
		}
		parts := strings.Split(strings.Trim(name, "$:"), ".")
		if parts[0] != "now" {
			return name
		}
		n, _ := strconv.Atoi(parts[len(parts)-1])
		switch {
		case len(parts) > 1 && parts[1] == "year":
			return p.now.AddDate(n, 0, 0).Format("2006")
		case len(parts) > 1 && parts[1] == "month":
			return p.now.AddDate(0, n, 0).Format("200601")
		}
		return p.now.AddDate(0, 0, n).Format("20060102")
	})
}

func (p *player) fail(format string, args ...any) {
	p.failed = append(p.failed, fmt.Sprintf(format, args...))
}

func (p *player) file(name string) *ical.Component {
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	cal, err := ical.Parse([]byte(p.filled(string(data))))
	if err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	return cal
}

var place = regexp.MustCompile(`^\$(r?)(calendar|tasks|inbox)path(\d+):/?(.*)$`)

// where returns the home, whether it is the inbox, and the resource of a URI.
func (p *player) where(uri string) (h *home, inbox bool, name string) {
	uri = strings.TrimSpace(uri)
	if uri == "$" {
		uri = p.current
	} else if v, ok := p.vars[uri]; ok {
		uri = v
	}
	m := place.FindStringSubmatch(uri)
	if m == nil {
		return nil, false, ""
	}
	p.current = uri
	address := "$cuaddr" + m[3] + ":"
	if m[1] == "r" {
		address = "$rcuaddr" + m[3] + ":"
	}
	return p.find(p.vars[address]), m[2] == "inbox", m[4]
}

func (p *player) play(r request) {
	for _, uri := range r.URIs {
		p.playOn(uri, r)
	}
}

func (p *player) playOn(uri string, r request) {
	h, inbox, name := p.where(uri)
	if h == nil {
		return
	}
	method, count, _ := strings.Cut(strings.TrimSpace(r.Method), " ")
	p.data, p.err = "", nil
	collection := fmt.Sprintf("%s/", strings.TrimSuffix(strings.TrimSuffix(p.current, name), "/"))
	switch method {
	case "PUT":
		p.playPut(h, name, r)
	case "GET":
		if c := h.items[name]; c != nil {
			p.settle()
			p.data = h.items[name].String()
		}
	case "GETNEW":
		p.settle()
		p.getNew(h, inbox, collection)
	case "DELETE":
		if inbox {
			i, _ := strconv.Atoi(name)
			h.inbox = slices.Delete(h.inbox, min(i, len(h.inbox)), min(i+1, len(h.inbox)))
			return
		}
		p.delete(h, name)
	case "DELETEALL", "WAITDELETEALL", "WAITCOUNT":
		p.counted(h, inbox, method, count)
	}
	for _, v := range r.GrabURI {
		p.vars[strings.TrimSpace(v)] = p.current
	}
	p.verify(r, h, inbox)
}

func (p *player) playPut(h *home, name string, r request) {
	cal := p.file(strings.TrimSpace(r.File))
	stale := false
	for _, header := range r.Headers {
		stale = stale || strings.Contains(header.Name, "Schedule-Tag")
	}
	p.err = p.put(h, name, cal, stale)
}

func (p *player) counted(h *home, inbox bool, method, count string) {
	n, _ := strconv.Atoi(count)
	have := len(h.items)
	if inbox {
		have = len(h.inbox)
	}
	if method != "DELETEALL" && have != n {
		p.fail("%s %s %s: have %d", method, count, h.user.CN, have)
	}
	if method == "WAITCOUNT" {
		return
	}
	if inbox {
		h.inbox = nil
		return
	}
	for _, name := range slices.Clone(h.order) {
		p.delete(h, name)
	}
}

func (p *player) getNew(h *home, inbox bool, collection string) {
	switch {
	case inbox && len(h.inbox) > 0:
		i := len(h.inbox) - 1
		p.current = collection + strconv.Itoa(i)
		p.data = h.inbox[i].message.Calendar.String()
	case !inbox && len(h.order) > 0:
		name := h.order[len(h.order)-1]
		p.current = collection + name
		p.data = h.items[name].String()
	default:
		p.fail("nothing in %s of %s", collection, h.user.CN)
	}
}

func (p *player) verify(r request, h *home, inbox bool) {
	for _, v := range r.Verify {
		args := map[string][]string{}
		for _, a := range v.Args {
			args[strings.TrimSpace(a.Name)] = a.Values
		}
		switch strings.TrimSpace(v.Callback) {
		case "calendarDataMatch":
			p.verifyData(strings.TrimSpace(args["filepath"][0]), args["filter"])
		case "statusCode":
			p.verifyStatus(r, args["status"])
		case "dataString":
			p.verifyString(args)
		case "multistatusItems":
			have := len(h.items)
			if inbox {
				have = len(h.inbox)
			}
			if want := args["count"]; len(want) > 0 && want[0] != strconv.Itoa(have) && strings.TrimSpace(r.Method) == "PROPFIND" {
				p.fail("%s has %d items, want %s", h.user.CN, have, want[0])
			}
		}
	}
}

func (p *player) verifyData(file string, filters []string) {
	if p.data == "" {
		p.fail("no data for %s (%v)", file, p.err)
		return
	}
	got, err := ical.Parse([]byte(p.data))
	if err != nil {
		p.fail("%v", err)
		return
	}
	want := p.file(file)
	for _, f := range filters {
		name, param, _ := strings.Cut(f, ":")
		for _, cal := range []*ical.Component{got, want} {
			for c := range scheduled(cal) {
				for prop := range c.Props(name) {
					prop.DelParam(param)
				}
			}
		}
	}
	if lines := matches(got, want); len(lines) > 0 {
		p.fail("%s:\n\t%s", strings.TrimPrefix(file, "Resource/CalDAV/implicit/"), strings.Join(lines, "\n\t"))
	}
}

func (p *player) verifyStatus(r request, want []string) {
	forbidden := len(want) > 0 && want[0] == "403"
	if strings.TrimSpace(r.Method) == "PUT" && forbidden != (p.err != nil) {
		p.fail("error %v, want status %v", p.err, want)
	}
}

func (p *player) verifyString(args map[string][]string) {
	data := strings.ReplaceAll(p.data, "\r\n ", "")
	for _, s := range args["contains"] {
		if !strings.Contains(data, p.filled(s)) && p.data != "" {
			p.fail("no %q in %s", s, p.data)
		}
	}
	for _, s := range args["notcontains"] {
		if strings.Contains(data, p.filled(s)) {
			p.fail("%q in %s", s, p.data)
		}
	}
}
