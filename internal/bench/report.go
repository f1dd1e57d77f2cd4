package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// report is the result of a run.
type report struct {
	Date   string   `json:"date"`
	Go     string   `json:"go"`
	OS     string   `json:"os"`
	CPUs   int      `json:"cpus"`
	Quick  bool     `json:"quick"`
	Tables []*table `json:"tables"`
}

// table has the figures of one service or setup.
type table struct {
	Title string   `json:"title"`
	Rows  []figure `json:"rows"`
}

// figure is one measurement.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Floor is the best possible value, measured in the same run and unit; 0 if there
	// is none.
	Floor float64 `json:"floor,omitempty"`
	// Aim is the target for the ratio to the floor, or for the value if there is no
	// floor; 0 if there is no target.
	Aim float64 `json:"aim,omitempty"`
	// More reports that a higher value is better, as for messages per second.
	More bool `json:"more_is_better,omitempty"`
}

// ratio returns the value divided by the floor, or 0.
func (f *figure) ratio() float64 {
	if f.Floor == 0 {
		return 0
	}
	return f.Value / f.Floor
}

// reached returns "yes" if the figure has reached its target, "no" if not, and "" if
// there is none.
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

// print prints the tables.
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

// aim returns the target as the table shows it.
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

// number formats a number with at least three digits; 0 is the empty string.
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
