// Command style measures how the Go code of this repository is laid out, and prints
// the figures beside those of five code bases that are easy to read.
//
//	style [folder ...]
//	style -check
//
// Without an argument it prints one line for the whole tree. A folder adds a line for
// the package in it, and folder/... one for each package below. Generated files and
// testdata do not count.
//
// With -check it prints files whose imports are not in the usual groups, and log
// messages that are not in the usual form, and fails if there are any.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// reference holds the figures of other code bases, in the order of columns.
var reference = []struct {
	name    string
	figures []string
}{
	{"age", []string{"5.6", "3.0", "7.4", "0.7", "54", "0", "0.7"}},
	{"bbolt", []string{"10.9", "10.6", "1.6", "1.6", "163", "0", "0.1"}},
	{"gofakes3", []string{"14.0", "5.5", "0.5", "2.9", "31", "0", "0.6"}},
	{"river", []string{"14.0", "6.3", "0.8", "0", "189", "0", "3.1"}},
	{"wtf", []string{"11.1", "12.4", "0.9", "6.1", "78", "0", "0.5"}},
	{"target", []string{"5-14", ">=3", "<5", "<3", "", "0", ">=0.5"}},
}

// columns names the figures, in the order of counts.figures.
var columns = []string{
	"blank lines %",    // of the lines inside function bodies
	"comments %",       // lines that are a comment alone, of the same
	"dense literals %", // lines with three keys or more, of the lines of composite literals with a key
	"parallel /1000",   // assignments such as a, b = x, y by 1,000 lines inside function bodies; swaps do not count
	"returns",          // lines of doc comments with this word
	"answers",          // the same
	"t.Run/Test",       // calls of Run in tests by Test function
}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "style:", err)
		os.Exit(1)
	}
}

// run prints the table for the folders below the working directory, or checks it.
func run(w io.Writer, folders []string) error {
	if len(folders) == 1 && folders[0] == "-check" {
		return check(w, ".")
	}

	packages, err := measure(".")
	if err != nil {
		return err
	}

	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\t%s\t\n", strings.Join(columns, "\t"))

	// The whole tree first, whatever the arguments are.
	var all counts
	for _, c := range packages {
		all.add(*c)
	}

	row(table, "this tree", all.figures())

	for _, folder := range folders {
		names, err := match(packages, folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			row(table, name, packages[name].figures())
		}
	}

	for _, r := range reference {
		row(table, r.name, r.figures)
	}

	return table.Flush()
}

func row(w io.Writer, name string, figures []string) {
	fmt.Fprintf(w, "%s\t%s\t\n", name, strings.Join(figures, "\t"))
}

// match returns the packages that an argument names, sorted.
func match(packages map[string]*counts, arg string) ([]string, error) {
	folder, below := strings.CutSuffix(filepath.ToSlash(arg), "/...")
	folder = filepath.ToSlash(filepath.Clean(folder))

	var names []string
	for name := range packages {
		if name == folder || below && (folder == "." || strings.HasPrefix(name, folder+"/")) {
			names = append(names, name)
		}
	}

	if len(names) == 0 {
		return nil, fmt.Errorf("no Go files in %s", arg)
	}

	slices.Sort(names)
	return names, nil
}

// measure counts each package below a folder, by its path.
func measure(root string) (map[string]*counts, error) {
	packages := map[string]*counts{}
	err := walk(root, func(path string) error {
		c, err := countFile(path)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if packages[pkg] == nil {
			packages[pkg] = &counts{}
		}
		packages[pkg].add(c)
		return nil
	})

	return packages, err
}
