package profiles

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"howett.net/plist"
)

// sound returns the values of a sound profile, which tests then spoil.
func sound(t testing.TB) (top, account Dict) {
	t.Helper()
	p, err := newGenerator(t, testServer(), "").Calendar(groupsOf{}, ada, Any)
	if err != nil {
		t.Fatal(err)
	}
	values, err := Parse(p.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return values, values["PayloadContent"].([]any)[0].(Dict)
}

// The kinds that section 4.1 of the reference asks for, and more.
func TestVerifyNamesWhatIsWrongAndWhere(t *testing.T) {
	const first = "PayloadContent[0]"
	for _, test := range []struct {
		name  string
		spoil func(top, account Dict)
		kind  FindingKind
		path  string
	}{
		{"string version", func(top, _ Dict) { top["PayloadVersion"] = "1" }, WrongType, "PayloadVersion"},
		{"string version inside", func(_, a Dict) { a["PayloadVersion"] = "1" }, WrongType, first + ".PayloadVersion"},
		{"version 2", func(top, _ Dict) { top["PayloadVersion"] = int64(2) }, NotAllowed, "PayloadVersion"},
		{"string port", func(_, a Dict) { a["CalDAVPort"] = "443" }, WrongType, first + ".CalDAVPort"},
		{"real port", func(_, a Dict) { a["CalDAVPort"] = 443.0 }, WrongType, first + ".CalDAVPort"},
		{"port 0", func(_, a Dict) { a["CalDAVPort"] = int64(0) }, OutOfRange, first + ".CalDAVPort"},
		{"port 65536", func(_, a Dict) { a["CalDAVPort"] = int64(65536) }, OutOfRange, first + ".CalDAVPort"},
		{"huge port", func(_, a Dict) { a["CalDAVPort"] = uint64(1 << 63) }, OutOfRange, first + ".CalDAVPort"},
		{"duplicate UUID", func(top, a Dict) { a["PayloadUUID"] = strings.ToLower(top["PayloadUUID"].(string)) }, DuplicateUUID, first + ".PayloadUUID"},
		{"duplicate identifier", func(top, a Dict) { a["PayloadIdentifier"] = top["PayloadIdentifier"] }, DuplicateIdentifier, first + ".PayloadIdentifier"},
		{"odd UUID", func(top, _ Dict) { top["PayloadUUID"] = "calendar-1" }, OddUUID, "PayloadUUID"},
		{"missing host", func(_, a Dict) { delete(a, "CalDAVHostName") }, Missing, first + ".CalDAVHostName"},
		{"missing type", func(_, a Dict) { delete(a, "PayloadType") }, Missing, first + ".PayloadType"},
		{"missing content", func(top, _ Dict) { delete(top, "PayloadContent") }, Missing, "PayloadContent"},
		{"no payload", func(top, _ Dict) { top["PayloadContent"] = []any{} }, Missing, "PayloadContent"},
		{"payload is a string", func(top, _ Dict) { top["PayloadContent"] = []any{"x"} }, WrongType, first},
		{"wrong outer type", func(top, _ Dict) { top["PayloadType"] = "Profile Service" }, WrongOuterType, "PayloadType"},
		{"unknown key", func(_, a Dict) { a["CalDAVServer"] = "x" }, UnknownKey, first + ".CalDAVServer"},
		{"unknown key on top", func(top, _ Dict) { top["Payload.Colour"] = "x" }, UnknownKey, `["Payload.Colour"]`},
		{"unknown payload", func(_, a Dict) { a["PayloadType"] = "com.example.x" }, UnknownPayload, first + ".PayloadType"},
		{"empty string", func(_, a Dict) { a["CalDAVUsername"] = "" }, EmptyString, first + ".CalDAVUsername"},
		{"blank string", func(top, _ Dict) { top["PayloadDisplayName"] = " \n" }, EmptyString, "PayloadDisplayName"},
		{"empty consent", func(top, _ Dict) { top["ConsentText"] = Dict{"de": ""} }, EmptyString, "ConsentText.de"},
		{"consent is a number", func(top, _ Dict) { top["ConsentText"] = Dict{"de": int64(1)} }, WrongType, "ConsentText.de"},
		{"host with scheme", func(_, a Dict) { a["CalDAVHostName"] = "https://x.example" }, BadText, first + ".CalDAVHostName"},
		{"host with path", func(_, a Dict) { a["CalDAVHostName"] = "x.example/dav" }, BadText, first + ".CalDAVHostName"},
		{"host with port", func(_, a Dict) { a["CalDAVHostName"] = "x.example:8443" }, BadText, first + ".CalDAVHostName"},
		{"colon in user name", func(_, a Dict) { a["CalDAVUsername"] = "a:b" }, BadText, first + ".CalDAVUsername"},
		{"never: IsEncrypted", func(top, _ Dict) { top["IsEncrypted"] = false }, NeverUse, "IsEncrypted"},
		{"never: HasRemovalPasscode", func(top, _ Dict) { top["HasRemovalPasscode"] = false }, NeverUse, "HasRemovalPasscode"},
		{"never: identification", func(_, a Dict) {
			clear(a)
			a["PayloadType"], a["PayloadVersion"], a["PayloadIdentifier"], a["PayloadUUID"] = typeIdentifier, int64(1), "x", blankUUID
		}, NeverUse, first + ".PayloadType"},
		{"wrong scope", func(top, _ Dict) { top["PayloadScope"] = "Everybody" }, NotAllowed, "PayloadScope"},
		{"user scope on iOS", func(top, _ Dict) { top["PayloadScope"], top["TargetDeviceType"] = "User", targetMobile }, Contradiction, "PayloadScope"},
		{"two removals", func(top, _ Dict) { top["RemovalDate"], top["DurationUntilRemoval"] = time.Unix(2e9, 0).UTC(), 60.0 }, Contradiction, "DurationUntilRemoval"},
		{"same account twice", func(top, a Dict) {
			again := Dict{}
			for key, value := range a {
				again[key] = value
			}
			again["PayloadUUID"], again["PayloadIdentifier"] = blankUUID, "other"
			top["PayloadContent"] = []any{a, again}
		}, DuplicateAccount, "PayloadContent[1]"},
		{"date as string", func(top, _ Dict) { top["RemovalDate"] = "2027-01-01" }, WrongType, "RemovalDate"},
		{"a variable left over", func(_, a Dict) { a["CalDAVUsername"] = "%short_name%" }, LeftoverVariable, first + ".CalDAVUsername"},
		{"an attribute left over, deep down", func(top, _ Dict) { top["ConsentText"] = Dict{"de": "100 % von %ldap:ou|uns%"} }, LeftoverVariable, "ConsentText.de"},
		{"iOS key on the Mac", func(top, a Dict) { top["TargetDeviceType"], a["VPNUUID"] = targetMac, blankUUID }, Unavailable, first + ".VPNUUID"},
	} {
		t.Run(test.name, func(t *testing.T) {
			top, account := sound(t)
			test.spoil(top, account)
			for format, name := range map[int]string{plist.XMLFormat: "XML", plist.BinaryFormat: "binary"} {
				content, err := plist.Marshal(top, format)
				if err != nil {
					t.Fatal(err)
				}
				found := Verify(content)
				if !slices.ContainsFunc(found, func(f Finding) bool {
					return f.Kind == test.kind && f.Path == test.path && f.Detail != "" && f.Remedy != ""
				}) {
					t.Errorf("%s: found %v, want %s at %s", name, found, test.kind, test.path)
				}
			}
		})
	}
}

func TestVerifyOfUnreadableContent(t *testing.T) {
	const head = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0">`
	for _, test := range []struct {
		name, content string
		kind          FindingKind
	}{
		{"nothing", "", NotPlist},
		{"text", "hello", NotPlist},
		{"OpenStep text", `{ PayloadType = Configuration; }`, NotPlist},
		{"OpenStep data", `<deadbeef>`, NotPlist},
		{"JSON", `{"PayloadType":"Configuration"}`, NotPlist},
		{"HTML", `<html><body>Sign in</body></html>`, NotPlist},
		{"signed", "\x30\x82\x10\x00", SignedContent},
		{"array", head + `<array/></plist>`, Malformed},
		{"empty plist", head + `</plist>`, Malformed},
		{"breaks off", head + `<dict><key>a</key>`, NotPlist},
		{"two roots", head + `<dict/></plist><plist/>`, NotPlist},
		{"text behind", head + `<dict/></plist>x`, NotPlist},
		{"key without value", head + `<dict><key>a</key></dict></plist>`, Malformed},
		{"key outside", head + `<key>a</key></plist>`, Malformed},
		{"entity", `<!DOCTYPE plist [<!ENTITY a "b">]>` + head[38:] + `<dict/></plist>`, NotPlist},
		{"bad integer", head + `<dict><key>a</key><integer>-</integer></dict></plist>`, Malformed},
		{"bad date", head + `<dict><key>a</key><date>soon</date></dict></plist>`, Malformed},
		{"bad data", head + `<dict><key>a</key><data>*</data></dict></plist>`, Malformed},
		{"deep", head + strings.Repeat("<array>", 40) + strings.Repeat("</array>", 40) + `</plist>`, TooDeep},
		{"very deep", head + strings.Repeat("<array>", 100000), TooDeep},
		{"large", head + strings.Repeat(" ", MaxSize) + `<dict/></plist>`, TooLarge},
		{"short binary", "bplist00", Malformed},
		{"binary of zeros", "bplist00" + strings.Repeat("\x00", 40), Malformed},
		{"binary that contains itself", selfBinary(), TooDeep},
		{"binary that expands", expandingBinary(), TooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := Verify([]byte(test.content))
			if len(found) == 0 || found[len(found)-1].Kind != test.kind || found[len(found)-1].Severity != Error {
				t.Errorf("found %v, want %s", found, test.kind)
			}
			if _, err := Parse([]byte(test.content)); err == nil {
				t.Error("Parse says nothing")
			}
		})
	}
}

