package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tsdavVersion is the release that npm gets.
const tsdavVersion = "2.3.4"

func TestTsdavWalksAnAccount(t *testing.T) {
	node, npm := stranger(t, "node"), stranger(t, "npm")
	dir := t.TempDir()
	install := exec.Command(npm, "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "tsdav@"+tsdavVersion)
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		skipWithout(t, "npm cannot get tsdav: %v\n%s", err, out)
	}
	s := newSite(t, "")
	p := s.spawn(t)
	walk := exec.Command(node, "testdata/tsdav.mjs", p.origin+"/", "linus", "calport")
	walk.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+filepath.Join(s.dir, "ca.pem"), "TSDAV_FOLDER="+dir)
	if out, err := walk.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, p.log)
	}
}
