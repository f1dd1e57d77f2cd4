package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sample = `// Package p is a sample.
package p

// F returns 1 and answers nothing.
func F() int {
	// A step.
	a, b := 1, 2
	a, b = b, a

	c, d := pair()
	_ = ` + "`\n\n// not a comment\n`" + `
	return a + b + c + d
}

func pair() (int, int) { return 1, 2 }

var _ = point{x: 1, y: 2, z: 3}
var _ = point{
	x: 1,
	y: 2,
}
`

const sampleTest = `package p

func TestF(t *testing.T) { t.Run("x", nil) }
func TestG(t *testing.T) {}
`

func TestFiguresOfASample(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"p/p.go": sample, "p/p_test.go": sampleTest, "p/testdata/x.go": "not Go"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	// 10 lines in the body of F: one blank, one comment, one parallel assignment.
	var out strings.Builder
	if err := run(&out, []string{"./p/..."}); err != nil {
		t.Fatal(err)
	}

	want := []string{"p", "10.0", "10.0", "33.3", "100.0", "1", "1", "0.50"}
	found := false
	for line := range strings.Lines(out.String()) {
		found = found || slices.Equal(strings.Fields(line), want)
	}

	if !found {
		t.Errorf("want a line %q in\n%s", want, out.String())
	}

	if err := run(&out, []string{"q"}); err == nil {
		t.Error("a folder without Go files is accepted")
	}
}

func TestCheckFindsImportsAndLogMessages(t *testing.T) {
	const begin = "package p\n\nimport (\n\t\"fmt\"\n"
	const end = ")\n"
	ours := "\t\"" + module + "/localaws\"\n"
	for name, c := range map[string]struct{ text, want string }{
		"three groups":    {begin + "\n\t\"golang.org/x/mod\"\n\n" + ours + end, ""},
		"one group":       {begin + ours + end, "x.go:5: import \"github.com/reliableq/reliableq/localaws\" needs a blank line before it"},
		"wrong sequence":  {begin + "\n" + ours + "\n\t\"golang.org/x/mod\"\n" + end, "belongs to an earlier group"},
		"split group":     {begin + "\n\t\"os\"\n" + end, "has a blank line before it, inside its group"},
		"log message":     {"package p\n\nfunc f() { s.Logger.Warn(\"It failed.\") }\n", `log message "It failed.": want lower case`},
		"message is fine": {"package p\n\nfunc f() { slog.Info(\"it failed\", \"error\", err) }\n", ""},
		"not a logger":    {"package p\n\nfunc f() { t.Error(\"It failed.\") }\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("x.go", []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			err := run(&out, []string{"-check"})
			if failed := err != nil; failed != (c.want != "") || !strings.Contains(out.String(), c.want) {
				t.Errorf("%v, printed %q, want %q", err, out.String(), c.want)
			}
		})
	}
}
