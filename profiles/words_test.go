package profiles

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDescribeSaysWhatIsInside(t *testing.T) {
	config := testServer()
	config.Roots = [][]byte{testRoot(t)}
	g := newGenerator(t, config, everySetting)
	must := func(p *Profile, err error) *Profile {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var out strings.Builder
	for _, p := range []*Profile{
		must(g.Calendar(groupsOf{}, ada, Any)), must(g.Calendar(groupsOf{}, ada, MacOS)), must(g.Trust(Any)),
		must(g.Diagnostics(LogHTTP, time.Date(2026, 12, 1, 18, 30, 0, 0, time.UTC))),
	} {
		fmt.Fprintf(&out, "== %s for %s\n", p.Kind, p.Platform)
		for _, line := range Describe(p.Values(), p.Platform) {
			fmt.Fprintf(&out, "%s | %s | %s | %s\n", line.Group, line.Title, line.Value, line.Path)
		}
	}
	golden(t, "words.txt", []byte(out.String()))
}

func TestDescribeHidesSecretsAndForeignContent(t *testing.T) {
	lines := Describe(Dict{"PayloadContent": []any{
		Dict{"PayloadType": typeCalDAV, "CalDAVPassword": "geheim"}, Dict{"PayloadType": "com.example.x", "Secret": "geheim"},
	}}, Any)
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2: %v", len(lines), lines)
	}
	if said := fmt.Sprint(lines); strings.Contains(said, "geheim") {
		t.Errorf("a secret is shown: %s", said)
	}
}

func TestDescribeLeavesOutWhatThePlatformDoesNotKnow(t *testing.T) {
	values := Dict{"PayloadScope": "User", "PayloadDisplayName": "x"}
	if got := len(Describe(values, IOS)); got != 1 {
		t.Errorf("%d lines on iOS, want 1", got)
	}
	if got := len(Describe(values, MacOS)); got != 2 {
		t.Errorf("%d lines on macOS, want 2", got)
	}
}