// binaryOf makes a binary property list of one-byte references whose root is the first object.
func binaryOf(objects ...string) string {
	var body, table strings.Builder
	body.WriteString("bplist00")
	for _, o := range objects {
		table.WriteByte(byte(body.Len()))
		body.WriteString(o)
	}
	at := body.Len()
	trailer := make([]byte, 32)
	trailer[6], trailer[7], trailer[15], trailer[31] = 1, 1, byte(len(objects)), byte(at)
	return body.String() + table.String() + string(trailer)
}

func selfBinary() string { return binaryOf("\xa1\x00") }

// expandingBinary has 20 arrays, each of which names the next twice: two million values in a hundred bytes.
func expandingBinary() string {
	var objects []string
	for i := range 20 {
		objects = append(objects, "\xa2"+string([]byte{byte(i + 1), byte(i + 1)}))
	}
	return binaryOf(append(objects, "\x09")...)
}

func TestVerifyFindsDuplicateKeys(t *testing.T) {
	p, err := newGenerator(t, testServer(), "").Calendar(groupsOf{}, ada, Any)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte("\t\t<key>PayloadVersion</key>\n\t\t<integer>1</integer>\n")
	found := Verify(bytes.Replace(p.Bytes(), line, append(line, line...), 1))
	if len(found) == 0 || found[0].Kind != DuplicateKey || !strings.Contains(found[0].Detail, "PayloadVersion") {
		t.Errorf("found %v, want %s", found, DuplicateKey)
	}
}

