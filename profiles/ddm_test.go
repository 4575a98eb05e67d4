package profiles

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"calport/directory"
)

// declarationKeys are the keys that the schema has, by type: devices take any other for an error.
var declarationKeys = map[string][]string{
	"com.apple.configuration.account.caldav":              {"AuthenticationCredentialsAssetReference", "HostName", "Path", "Port", "VisibleName"},
	"com.apple.configuration.account.carddav":             {"AuthenticationCredentialsAssetReference", "HostName", "Path", "Port", "VisibleName"},
	"com.apple.configuration.account.subscribed-calendar": {"AuthenticationCredentialsAssetReference", "CalendarURL", "VisibleName"},
	"com.apple.asset.credential.userpassword":             {"Authentication", "Reference"},
	"com.apple.activation.simple":                         {"StandardConfigurations"},
}

// manySlots is settings that fill every slot.
var manySlots = Document{Everyone: Settings{
	Contacts: new(true), PrincipalURL: new(true), Roots: new(true), RemovalPassword: new("geheim"),
	Accounts:      map[string]Account{"club": {Host: "club.example.org", Description: "Club"}},
	Subscriptions: map[string]Subscription{"term": {URL: "https://school.example.org/term.ics", Description: "Term"}},
}}

func generatorOf(t *testing.T, config ServerConfig, doc *Document) *Generator {
	t.Helper()
	if config.Host == "" {
		config.Host, config.Port, config.Prefix = "cal.example.com", 8443, "com.example.calport"
	}
	g, err := NewGenerator(config, doc)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestDeclarationsHoldWhatTheSchemaHas(t *testing.T) {
	g := generatorOf(t, ServerConfig{}, &manySlots)
	list, err := g.Declarations(groupsOf{}, ada)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]int{}
	byID := map[string]Declaration{}
	for _, d := range list {
		types[d.Type]++
		if _, twice := byID[d.Identifier]; twice || len(d.Identifier) > 64 || len(d.ServerToken) > 64 {
			t.Errorf("identifier %s (twice: %v), token %s", d.Identifier, twice, d.ServerToken)
		}
		byID[d.Identifier] = d
		var whole map[string]json.RawMessage
		var payload map[string]json.RawMessage
		if err := json.Unmarshal(d.JSON(), &whole); err != nil || json.Unmarshal(whole["Payload"], &payload) != nil || len(whole) != 4 {
			t.Fatalf("%v in %s", err, d.JSON())
		}
		for key := range payload {
			if !slices.Contains(declarationKeys[d.Type], key) {
				t.Errorf("%s has the key %s", d.Type, key)
			}
		}
	}
	for kind, want := range map[string]int{
		"com.apple.configuration.account.caldav": 2, "com.apple.configuration.account.carddav": 1,
		"com.apple.configuration.account.subscribed-calendar": 1, "com.apple.asset.credential.userpassword": 3, "com.apple.activation.simple": 1,
	} {
		if types[kind] != want {
			t.Errorf("%d of %s, want %d", types[kind], kind, want)
		}
	}
	activation := list[len(list)-1].Payload["StandardConfigurations"].([]string)
	if len(activation) != 4 {
		t.Errorf("activated are %q", activation)
	}
	for _, id := range activation {
		d, known := byID[id]
		if !known {
			t.Errorf("the activation names %s, which is not there", id)
		}
		if asset, ok := d.Payload["AuthenticationCredentialsAssetReference"].(string); ok && byID[asset].Type != "com.apple.asset.credential.userpassword" {
			t.Errorf("%s refers to %s", id, asset)
		}
	}
	if address := list[0].Payload["Reference"].(Dict)["DataURL"].(string); !strings.HasPrefix(address, "https://cal.example.com:8443/api/v1/ddm/guid:") {
		t.Errorf("the document is at %s", address)
	}
	own := byID[activation[0]].Payload
	if own["HostName"] != "cal.example.com" || own["Port"] != int64(8443) || own["Path"] != "/principals/__uids__/"+ada.GUID+"/" {
		t.Errorf("got %v", own)
	}
	if strings.Contains(fmt.Sprint(list), "geheim") {
		t.Error("the password for removal is in a declaration")
	}
}

