package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// module is the path of this module. Its imports are the last group.
const module = "github.com/reliableq/reliableq"

// check prints what is wrong with the layout of the files below a folder, and returns
// an error if there is anything.
func check(w io.Writer, root string) error {
	n := 0
	err := walk(root, func(path string) error {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(file) {
			return nil
		}
		for _, p := range append(importProblems(fset, file), logProblems(fset, file)...) {
			fmt.Fprintf(w, "%s:%d: %s\n", filepath.ToSlash(path), fset.Position(p.pos).Line, p.text)
			n++
		}
		return nil
	})
	if err == nil && n > 0 {
		err = fmt.Errorf("%d problems", n)
	}
	return err
}

// walk calls f for each Go file below a folder, except in hidden folders and testdata.
func walk(root string, f func(path string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		return f(path)
	})
}

// problem is something wrong at a position in a file.
type problem struct {
	pos  token.Pos
	text string
}

// importProblems checks that imports are in three groups, with a blank line between
// them: the standard library, other modules, this module.
func importProblems(fset *token.FileSet, file *ast.File) []problem {
	var problems []problem
	for i := 1; i < len(file.Imports); i++ {
		before := file.Imports[i-1]
		this := file.Imports[i]
		apart := fset.Position(this.Pos()).Line - fset.Position(before.End()).Line
		switch from, to := importGroup(before), importGroup(this); {
		case to < from:
			problems = append(problems, problem{this.Pos(), "import " + this.Path.Value + " belongs to an earlier group"})
		case to > from && apart < 2:
			problems = append(problems, problem{this.Pos(), "import " + this.Path.Value + " needs a blank line before it"})
		case to == from && apart > 1 && this.Doc == nil:
			problems = append(problems, problem{this.Pos(), "import " + this.Path.Value + " has a blank line before it, inside its group"})
		}
	}

	return problems
}

// importGroup returns the group of an import. Only paths of the standard library have
// no dot in their first element.
func importGroup(i *ast.ImportSpec) int {
	path, _ := strconv.Unquote(i.Path.Value) // the parser accepts valid literals only
	first, _, _ := strings.Cut(path, "/")
	switch {
	case path == module || strings.HasPrefix(path, module+"/"):
		return 2
	case strings.Contains(first, "."):
		return 1
	}
	return 0
}

// logProblems checks the messages of slog: lower case, without a full stop.
func logProblems(fset *token.FileSet, file *ast.File) []problem {
	var problems []problem
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}

		// DecodeRuneInString returns RuneError for an empty message, which is not upper case.
		message := logMessage(call)
		first, _ := utf8.DecodeRuneInString(message)
		if unicode.IsUpper(first) || strings.HasSuffix(message, ".") {
			problems = append(problems, problem{call.Pos(), fmt.Sprintf("log message %q: want lower case and no full stop", message)})
		}
		return true
	})

	return problems
}

// logMessage returns the message of a call of a logger, or an empty string. A logger is
// a variable or field whose name ends with ogger, or package slog.
func logMessage(call *ast.CallExpr) string {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}

	// Of a chain such as s.logger only the last name counts.
	var receiver string
	switch x := method.X.(type) {
	case *ast.Ident:
		receiver = x.Name
	case *ast.SelectorExpr:
		receiver = x.Sel.Name
	}

	if !strings.HasSuffix(receiver, "ogger") && receiver != "slog" {
		return ""
	}

	// The position of the message among the arguments.
	arg := 0
	switch method.Sel.Name {
	case "Debug", "Info", "Warn", "Error":
	case "DebugContext", "InfoContext", "WarnContext", "ErrorContext":
		arg = 1
	case "Log", "LogAttrs":
		arg = 2
	default:
		return ""
	}

	if len(call.Args) <= arg {
		return ""
	}

	// A message that is computed cannot be checked.
	text, ok := call.Args[arg].(*ast.BasicLit)
	if !ok || text.Kind != token.STRING {
		return ""
	}

	message, _ := strconv.Unquote(text.Value) // the parser accepts valid literals only
	return message
}