func TestVerifyTakesWhatOthersWrite(t *testing.T) {
	top, _ := sound(t)
	text, err := plist.Marshal(top, plist.XMLFormat)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := plist.Marshal(top, plist.BinaryFormat)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"no indent": text, "binary": binary, "byte order mark": append([]byte("\ufeff"), text...), "CRLF": bytes.ReplaceAll(text, []byte("><"), []byte(">\r\n<")),
	} {
		if found := Verify(content); found != nil {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// The binary walk must bear any damage; so must the library behind it.
func TestVerifyOfDamagedContentNeverPanics(t *testing.T) {
	top, _ := sound(t)
	for _, format := range []int{plist.XMLFormat, plist.BinaryFormat} {
		content, err := plist.Marshal(top, format)
		if err != nil {
			t.Fatal(err)
		}
		for i := range content {
			for _, octet := range []byte{0, 0x5f, 0xff, content[i] ^ 1} {
				damaged := slices.Clone(content)
				damaged[i] = octet
				Verify(damaged)
			}
			Verify(content[:i])
		}
	}
}

func FuzzVerify(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "*"+Extension))
	if err != nil || len(names) == 0 {
		f.Fatal("no golden profiles", err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
		values, err := Parse(content)
		if err != nil {
			f.Fatal(err)
		}
		binary, err := plist.Marshal(values, plist.BinaryFormat)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(binary)
	}
	f.Add([]byte(selfBinary()))
	f.Add([]byte(expandingBinary()))
	f.Fuzz(func(t *testing.T, content []byte) {
		found := Verify(content)
		values, err := Parse(content)
		if err != nil {
			if len(found) == 0 {
				t.Fatalf("unreadable (%v), but nothing found", err)
			}
			return
		}
		Describe(values, Any)
		if len(found) > 0 {
			return
		}
		again, err := new(encoder).encode(values)
		if err != nil {
			t.Fatal(err)
		}
		if found := Verify(again); found != nil {
			t.Errorf("sound, but not when written again: %v\n%s", found, again)
		}
		reread, err := Parse(again)
		if err != nil || !reflect.DeepEqual(reread, values) {
			t.Errorf("read again it differs (%v):\n%v\n%v", err, reread, values)
		}
	})
}

func TestFindingsAreSentences(t *testing.T) {
	f := Finding{Path: "PayloadContent[0].CalDAVPort", Detail: "it is of type real, not integer", Remedy: "write <integer>443</integer>"}
	if got, want := fmt.Sprint(f), "PayloadContent[0].CalDAVPort: it is of type real, not integer; write <integer>443</integer>"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
