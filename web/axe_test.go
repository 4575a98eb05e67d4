package web

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeSource is the file of axe-core, where npm install --global has put it; empty if it is not there.
func axeSource() string {
	root, err := exec.Command("npm", "root", "--global").Output()
	if err != nil {
		return ""
	}
	path := filepath.Join(strings.TrimSpace(string(root)), "axe-core", "axe.min.js")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// withAxe has every page audited that is inspected from now on, if axe-core is there.
func (c *chromeTab) withAxe(t *testing.T) {
	t.Helper()
	t.Run("axe-core", func(t *testing.T) {
		path := axeSource()
		stranger(t, "axe-core (npm install --global axe-core)", path != "")
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c.axe = string(source)
	})
}

// violation is what axe-core holds against a page.
type violation struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Where  []string `json:"where"`
}

// audit has axe-core look at the page, and wants that it finds nothing: neither against WCAG 2.2 AA nor against what it
// calls best practice.
func (c *chromeTab) audit(t *testing.T, name string) {
	t.Helper()
	if c.axe == "" {
		return // said by withAxe
	}
	evaluate[bool](t, c, `typeof axe !== "undefined" || (() => {`+c.axe+`; window.axe = axe; return true})()`)
	const look = `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, where: v.nodes.map(n => n.html.slice(0, 160))})))`
	for _, v := range run(t, c, "axe-core", chromedp.Evaluate[[]violation](look, chromedp.EvalAwaitPromise)) {
		t.Errorf("%s: axe-core says %s (%s, %s) of %q", name, v.Help, v.ID, v.Impact, v.Where)
	}
}

// quietly wants that the page said nothing on the console, and forgets what it said.
func (c *chromeTab) quietly(t *testing.T, name string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.said) > 0 {
		t.Errorf("%s: the console says %q", name, c.said)
		c.said = nil
	}
}
