package experiment

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyReport draws reports that no experiment would return: with any figures, words and
// axes, with cells of missing studies and studies without cells.
func anyReport() *rapid.Generator[Report] {
	return rapid.Custom(func(t *rapid.T) Report {
		text := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String())
		r := Report{Messages: rapid.Int().Draw(t, "messages"), Seed: rapid.Uint64().Draw(t, "seed"), Seeds: rapid.IntRange(-1, 9).Draw(t, "seeds")}
		fill(t, reflect.ValueOf(&r.Prices).Elem(), rapid.Float64Range(-1e300, 1e300), text)
		names := rapid.SliceOfN(text, 1, 2).Draw(t, "names")
		for range rapid.IntRange(0, 2).Draw(t, "studies") {
			s := Study{Name: rapid.SampledFrom(names).Draw(t, "name"), Title: text.Draw(t, "title"), Question: text.Draw(t, "question")}
			s.Findings = rapid.SliceOfN(text, 0, 2).Draw(t, "findings")
			for range rapid.IntRange(0, 4).Draw(t, "axes") {
				a := rapid.SampledFrom(axes).Draw(t, "axis").Axis
				if rapid.Bool().Draw(t, "odd axis") {
					a = Axis{a.Key + rapid.SampledFrom([]string{"", "x"}).Draw(t, "key"), text.Draw(t, "axis title"), text.Draw(t, "unit")}
				}
				s.Axes = append(s.Axes, a)
			}
			r.Studies = append(r.Studies, s)
		}
		figure := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64Range(0, 1e5), rapid.SampledFrom([]float64{0, 1, 5, 1e-300, 1e300, -1}))
		for range rapid.IntRange(0, 5).Draw(t, "cells") {
			var c Cell
			fill(t, reflect.ValueOf(&c).Elem(), figure, text)
			c.Study = rapid.SampledFrom(names).Draw(t, "study")
			c.BatchSize = rapid.SampledFrom([]int{0, 1, 5, 10, 10_000}).Draw(t, "batch size")
			r.Cells = append(r.Cells, c)
		}
		return r
	})
}

// fill draws every field of a struct.
func fill(t *rapid.T, v reflect.Value, figure *rapid.Generator[float64], text *rapid.Generator[string]) {
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			fill(t, f, figure, text)
		case reflect.Int:
			f.SetInt(int64(rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(-1, 1<<52)).Draw(t, name)))
		case reflect.Float64:
			f.SetFloat(figure.Draw(t, name))
		case reflect.String:
			f.SetString(text.Draw(t, name))
		default:
			t.Fatalf("a field of kind %s: draw it too", f.Kind())
		}
	}
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9_-]+\.svg$`)

func TestAnyReportCanBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		if err := show(dir, anyReport().Draw(t, "report")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestUnusualReportsCanBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, r := range map[string]Report{
		"nothing":                   {},
		"a study without cells":     {Studies: []Study{{Name: "a"}}},
		"cells of no study":         {Cells: smallReport().Cells},
		"names that files confuse":  {Studies: []Study{{Name: "study-2"}, {Name: "Study-2"}, {Name: "BATCH"}}, Cells: smallReport().Cells},
		"two studies of one name":   {Studies: []Study{{Name: "batch"}, {Name: "batch"}}, Cells: smallReport().Cells},
		"an unknown axis":           {Studies: []Study{{Name: "batch", Axes: []Axis{{"colour", "colour", ""}}}}, Cells: smallReport().Cells},
		"cells that are all alike":  {Studies: []Study{{Name: "a"}}, Cells: []Cell{{Study: "a"}, {Study: "a"}, {Study: "a"}}},
		"more than charts can hold": {Cells: manyCells()},
		"words that are more":       hostileReport(),
		"a report of an experiment": sampleReport(),
	} {
		t.Run(name, func(t *testing.T) {
			if err := show(dir, r); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

// show writes a report in every format, and parses the formats that other programs
// parse.
func show(dir string, r Report) error {
	var table, lines, doc bytes.Buffer
	if err := WriteTable(&table, r); err != nil {
		return err
	}
	if err := WriteCSV(&lines, r); err != nil {
		return err
	}
	if err := WriteHTML(&doc, r); err != nil {
		return err
	}
	if err := walk(doc.Bytes(), func(xml.Token, []string) {}); err != nil {
		return fmt.Errorf("the page is not well-formed: %w", err)
	}
	names, err := WritePlots(dir, r)
	if err != nil {
		return err
	}
	written := map[string]bool{}
	for _, name := range names {
		if !fileName.MatchString(name) || written[strings.ToLower(name)] {
			return fmt.Errorf("a chart in the file %q, which has an unexpected or a duplicate name", name)
		}
		written[strings.ToLower(name)] = true
		svg, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := walk(svg, func(xml.Token, []string) {}); err != nil {
			return fmt.Errorf("%s is not well-formed: %w", name, err)
		}
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			return fmt.Errorf("%s has a position that is not a number", name)
		}
	}
	return nil
}
