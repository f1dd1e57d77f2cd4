// Package reliableq_test holds what the whole tree promises about its own shape.
package reliableq_test

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/reliableq/reliableq/"

// arrows lists what the packages below a folder may import of this module, and
// why. "localaws" stands for itself and all below it.
var arrows = []struct {
	from string
	may  []string
	why  string
}{
	{"backoff", nil, "backoff is a library without dependencies"},
	{"sqsbatch", []string{"sqsbatch", "backoff"}, "users of the batch library pay for nothing else"},
	{"functions", []string{"functions", "sqsbatch", "backoff"}, "a function's zip holds what it needs"},
	{"localaws/awsapi", []string{"localaws/awsapi"}, "the shared words stand below every service"},
	{"localaws/clock", nil, "the clock knows nobody"},
	{"localaws/chance", nil, "chance knows nobody"},
	{"localaws/store", nil, "the store does not know what it keeps"},
	{"localaws/policy", []string{"localaws/policy"}, "policies are evaluated without state"},
	{"localaws/sqs", []string{"localaws/sqs", "localaws/policy", "localaws/awsapi", "localaws/clock", "localaws/chance", "localaws/store"}, "services do not import each other"},
	{"localaws/logs", []string{"localaws/logs", "localaws/awsapi", "localaws/clock", "localaws/chance", "localaws/store"}, "services do not import each other"},
	{"localaws/cloudwatch", []string{"localaws/cloudwatch", "localaws/awsapi", "localaws/clock", "localaws/chance", "localaws/store"}, "services do not import each other"},
	{"localaws/lambda", []string{"localaws/lambda", "localaws/internal/tempdir", "localaws/policy", "localaws/awsapi", "localaws/clock", "localaws/chance", "localaws/store"}, "services do not import each other"},
	{"localaws/iam", []string{"localaws/iam", "localaws/policy", "localaws/awsapi", "localaws/clock", "localaws/chance", "localaws/store"}, "services do not import each other"},
	{"localaws", []string{"localaws"}, "the embedded AWS could be lifted out tomorrow"},
	{"internal", []string{"internal", "localaws", "dlq", "sqsbatch", "backoff", "functions"}, "what is not about deploying does not need it"},
	{"deploy", []string{"deploy", "internal", "localaws", "dlq", "console", "sqsbatch", "backoff", "functions"}, "the command stands on top"},
}

// sdkFree lists folders whose packages, tests left out, must not need the AWS
// SDK.
var sdkFree = []string{"localaws/sqs", "localaws/lambda", "localaws/iam", "localaws/sts", "localaws/logs", "localaws/cloudwatch", "localaws/gateway", "localaws/policy", "backoff"}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

// sources parses every Go file that is not generated, by its path.
func sources(t *testing.T, tests bool) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "test") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") != tests {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(f) {
			files[filepath.ToSlash(path)] = f
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !tests && len(files) < 20 {
		t.Fatalf("only %d Go files found: the test looks in the wrong place", len(files))
	}
	return files
}

func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	for path, file := range sources(t, false) {
		pkg := filepath.ToSlash(filepath.Dir(path))
		for _, imp := range file.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			if strings.HasPrefix(name, "github.com/aws/aws-sdk-go-v2") && slices.ContainsFunc(sdkFree, func(f string) bool { return within(pkg, f) }) {
				t.Errorf("%s imports %s: this part does without the AWS SDK", path, name)
			}
			to, ours := strings.CutPrefix(name, module)
			if !ours {
				continue
			}
			for _, rule := range arrows {
				if !within(pkg, rule.from) {
					continue
				}
				if !slices.ContainsFunc(rule.may, func(f string) bool { return within(to, f) }) {
					t.Errorf("%s imports %s: %s", path, to, rule.why)
				}
				break
			}
			if within(to, "deploy") && !within(pkg, "deploy") {
				t.Errorf("%s imports %s: nothing imports the command", path, to)
			}
		}
	}
}

func TestEveryRuleAboutImportsNamesAFolderThatExists(t *testing.T) {
	t.Parallel()
	for _, rule := range arrows {
		if _, err := os.Stat(rule.from); err != nil {
			t.Errorf("rule for %s: %v", rule.from, err)
		}
	}
}

