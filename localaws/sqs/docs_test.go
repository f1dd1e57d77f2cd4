package sqs

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
)

// documented returns the rows of the tables in docs/sqs.md: the last cell by the others.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sqs.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 2 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		last := len(cells) - 1
		rows[strings.Join(cells[:last], " ")] = cells[last]
	}
	return rows
}

// sdkOperations returns the operations of the SDK's client, with inputs and outputs.
func sdkOperations() map[string][2]reflect.Type {
	ops := map[string][2]reflect.Type{}
	client := reflect.TypeFor[*awssqs.Client]()
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Type.NumIn() < 3 || m.Type.NumOut() != 2 || !strings.HasSuffix(m.Type.In(2).String(), m.Name+"Input") {
			continue
		}
		ops[m.Name] = [2]reflect.Type{m.Type.In(2).Elem(), m.Type.Out(0).Elem()}
	}
	return ops
}

// members returns the members of a structure by AWS's names.
func members(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		if f.IsExported() && f.Name != "ResultMetadata" {
			names = append(names, f.Name)
		}
	}
	return names
}

// TestDocsListEveryOperationAndMember reads the SDK's types, and compares the tables
// and the service with them.
func TestDocsListEveryOperationAndMember(t *testing.T) {
	t.Parallel()
	rows, table := documented(t), newBench(t).s.API().Operations
	ops := sdkOperations()
	if len(ops) < 20 {
		t.Fatalf("the SDK's client has %d operations: the test does not understand the type", len(ops))
	}
	for name, shapes := range ops {
		t.Run(name, func(t *testing.T) {
			if rows[name+"  "] == "" {
				t.Errorf("docs/sqs.md has no row for operation %s", name)
			}
			if _, some := table[name]; !some {
				t.Errorf("the service has no operation %s", name)
			}
			for i, direction := range []string{"in", "out"} {
				for _, member := range members(shapes[i]) {
					if row(rows, name, member, direction) == "" {
						t.Errorf("docs/sqs.md has no row for %s of %s", member, name)
					}
				}
			}
		})
	}
	for name := range table {
		t.Run(name, func(t *testing.T) {
			if _, some := ops[name]; !some {
				t.Errorf("the service has an operation %s that the SDK does not have", name)
			}
		})
	}
}

// row returns the last cell of the row of a member, whose first letter may differ in case (SQS A16).
func row(rows map[string]string, operation, member, direction string) string {
	for _, m := range []string{member, strings.ToLower(member[:1]) + member[1:]} {
		if v := rows[operation+" "+m+" "+direction]; v != "" {
			return v
		}
	}
	return ""
}

// sdkTypes parses the package of the SDK's types.
func sdkTypes(t *testing.T) []*ast.File {
	t.Helper()
	p, err := build.Import("github.com/aws/aws-sdk-go-v2/service/sqs/types", ".", 0)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func TestDocsListEveryErrorStructureAndAttribute(t *testing.T) {
	t.Parallel()
	rows := documented(t)
	errors, structs, values := 0, 0, 0
	for _, f := range sdkTypes(t) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "ErrorCode" {
				errors++
				name := fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
				if rows[name] == "" {
					t.Errorf("docs/sqs.md has no row for error %s", name)
				}
			}
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					if kind, ok := s.Type.(*ast.Ident); ok && len(s.Values) == 1 {
						values++
						value := strings.Trim(s.Values[0].(*ast.BasicLit).Value, `"`)
						if rows[kind.Name+" "+value] == "" {
							t.Errorf("docs/sqs.md has no row for %s %s", kind.Name, value)
						}
					}
				case *ast.TypeSpec:
					structs += checkStruct(t, rows, s)
				}
			}
		}
	}
	if errors < 20 || structs < 10 || values < 20 {
		t.Errorf("read %d errors, %d structures, %d values of the SDK: the test does not understand the package", errors, structs, values)
	}
}

// checkStruct checks the rows of a structure that is not an error. It returns 1 for
// such a structure.
func checkStruct(t *testing.T, rows map[string]string, s *ast.TypeSpec) int {
	t.Helper()
	st, ok := s.Type.(*ast.StructType)
	if !ok || rows[s.Name.Name] != "" {
		return 0
	}
	for _, f := range st.Fields.List {
		for _, name := range f.Names {
			if name.IsExported() && rows[s.Name.Name+" "+name.Name] == "" {
				t.Errorf("docs/sqs.md has no row for %s of %s", name.Name, s.Name.Name)
			}
		}
	}
	return 1
}

// TestOperationsHaveEveryMember checks that inputs and outputs have exactly the
// members that AWS has.
func TestOperationsHaveEveryMember(t *testing.T) {
	t.Parallel()
	table := newBench(t).s.API().Operations
	for name, shapes := range sdkOperations() {
		t.Run(name, func(t *testing.T) {
			ours := map[string]bool{}
			in := reflect.TypeOf(table[name].New()).Elem()
			for i := range in.NumField() {
				wire, _, _ := strings.Cut(in.Field(i).Tag.Get("json"), ",")
				ours[strings.ToUpper(wire[:1])+wire[1:]] = true
			}
			for _, member := range members(shapes[0]) {
				if !ours[member] {
					t.Errorf("%s does not read %s", name, member)
				}
				delete(ours, member)
			}
			for member := range ours {
				t.Errorf("%s reads %s, which AWS does not have", name, member)
			}
		})
	}
}
