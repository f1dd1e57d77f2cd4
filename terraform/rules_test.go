package terraform_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryInputAndOutputHasADescription(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleDirs(t) {
		t.Run(dir, func(t *testing.T) {
			m := readModule(t, dir)
			for _, v := range m.variables {
				if v.description == "" || v.typ == "" {
					t.Errorf("%s: variable %s needs a description and a type", dir, v.name)
				}
				if strings.Contains(v.typ, "any") {
					t.Errorf("%s: variable %s has type any, which accepts misspelt keys", dir, v.name)
				}
			}
			for _, o := range m.outputs {
				if o.description == "" {
					t.Errorf("%s: output %s needs a description", dir, o.name)
				}
			}
		})
	}
}

var expectation = regexp.MustCompile(`(?s)expect_failures\s*=\s*\[(.*?)\]\s*\n`)

func TestEveryRuleHasATestThatBreaksIt(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleDirs(t) {
		t.Run(dir, func(t *testing.T) {
			broken := map[string]bool{}
			for _, file := range glob(t, dir, "tests/*.tftest.hcl") {
				for _, list := range expectation.FindAllStringSubmatch(read(t, file), -1) {
					for _, address := range strings.Split(list[1], ",") {
						address, _, _ = strings.Cut(strings.TrimSpace(address), "[")
						broken[address] = true
					}
				}
			}
			for _, address := range readModule(t, dir).guarded {
				if !broken[address] {
					t.Errorf("%s: no run expects %s to fail", dir, address)
				}
			}
		})
	}
}

func TestModulesAreIndependent(t *testing.T) {
	t.Parallel()
	for _, dir := range glob(t, ".", "modules/*") {
		t.Run(dir, func(t *testing.T) {
			m := readModule(t, dir)
			if m.blocks["provider"] {
				t.Errorf("%s configures a provider; that is for the root that uses it", dir)
			}
			for _, file := range append(glob(t, dir, "*.tf"), glob(t, dir, "README.md")...) {
				for _, word := range []string{"reliable_q", "AWS_ENDPOINT_URL", "localhost", "127.0.0.1"} {
					if strings.Contains(read(t, file), word) {
						t.Errorf("%s has the word %s; modules must not depend on this project or a target", file, word)
					}
				}
			}
			examples := glob(t, dir, "examples/*")
			if len(examples) == 0 {
				t.Errorf("%s has no example", dir)
			}
			for _, example := range examples {
				source := "./examples/" + filepath.Base(example)
				if !strings.Contains(read(t, filepath.Join(dir, "tests", "example.tftest.hcl")), source) {
					t.Errorf("%s: no test plans %s", dir, source)
				}
			}
		})
	}
}

func TestRootSetsNoTarget(t *testing.T) {
	t.Parallel()
	for _, block := range parse(t, "versions.tf").Blocks {
		if block.Type != "provider" {
			continue
		}
		for name := range block.Body.Attributes {
			t.Errorf("the provider sets %s; only the environment selects the target", name)
		}
		for _, inner := range block.Body.Blocks {
			if inner.Type != "default_tags" {
				t.Errorf("the provider has a block %s; only the environment selects the target", inner.Type)
			}
		}
	}
}

func TestEveryFolderHasItsFiles(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleDirs(t) {
		t.Run(dir, func(t *testing.T) {
			for _, name := range []string{"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"} {
				if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
					t.Error(err)
				}
			}
			for _, example := range glob(t, dir, "examples/*") {
				if !slices.Contains(glob(t, example, "*.tf"), filepath.Join(example, "versions.tf")) {
					t.Errorf("%s has no versions.tf", example)
				}
			}
		})
	}
}

// A queue, a role or a function with a fixed name cannot exist twice. CreateQueue
// returns the existing queue, and the deletion of the "old" one then deletes the only
// one, with its messages.
func TestNothingIsCreatedBeforeItsPredecessorIsDestroyed(t *testing.T) {
	t.Parallel()
	for _, file := range configurationFiles(t) {
		t.Run(file, func(t *testing.T) {
			for _, block := range parse(t, file).Blocks {
				for _, inner := range block.Body.Blocks {
					if _, found := inner.Body.Attributes["create_before_destroy"]; found && inner.Type == "lifecycle" {
						t.Errorf("%s: %s %v is created before its predecessor is destroyed", file, block.Type, block.Labels)
					}
				}
			}
		})
	}
}

// This code was not tested with version 6 of the provider.
func TestProviderVersionsAreBounded(t *testing.T) {
	t.Parallel()
	found := 0
	for _, file := range configurationFiles(t) {
		t.Run(file, func(t *testing.T) {
			if filepath.Base(file) != "versions.tf" {
				return
			}
			found++
			if !strings.Contains(read(t, file), `version = ">= 5.100, < 6.0"`) {
				t.Errorf("%s does not limit the provider to version 5", file)
			}
		})
	}
	if found < 13 {
		t.Errorf("found %d versions.tf, want one for the root, each module and each example", found)
	}
}

// OpenTofu 1.10 parses the same test files, and refuses these constructs.
func TestTestFilesAreReadByOpenTofu(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleDirs(t) {
		t.Run(dir, func(t *testing.T) {
			for _, file := range glob(t, dir, "tests/*.tftest.hcl") {
				text := read(t, file)
				for _, refused := range []string{"override_during", "range(", "join("} {
					if strings.Contains(text, refused) {
						t.Errorf("%s has %s, which OpenTofu refuses in a test file", file, refused)
					}
				}
			}
		})
	}
}

// configurationFiles lists the .tf files of the root, of each module and of each example.
func configurationFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.tf", "modules/*/*.tf", "modules/*/examples/*/*.tf"} {
		files = append(files, glob(t, ".", pattern)...)
	}
	return files
}

// glob returns the files that match pattern below dir.
func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// read returns a file's text.
func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