func TestEveryPackageSaysWhatItProvides(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for path, file := range sources(t, false) {
		dir := filepath.Dir(path)
		said[dir] = said[dir] || file.Doc != nil && len(file.Doc.Text()) > 20
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("package in %s has no package comment", dir)
		}
	}
}

func TestEveryExportedNameAndFieldHasAComment(t *testing.T) {
	t.Parallel()
	for path, file := range sources(t, false) {
		if file.Name.Name == "main" {
			continue
		}
		for _, decl := range file.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s: %s has no comment", path, name)
			}
		}
	}
}

// undocumented lists the exported names that a declaration leaves without a
// comment.
func undocumented(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			names = append(names, undocumentedSpec(d, spec)...)
		}
		return names
	}
	return nil
}

func undocumentedSpec(d *ast.GenDecl, spec ast.Spec) []string {
	var names []string
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		if s.Doc == nil && (d.Doc == nil || len(d.Specs) > 1) {
			names = append(names, s.Name.Name)
		}
		if st, ok := s.Type.(*ast.StructType); ok {
			names = append(names, undocumentedFields(s.Name.Name, st)...)
		}
	case *ast.ValueSpec:
		if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
			names = append(names, s.Names[0].Name)
		}
	}
	return names
}

// undocumentedFields lists exported fields without a comment. One comment may
// stand above several fields if it names them.
func undocumentedFields(name string, st *ast.StructType) []string {
	var names []string
	above := ""
	for _, f := range st.Fields.List {
		if f.Doc != nil {
			above = f.Doc.Text()
		}
		if f.Doc != nil || f.Comment != nil || len(f.Names) == 0 || !f.Names[0].IsExported() {
			continue
		}
		if !strings.Contains(above, f.Names[0].Name) {
			names = append(names, name+"."+f.Names[0].Name)
		}
	}
	return names
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// A test in a bubble of testing/synctest may sleep: that costs no time.
func TestNoTestSleeps(t *testing.T) {
	t.Parallel()
	for path, file := range sources(t, true) {
		for _, decl := range file.Decls {
			if calls(decl, "time", "Sleep") && !calls(decl, "synctest", "Test") {
				t.Errorf("%s sleeps: drive the clock instead", path)
			}
		}
	}
}

// Without cgo, Go ends a program as deadlocked when all that it has is goroutines
// that wait for each other. A program that is to hang sleeps instead.
func TestNoProgramBlocksInAnEmptySelect(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectStmt); ok && len(s.Body.List) == 0 {
				t.Errorf("%s blocks in an empty select", fset.Position(s.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The nightly workflow runs targets of the Makefile.
func TestNightlyTargetsExist(t *testing.T) {
	t.Parallel()
	workflow, err := os.ReadFile(".github/workflows/nightly.yml")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(workflow), "        target:\n")
	if !found {
		t.Fatal("nightly.yml has no list of targets")
	}
	n := 0
	for line := range strings.Lines(list) {
		target, ok := strings.CutPrefix(line, "          - ")
		if !ok {
			break
		}
		n++
		if target = strings.TrimSpace(target); !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(makefile) {
			t.Errorf("nightly.yml runs make %s, which does not exist", target)
		}
	}
	if n == 0 {
		t.Error("nightly.yml runs no target")
	}
}

// calls reports whether a function of a package is named within a declaration.
func calls(decl ast.Decl, pkg, name string) (found bool) {
	ast.Inspect(decl, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			id, ok := sel.X.(*ast.Ident)
			found = found || ok && id.Name == pkg
		}
		return !found
	})
	return found
}

// A path or host of the machine that a file was written on tells users nothing.
var foreign = regexp.MustCompile(`/(work/main|root/|home/[a-z]+/|tmp/brief)|proxy\.golang\.org`)

func TestFilesSpeakOfTheProjectAlone(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	for _, path := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		body, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(body, 0) >= 0 || path == "structure_test.go" || strings.HasSuffix(path, "go.sum") {
			continue
		}
		lines := bufio.NewScanner(bytes.NewReader(body))
		lines.Buffer(nil, 16<<20)
		for n := 1; lines.Scan(); n++ {
			if m := foreign.FindString(lines.Text()); m != "" {
				t.Errorf("%s:%d names %s", path, n, m)
			}
		}
	}
}
