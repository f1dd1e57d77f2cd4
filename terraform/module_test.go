// Package terraform_test checks the Terraform code without running Terraform: that the
// README tables match the code, that every rule has a test which breaks it, and that
// the profiles follow their descriptions. tests/*.tftest.hcl tests the plans.
package terraform_test

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// module is what the .tf files of one folder declare, as far as the tests need it.
type module struct {
	dir       string
	variables []variable
	outputs   []output
	// guarded are the addresses at which validations, preconditions and checks can
	// fail: var.name, aws_type.name, check.name.
	guarded []string
	// blocks are the kinds of top-level blocks, such as provider.
	blocks map[string]bool
}

// variable is one input; typ and def are source text, def is empty for a required one.
type variable struct{ name, description, typ, def string }

// output is one output.
type output struct{ name, description string }

// moduleDirs returns the root module and every module below modules/.
func moduleDirs(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("modules/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("list modules: %v, %d found", err, len(dirs))
	}
	return append([]string{"."}, dirs...)
}

// readModule parses the .tf files of dir, not of folders below it.
func readModule(t *testing.T, dir string) module {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("list %s: %v, %d found", dir, err, len(files))
	}
	m := module{dir: dir, blocks: map[string]bool{}}
	for _, file := range files {
		for _, block := range parse(t, file).Blocks {
			m.blocks[block.Type] = true
			m.add(t, file, block)
		}
	}
	sort.Slice(m.variables, func(i, j int) bool { return m.variables[i].name < m.variables[j].name })
	sort.Slice(m.outputs, func(i, j int) bool { return m.outputs[i].name < m.outputs[j].name })
	sort.Strings(m.guarded)
	return m
}

// add records what one top-level block of file declares.
func (m *module) add(t *testing.T, file string, block *hclsyntax.Block) {
	t.Helper()
	switch block.Type {
	case "variable":
		m.variables = append(m.variables, variable{
			name:        block.Labels[0],
			description: text(t, block.Body.Attributes["description"]),
			typ:         source(t, file, block.Body.Attributes["type"]),
			def:         source(t, file, block.Body.Attributes["default"]),
		})
		if contains(block.Body, "validation") {
			m.guarded = append(m.guarded, "var."+block.Labels[0])
		}
	case "output":
		m.outputs = append(m.outputs, output{block.Labels[0], text(t, block.Body.Attributes["description"])})
	case "check":
		m.guarded = append(m.guarded, "check."+block.Labels[0])
	case "resource":
		for _, inner := range block.Body.Blocks {
			if inner.Type == "lifecycle" && contains(inner.Body, "precondition") {
				m.guarded = append(m.guarded, block.Labels[0]+"."+block.Labels[1])
			}
		}
	}
}

// parse parses one file in Terraform's syntax.
func parse(t *testing.T, file string) *hclsyntax.Body {
	t.Helper()
	f, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		t.Fatalf("parse %s: %v", file, diags)
	}
	return f.Body.(*hclsyntax.Body)
}

// contains reports whether body has a block of the kind.
func contains(body *hclsyntax.Body, kind string) bool {
	for _, block := range body.Blocks {
		if block.Type == kind {
			return true
		}
	}
	return false
}

// text evaluates an attribute that is a plain string. It returns "" for an absent
// attribute.
func text(t *testing.T, attribute *hclsyntax.Attribute) string {
	t.Helper()
	if attribute == nil {
		return ""
	}
	value, diags := attribute.Expr.Value(&hcl.EvalContext{})
	if diags.HasErrors() {
		t.Fatalf("evaluate %s: %v", attribute.Name, diags)
	}
	return strings.TrimSpace(value.AsString())
}

// source returns an attribute as written, without the indentation of the block around it.
func source(t *testing.T, file string, attribute *hclsyntax.Attribute) string {
	t.Helper()
	if attribute == nil {
		return ""
	}
	all, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	written := string(attribute.Expr.Range().SliceBytes(all))
	return strings.ReplaceAll(written, "\n  ", "\n")
}
