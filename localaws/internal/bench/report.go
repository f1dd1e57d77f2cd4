package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// report is all that one run measured.
type report struct {
	Date   string   `json:"date"`
	Go     string   `json:"go"`
	OS     string   `json:"os"`
	CPUs   int      `json:"cpus"`
	Quick  bool     `json:"quick"`
	Tables []*table `json:"tables"`
}

// table is the figures of one service or question.
type table struct {
	Title string   `json:"title"`
	Rows  []figure `json:"rows"`
}

// figure is one thing measured, beside its floor.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Floor is what the same run measured for the least that can be had, in the
	// same unit; zero where there is none.
	Floor float64 `json:"floor,omitempty"`
	// Aim is the ratio to the floor, or without a floor the value, that is
	// aimed at; zero where there is none.
	Aim float64 `json:"aim,omitempty"`
	// More marks a figure of which more is better, such as messages per second.
	More bool `json:"more_is_better,omitempty"`
}

// ratio is the value in floors.
func (f *figure) ratio() float64 {
	if f.Floor == 0 {
		return 0
	}
	return f.Value / f.Floor
}

// reached says how the figure stands to its aim.
func (f *figure) reached() string {
	got := f.Value
	if f.Floor != 0 {
		got = f.ratio()
	}
	switch {
	case f.Aim == 0:
		return ""
	case f.More == (got >= f.Aim):
		return "yes"
	}
	return "no"
}

func (r *report) table(title string) *table {
	t := &table{Title: title}
	r.Tables = append(r.Tables, t)
	return t
}

func (t *table) add(f figure) { t.Rows = append(t.Rows, f) }

// print writes the tables for people.
func (r *report) print(out io.Writer) error {
	fmt.Fprintf(out, "%s, %s, %s, %d processors\n", r.Date, r.Go, r.OS, r.CPUs)
	if r.Quick {
		fmt.Fprintln(out, "quick: rough figures, and a smaller deep queue")
	}
	for _, t := range r.Tables {
		fmt.Fprintf(out, "\n%s\n\n", t.Title)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "figure\tvalue\tfloor\tunit\tratio\taim\treached")
		for i := range t.Rows {
			f := &t.Rows[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, number(f.Value), number(f.Floor), f.Unit, number(f.ratio()), f.aim(), f.reached())
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}

// aim says what is aimed at, in the words of the column.
func (f *figure) aim() string {
	switch sign := map[bool]string{false: "<= ", true: ">= "}[f.More]; {
	case f.Aim == 0:
		return ""
	case f.Floor != 0:
		return sign + number(f.Aim) + " x"
	default:
		return sign + number(f.Aim)
	}
}

// number writes three digits or more; nothing for zero.
func number(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10 || v <= -10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
