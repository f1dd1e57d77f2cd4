package dynamostore_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/reliableq/reliableq/sqsbatch/dynamostore"
)

// section returns the section of docs/sqsbatch.md about this package.
func section(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "sqsbatch.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(content), "\n### A table in DynamoDB\n")
	if !ok {
		t.Fatal("docs/sqsbatch.md has no section about DynamoDB")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// block returns the only code block in a language.
func block(t *testing.T, language string) string {
	t.Helper()
	found := regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllStringSubmatch(section(t), -1)
	if len(found) != 1 {
		t.Fatalf("the section has %d blocks in %s, want 1", len(found), language)
	}
	return found[0][1]
}

func TestProgramInTheDocsCompiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(block(t, "go")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gofmt", "-l", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("gofmt: %v: %s", err, out)
	}
	if out, err := exec.Command("go", "vet", file).CombinedOutput(); err != nil {
		t.Errorf("go vet: %v: %s", err, out)
	}
}

// The policy has the operations of the interface API and no other; the table has the
// default names.
func TestTerraformInTheDocsFitsTheStore(t *testing.T) {
	t.Parallel()
	text := block(t, "hcl")
	if _, diags := hclparse.NewParser().ParseHCL([]byte(text), "docs/sqsbatch.md"); diags.HasErrors() {
		t.Fatal(diags.Errs())
	}

	var want []string
	api := reflect.TypeFor[dynamostore.API]()
	for i := range api.NumMethod() {
		want = append(want, "dynamodb:"+api.Method(i).Name)
	}
	got := regexp.MustCompile(`dynamodb:[A-Z]\w+Item`).FindAllString(text, -1)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the policy allows %v, the store uses %v", got, want)
	}
	for _, part := range []string{`hash_key     = "` + partitionKey + `"`, `attribute_name = "` + timeToLive + `"`, `values   = ["shipping#*"]`} {
		if !strings.Contains(text, part) {
			t.Errorf("the Terraform code lacks %s", part)
		}
	}
	if !strings.Contains(block(t, "go"), `Namespace: "shipping"`) {
		t.Error("the program and the policy have different namespaces")
	}
}

// The project's functions need no table: their zips do not grow by this package.
func TestFunctionsDoNotImportThisPackage(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "../../functions/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, out)
	}
	if text := string(out); strings.Contains(text, "dynamodb") || !strings.Contains(text, "/reliableq/sqsbatch") {
		t.Errorf("dependencies of the functions:\n%s", text)
	}
}
