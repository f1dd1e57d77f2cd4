package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
)

// counts are what the figures are computed from.
type counts struct {
	body     int // lines inside function bodies, without the braces' own
	blank    int // of these, empty ones
	comments int // of these, lines that hold only a comment
	keyed    int // lines with a key of a composite literal
	dense    int // of these, lines with three keys or more
	parallel int // assignments of several values on one line, without swaps and multiple returns
	returns  int // lines of doc comments with the word
	answers  int // the same
	tests    int // Test functions
	runs     int // calls of t.Run
}

// add adds another package or file.
func (c *counts) add(other counts) {
	c.body += other.body
	c.blank += other.blank
	c.comments += other.comments
	c.keyed += other.keyed
	c.dense += other.dense
	c.parallel += other.parallel
	c.returns += other.returns
	c.answers += other.answers
	c.tests += other.tests
	c.runs += other.runs
}

// figures returns the figures in the order of columns.
func (c counts) figures() []string {
	share := func(n, of int, scale float64, format string) string {
		if of == 0 {
			return "-"
		}
		return fmt.Sprintf(format, scale*float64(n)/float64(of))
	}

	return []string{
		share(c.blank, c.body, 100, "%.1f"),
		share(c.comments, c.body, 100, "%.1f"),
		share(c.dense, c.keyed, 100, "%.1f"),
		share(c.parallel, c.body, 1000, "%.1f"),
		fmt.Sprint(c.returns),
		fmt.Sprint(c.answers),
		share(c.runs, c.tests, 1, "%.2f"),
	}
}

// countFile counts one file. Of test files only doc comments and tests count.
func countFile(path string) (counts, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return counts{}, err
	}

	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, source, parser.ParseComments)
	if err != nil {
		return counts{}, err
	}

	if ast.IsGenerated(file) {
		return counts{}, nil
	}

	f := &sourceFile{fset: fset, lines: bytes.Split(source, []byte("\n"))}
	f.countDocs(file)

	// The layout figures leave out tests: they are mostly tables.
	if strings.HasSuffix(path, "_test.go") {
		f.countTests(file)
		return f.counts, nil
	}

	f.countBodies(file)
	f.countLiterals(file)
	return f.counts, nil
}

// countTests counts Test functions and calls of t.Run.
func (f *sourceFile) countTests(file *ast.File) {
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if ok && d.Recv == nil && strings.HasPrefix(d.Name.Name, "Test") && d.Name.Name != "TestMain" {
			f.tests++
		}
	}

	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 2 {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Run" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "t" {
					f.runs++
				}
			}
		}
		return true
	})
}

// sourceFile is a file that is being counted.
type sourceFile struct {
	counts
	fset  *token.FileSet
	lines [][]byte
}

func (f *sourceFile) line(pos token.Pos) int { return f.fset.Position(pos).Line }

var (
	wordReturns = regexp.MustCompile(`\breturns\b`)
	wordAnswers = regexp.MustCompile(`\banswers\b`)
)

// countDocs counts the lines of doc comments that have one of two words.
func (f *sourceFile) countDocs(file *ast.File) {
	count := func(doc *ast.CommentGroup) {
		for line := range strings.Lines(doc.Text()) {
			if wordReturns.MatchString(line) {
				f.returns++
			}
			if wordAnswers.MatchString(line) {
				f.answers++
			}
		}
	}

	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.File:
			count(n.Doc)
		case *ast.FuncDecl:
			count(n.Doc)
		case *ast.GenDecl:
			count(n.Doc)
		case *ast.TypeSpec:
			count(n.Doc)
		case *ast.ValueSpec:
			count(n.Doc)
		case *ast.Field:
			count(n.Doc)
		}

		return true
	})
}

// countBodies counts the lines and the assignments inside function bodies.
func (f *sourceFile) countBodies(file *ast.File) {
	// A blank line or "//" inside a string literal is text, not layout.
	inString := f.stringLines(file)
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Body == nil {
			continue
		}

		// The lines of the braces are part of the declaration.
		for n := f.line(d.Body.Lbrace) + 1; n < f.line(d.Body.Rbrace); n++ {
			f.body++
			switch text := bytes.TrimSpace(f.lines[n-1]); {
			case inString[n]:
			case len(text) == 0:
				f.blank++
			case bytes.HasPrefix(text, []byte("//")):
				f.comments++
			}
		}

		// One value on the right is one call with multiple returns.
		ast.Inspect(d.Body, func(n ast.Node) bool {
			if s, ok := n.(*ast.AssignStmt); ok && len(s.Rhs) > 1 && !f.swaps(s) {
				f.parallel++
			}
			return true
		})
	}
}

// stringLines returns the lines that begin inside a string literal.
func (f *sourceFile) stringLines(file *ast.File) map[int]bool {
	lines := map[int]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
			for n := f.line(s.Pos()) + 1; n <= f.line(s.End()); n++ {
				lines[n] = true
			}
		}
		return true
	})

	return lines
}

// swaps reports whether an assignment gives variables each other's values.
func (f *sourceFile) swaps(s *ast.AssignStmt) bool {
	left := f.texts(s.Lhs)
	right := f.texts(s.Rhs)
	slices.Sort(left)
	slices.Sort(right)
	return slices.Equal(left, right)
}

func (f *sourceFile) texts(list []ast.Expr) []string {
	texts := make([]string, len(list))
	for i, e := range list {
		var b strings.Builder
		if err := printer.Fprint(&b, f.fset, e); err != nil {
			panic(err) // only for a writer that fails
		}
		texts[i] = b.String()
	}
	return texts
}

// countLiterals counts lines by the keys of composite literals on them. A line on
// which two literals have keys counts the keys of both.
func (f *sourceFile) countLiterals(file *ast.File) {
	keys := map[int]int{}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.CompositeLit); ok {
			for _, e := range literal.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					keys[f.line(kv.Pos())]++
				}
			}
		}
		return true
	})

	for _, n := range keys {
		f.keyed++
		if n >= 3 {
			f.dense++
		}
	}
}
