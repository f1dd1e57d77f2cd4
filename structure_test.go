// Package reliableq_test checks the structure of the whole repository.
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

// importRules list which packages of this module the packages below a folder may
// import, in addition to those of the folder. The first matching rule applies. Each
// allowed import must be used, so that the list shows what the code does.
var importRules = []struct {
	folder string
	may    []string
	reason string
}{
	{"backoff", nil, "backoff is a library without dependencies"},
	{"sqsbatch", []string{"backoff"}, "a user of the batch library gets no other package"},
	{"functions", []string{"sqsbatch", "backoff"}, "a function's zip has only what the function needs"},

	{"localaws/awsapi", nil, "every service imports it"},
	{"localaws/clock", nil, "every service imports it"},
	{"localaws/chance", nil, "every service imports it"},
	{"localaws/store", nil, "every service imports it"},
	{"localaws/fault", []string{"localaws/chance"}, "services import it"},
	{"localaws/policy", nil, "policies are evaluated without state"},

	{"localaws/sqs", []string{"localaws/awsapi", "localaws/chance", "localaws/clock", "localaws/policy", "localaws/store"}, "services do not import each other"},
	{"localaws/lambda", []string{"localaws/internal/tempdir", "localaws/awsapi", "localaws/chance", "localaws/clock", "localaws/fault", "localaws/policy", "localaws/store"}, "services do not import each other"},
	{"localaws/logs", []string{"localaws/awsapi", "localaws/chance", "localaws/clock", "localaws/store"}, "services do not import each other"},
	{"localaws/cloudwatch", []string{"localaws/awsapi", "localaws/clock", "localaws/store"}, "services do not import each other"},
	{"localaws/iam", []string{"localaws/awsapi", "localaws/chance", "localaws/clock", "localaws/policy", "localaws/store"}, "services do not import each other"},
	{"localaws/sts", []string{"localaws/awsapi", "localaws/iam"}, "sessions are those of IAM's roles; no other service is needed"},
	{"localaws/gateway", []string{"localaws/awsapi", "localaws/chance", "localaws/clock"}, "the gateway knows services by their tables only"},
	{"localaws", nil, "the embedded AWS can be used without the rest of this module"},

	{"internal", []string{"localaws", "sqsbatch", "functions"}, "what is not about deploying does not import the command"},
	{"deploy", []string{"internal", "localaws", "sqsbatch", "functions"}, "nothing but tests imports the command"},
}

// sdkFree lists folders whose packages must not import the AWS SDK, except in tests.
var sdkFree = []string{"localaws/sqs", "localaws/lambda", "localaws/iam", "localaws/sts", "localaws/logs", "localaws/cloudwatch", "localaws/gateway", "localaws/policy", "backoff"}

// within reports whether a package is in a folder or below it.
func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

// sources parses every Go file that is not generated: either the tests or all others.
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
		t.Fatalf("only %d Go files found: the test runs in the wrong folder", len(files))
	}
	return files
}

// importRule returns the index of the rule for a package, or -1.
func importRule(pkg string) int {
	for i, rule := range importRules {
		if within(pkg, rule.folder) {
			return i
		}
	}
	return -1
}

func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	type arrow struct{ from, to string }
	used := map[arrow]bool{}

	for path, file := range sources(t, false) {
		pkg := filepath.ToSlash(filepath.Dir(path))
		at := importRule(pkg)
		if at < 0 {
			t.Errorf("%s: importRules have no rule for package %s", path, pkg)
			continue
		}
		rule := importRules[at]

		for _, imp := range file.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			if strings.HasPrefix(name, "github.com/aws/aws-sdk-go-v2") && slices.ContainsFunc(sdkFree, func(f string) bool { return within(pkg, f) }) {
				t.Errorf("%s imports %s: this package must not need the AWS SDK", path, name)
			}

			to, ours := strings.CutPrefix(name, module)
			if !ours || within(to, rule.folder) {
				continue
			}
			i := slices.IndexFunc(rule.may, func(f string) bool { return within(to, f) })
			if i < 0 {
				t.Errorf("%s imports %s: %s", path, to, rule.reason)
				continue
			}
			used[arrow{rule.folder, rule.may[i]}] = true
		}
	}

	for _, rule := range importRules {
		t.Run(rule.folder, func(t *testing.T) {
			for _, to := range rule.may {
				if !used[arrow{rule.folder, to}] {
					t.Errorf("importRules allow %s to import %s, which it does not: remove it from the rule", rule.folder, to)
				}
			}
		})
	}
}

func TestEveryRuleAboutImportsNamesAFolderThatExists(t *testing.T) {
	t.Parallel()
	for i, rule := range importRules {
		t.Run(rule.folder, func(t *testing.T) {
			if _, err := os.Stat(rule.folder); err != nil {
				t.Error(err)
			}
			if importRule(rule.folder) != i {
				t.Errorf("an earlier rule covers %s", rule.folder)
			}
		})
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for path, file := range sources(t, false) {
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || file.Doc != nil && len(file.Doc.Text()) > 20
	}

	for dir, ok := range documented {
		t.Run(dir, func(t *testing.T) {
			if !ok {
				t.Errorf("package in %s has no package comment", dir)
			}
		})
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

// undocumented returns the exported names of a declaration that have no comment.
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

// undocumentedSpec returns the exported names of one type, variable or constant, and of
// a type's fields, that have no comment.
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

// undocumentedFields returns the exported fields that have no comment. One comment can
// be for several fields if it names them.
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

// exportedReceiver reports whether a function has no receiver, or one of an exported
// type.
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

// A test in a bubble of testing/synctest may sleep: it takes no time there.
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

// Without cgo, Go ends a program as deadlocked if every goroutine waits for another.
// A program that must hang sleeps instead.
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

// calls reports whether a declaration uses a function of a package.
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

// machine matches a path or host of the computer that a file was written on.
var machine = regexp.MustCompile(`/(work/main|root/|home/[a-z]+/|tmp/brief)|proxy\.golang\.org`)

func TestFilesNameNothingOfTheMachine(t *testing.T) {
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
			if m := machine.FindString(lines.Text()); m != "" {
				t.Errorf("%s:%d names %s", path, n, m)
			}
		}
	}
}