func TestCredentialDescribesItsDocument(t *testing.T) {
	g := generatorOf(t, ServerConfig{Host: "cal.example.com", Port: 8443, Prefix: "com.example.calport", Assets: "https://mdm.example.com/calport/"}, &Document{})
	plain, err := g.Declarations(groupsOf{}, ada)
	if err != nil {
		t.Fatal(err)
	}
	with, err := g.DeclarationsWithPassword(groupsOf{}, ada, `p"<&`)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`{"UserName":"ada"}`, `{"Password":"p\"\u003c\u0026","UserName":"ada"}`} {
		d := [][]Declaration{plain, with}[i][0]
		reference := d.Payload["Reference"].(Dict)
		sum := sha256.Sum256(d.Document)
		if string(d.Document) != want || reference["Size"] != len(want) || reference["Hash-SHA-256"] != hex.EncodeToString(sum[:]) || d.Secret() != (i == 1) {
			t.Errorf("got %s, %v", d.Document, reference)
		}
		if reference["DataURL"] != "https://mdm.example.com/calport/guid:"+strings.ToLower(ada.GUID)+"/credential/"+d.Identifier || d.Payload["Authentication"].(Dict)["Type"] != "MDM" {
			t.Errorf("got %v", d.Payload)
		}
	}
	if plain[0].Identifier != with[0].Identifier || plain[0].ServerToken == with[0].ServerToken || plain[1].ServerToken != with[1].ServerToken {
		t.Error("a password must change the credential's token, and nothing else")
	}
}

func TestDeclarationsStayTheSame(t *testing.T) {
	g := generatorOf(t, ServerConfig{}, &manySlots)
	tokens := func(g *Generator, p *directory.Principal) (out []string) {
		list, err := g.Declarations(groupsOf{}, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			out = append(out, d.Identifier+" "+d.ServerToken)
		}
		return out
	}
	before := tokens(g, ada)
	if !slices.Equal(before, tokens(g, ada)) {
		t.Error("the same input gave other declarations")
	}
	renamed := *ada
	renamed.FullName = "Ada King"
	if !slices.Equal(before, tokens(g, &renamed)) {
		t.Error("what no declaration says changed one")
	}
	moved := generatorOf(t, ServerConfig{Host: "new.example.com", Port: 8443, Prefix: "com.example.calport"}, &manySlots)
	after := tokens(moved, ada)
	for i := range before {
		id, _, _ := strings.Cut(before[i], " ")
		if !strings.HasPrefix(after[i], id+" ") {
			t.Errorf("%s became %s", before[i], after[i])
		}
	}
	if before[1] == after[1] || before[len(before)-1] != after[len(after)-1] {
		t.Error("another host must change the account's token, not the activation's")
	}
}

func TestDeclarationsNeedTLS(t *testing.T) {
	for what, doc := range map[string]Document{
		"our own server":  {Everyone: Settings{SSL: new(false)}},
		"another account": {Everyone: Settings{Accounts: map[string]Account{"club": {Host: "club.example.org", SSL: new(false)}}}},
		"a subscription":  {Everyone: Settings{Subscriptions: map[string]Subscription{"term": {URL: "http://school.example.org/term.ics"}}}},
	} {
		g := generatorOf(t, ServerConfig{}, &doc)
		if _, err := g.Declarations(groupsOf{}, ada); !Skips(err) || !strings.Contains(err.Error(), "without TLS") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestProfilesTellWhetherTheyHoldASecret(t *testing.T) {
	for what, c := range map[string]struct {
		doc      Document
		password string
		want     bool
	}{
		"nothing": {Document{}, "", false}, "an app password": {Document{}, "x", true}, "a password for removal": {manySlots, "", true},
		"everything else": {Document{Everyone: Settings{Contacts: new(true), Roots: new(true), Consent: &map[string]string{"default": "Password"}}}, "", false},
	} {
		g := generatorOf(t, ServerConfig{}, &c.doc)
		p, err := g.calendar(groupsOf{}, ada, Any, c.password, "")
		if err != nil || p.HasSecret() != c.want {
			t.Errorf("%s: got %v, want %v", what, !c.want, c.want)
		}
	}
}
