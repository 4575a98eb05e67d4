package export

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"calport/directory"
	"calport/profiles"
)

// Layout is what files there are and how they are called.
type Layout uint8

// The layouts.
const (
	Flat    Layout = iota // a profile for each person, by FileName, signed, unsigned or both
	NanoCMD               // a profile for each person, by NanoName, and profiles.json, which is what NanoCMD answers to GET /v1/profiles
	Fleet                 // an unsigned profile for each person, by FileName, as Fleet and other MDM servers take them: they sign by themselves
	KMFDDM                // declarations, and for each person the set that holds them, as KMFDDM's tools/syncdir.py reads them
)

var layoutNames = []string{Flat: "flat", NanoCMD: "nanocmd", Fleet: "fleet", KMFDDM: "kmfddm"}

// ParseLayout reads flat, nanocmd, fleet or kmfddm.
func ParseLayout(name string) (Layout, error) {
	i := slices.Index(layoutNames, name)
	if i < 0 {
		return 0, fmt.Errorf("layout %q is unknown; known are %q", name, layoutNames)
	}
	return Layout(i), nil
}

// NanoName is what NanoCMD, and KMFDDM its sets, call a person's profile: the short name where it needs no escape in a
// URL, a file name or NanoCMD's lists of names, else the GUID.
func NanoName(p *directory.Principal) string {
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.@", r))
	}
	if p.ShortName == "" || len(p.ShortName) > maxName || strings.ContainsFunc(p.ShortName, odd) || strings.ContainsAny(p.ShortName[:1], "-.") {
		return strings.ToLower(p.GUID)
	}
	return p.ShortName
}

// name is what a person's files are called, without extension.
func (x *run) name(p *directory.Principal) string {
	if x.Layout == Flat || x.Layout == Fleet {
		return FileName(p)
	}
	return NanoName(p)
}

// unsignedPath is the name of a person's unsigned file. It has the extension of the signed one where that is not written.
func (x *run) unsignedPath(p *directory.Principal) string {
	if x.Layout == NanoCMD || x.Layout == Fleet {
		return x.name(p) + profiles.Extension
	}
	return FileName(p) + unsignedExtension
}

// manifestName is the manifest's. KMFDDM's tool takes every file that ends in .json for a declaration.
func (l Layout) manifestName() string {
	if l == KMFDDM {
		return "manifest.list"
	}
	return manifestName
}

// nanoIndexName is what the list of NanoCMD's profiles is called.
const nanoIndexName = "profiles.json"

// NanoProfile is what NanoCMD lists of a profile, under its name.
type NanoProfile struct {
	Identifier string `json:"identifier"`
	UUID       string `json:"uuid"`
}

// nanoIndex writes profiles.json, unless it is there already.
type nanoIndex struct {
	*rewrite
	rows int
}

func newNanoIndex(root *os.Root) *nanoIndex {
	return &nanoIndex{rewrite: newRewrite(root, nanoIndexName)}
}

// add writes a row for who has a profile.
func (n *nanoIndex) add(name string, e *Entry) error {
	if e.Status != StatusExported {
		return nil
	}
	row, err := json.Marshal(map[string]NanoProfile{name: {e.Identifier, e.UUID}})
	if err != nil {
		return err
	}
	between := "{\n"
	if n.rows++; n.rows > 1 {
		between = ",\n"
	}
	_, err = io.WriteString(n.rewrite, between+strings.TrimSuffix(strings.TrimPrefix(string(row), "{"), "}"))
	return err
}

func (n *nanoIndex) finish() error {
	end := "\n}\n"
	if n.rows == 0 {
		end = "{}\n"
	}
	if _, err := io.WriteString(n.rewrite, end); err != nil {
		n.abandon()
		return err
	}
	return n.commit()
}
