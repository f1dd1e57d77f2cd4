package terraform_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of the READMEs")

const (
	begin = "<!-- begin: written by go test ./terraform -update -->\n"
	end   = "<!-- end -->\n"
)

func TestReadmesListAllInputsAndOutputs(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleDirs(t) {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, "README.md")
			written, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, rest, found := strings.Cut(string(written), begin)
			if !found {
				t.Fatalf("%s has no line %q", file, begin)
			}
			_, tail, found := strings.Cut(rest, end)
			if !found {
				t.Fatalf("%s has no line %q", file, end)
			}
			want := head + begin + tables(readModule(t, dir)) + end + tail
			if want == string(written) {
				return
			}
			if !*update {
				t.Fatalf("%s does not match the inputs and outputs: run go test ./terraform -update", file)
			}
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// tables renders a module's inputs and outputs; types of more than one line follow the
// table, each under its name.
func tables(m module) string {
	var b, types strings.Builder
	b.WriteString("\n### Inputs\n\n| name | type | default | meaning |\n|---|---|---|---|\n")
	for _, v := range m.variables {
		typ := code(v.typ)
		if kind, _, long := strings.Cut(v.typ, "({\n"); long {
			typ = fmt.Sprintf("[`%s`](#%s)", strings.ReplaceAll(kind, "(", " of "), v.name)
			fmt.Fprintf(&types, "\n#### %s\n\n```hcl\n%s\n```\n", v.name, v.typ)
		}
		def := "required"
		if v.def != "" {
			def = code(v.def)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", v.name, typ, def, cell(v.description))
	}
	b.WriteString("\n### Outputs\n\n| name | meaning |\n|---|---|\n")
	for _, o := range m.outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", o.name, cell(o.description))
	}
	if types.Len() > 0 {
		b.WriteString("\n### Types\n" + types.String())
	}
	b.WriteString("\n")
	return b.String()
}

// code formats one line of source text as code.
func code(source string) string { return "`" + strings.ReplaceAll(source, "|", `\|`) + "`" }

// cell formats a description for a table.
func cell(description string) string {
	return strings.ReplaceAll(strings.ReplaceAll(description, "|", `\|`), "\n", " ")
}
