package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"calport/directory/directorytest"
)

// example is a command of the README with the output that it shows. "…" stands for anything.
type example struct{ command, output string }

// examples reads the console blocks of the README.
func examples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllSubmatch(text, -1) {
		for line := range strings.Lines(string(block[1])) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, example{command: strings.TrimSpace(command)})
				continue
			}
			all[len(all)-1].output += line
		}
	}
	return all
}

// Every command of the README runs, in its order and in one shell, and says what the README shows.
func TestTheReadmeIsTrue(t *testing.T) {
	stranger(t, "bash")
	stranger(t, "curl")
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "calport"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	environment := append(os.Environ(), "HOME="+home, "CALPORT_CONFIG=", "PATH="+bin+":"+os.Getenv("PATH"))
	https := directorytest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(https)

	all := examples(t)
	// What the test does in a way of its own: the demo runs in the background on other ports, the program is built,
	// and this is go test.
	replaced := map[string]string{"go run ./cmd/calport demo": "", "go test ./...": "", "go install ./cmd/calport": ""}
	script := "cd\n"
	var wanted []example
	for _, e := range all {
		if _, own := replaced[e.command]; own {
			delete(replaced, e.command)
			continue
		}
		script += fmt.Sprintf("printf '\\n@@%d\\n'\n%s\n", len(wanted), strings.ReplaceAll(e.command, "localhost:8443", "localhost:"+port))
		wanted = append(wanted, e)
	}
	for command := range replaced {
		t.Errorf("the README does not show %q", command)
	}

	demo := exec.Command(filepath.Join(bin, "calport"), "demo", "--https", https, "--http", directorytest.FreeAddress(t))
	demo.Env = environment
	out := &buffer{}
	ready := out.await("Ctrl-C")
	demo.Stdout, demo.Stderr = out, out
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { demo.Process.Kill() })
	select {
	case <-ready:
	case <-time.After(time.Minute):
		t.Fatalf("the demo is not ready after a minute: %s", out)
	}
	shell := exec.Command("bash", "-c", script)
	shell.Env = environment
	got, err := shell.CombinedOutput()
	if err != nil {
		t.Errorf("the last command failed: %v", err)
	}
	demo.Process.Signal(os.Interrupt)
	if err := demo.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	parts := bytes.Split(got, []byte("\n@@"))[1:]
	if len(parts) != len(wanted) {
		t.Fatalf("%d of %d commands ran:\n%s", len(parts), len(wanted), got)
	}
	for i, e := range wanted {
		_, said, _ := strings.Cut(string(parts[i]), "\n")
		if !shows(e.output, said) {
			t.Errorf("$ %s\ngot:\n%s\nthe README shows:\n%s", e.command, said, e.output)
		}
	}
}

// shows reports whether an output is the one that the README shows, with anything in the place of "…".
func shows(shown, said string) bool {
	if strings.TrimSpace(shown) == "" {
		return true
	}
	pattern := regexp.QuoteMeta(strings.TrimSpace(shown))
	pattern = strings.ReplaceAll(pattern, "…", "(?s:.*)")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(said))
}

// The table of commands in the README has every command there is.
func TestTheReadmeNamesEveryCommand(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range commands {
		name := row.name
		if group, leaf, ok := strings.Cut(name, " "); ok && !strings.Contains(string(text), "`calport "+name) {
			if strings.Contains(string(text), "`calport "+group+" ") && strings.Contains(string(text), "`"+leaf+"`") {
				continue
			}
		}
		if !strings.Contains(string(text), "`calport "+name) {
			t.Errorf("the README lacks calport %s", name)
		}
	}
}
