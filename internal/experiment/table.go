package experiment

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

const (
	textWidth = 110 // maximum width of sentences, in characters
	headWidth = 9   // maximum width of a column's head, unless a word is longer
)

// WriteTable writes a report as text: the question, the cells and the findings of
// each study.
func WriteTable(w io.Writer, r Report) error {
	var out strings.Builder
	all := sections(r)
	if len(all) == 0 {
		out.WriteString("No study was run.\n")
	}

	for i, s := range all {
		if i > 0 {
			out.WriteString("\n\n")
		}

		fmt.Fprintf(&out, "%s\n%s\n", s.title, strings.Repeat("=", utf8.RuneCountInString(s.title)))
		paragraph(&out, "", "", printable(s.Question))
		paragraph(&out, "", "", s.setting())
		out.WriteString("\n")
		if len(s.cells) == 0 {
			out.WriteString("No cell of this study was run.\n")
		} else if err := s.grid(&out); err != nil {
			return fmt.Errorf("write the table of study %s: %w", s.name, err)
		}

		if len(s.Findings) > 0 {
			out.WriteString("\n")
		}

		for _, f := range s.Findings {
			paragraph(&out, "- ", "  ", printable(f))
		}
	}

	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}

	return nil
}

// setting lists the settings that are the same in all cells of a study.
func (s section) setting() string {
	if len(s.fixed) == 0 {
		return ""
	}
	var parts []string
	for _, a := range s.fixed {
		parts = append(parts, a.Title+" "+printable(a.Value(s.cells[0].Settings)))
	}
	return "In all cells: " + strings.Join(parts, ", ") + "."
}

// grid writes the study's cells as a table.
func (s section) grid(w io.Writer) error {
	columns := columns(s.varied)
	heads := make([][]string, len(columns))
	height := 0
	for i, c := range columns {
		heads[i] = wrap(c.head, headWidth)
		height = max(height, len(heads[i]))
	}

	// Heads are aligned at the bottom.
	var rows [][]string
	for line := range height {
		row := make([]string, len(columns))
		for i, head := range heads {
			if at := line - (height - len(head)); at >= 0 {
				row[i] = head[at]
			}
		}

		rows = append(rows, row)
	}

	for _, cell := range s.cells {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = printable(c.value(cell))
		}

		rows = append(rows, row)
	}

	// All columns are aligned right; padding aligns words left.
	for i, c := range columns {
		if c.words {
			pad(rows, i)
		}
	}

	return align(w, rows, height)
}

// pad pads the values of a column to the same width.
func pad(rows [][]string, at int) {
	width := 0
	for _, row := range rows {
		width = max(width, utf8.RuneCountInString(row[at]))
	}
	for _, row := range rows {
		row[at] += strings.Repeat(" ", width-utf8.RuneCountInString(row[at]))
	}
}

// align writes rows in columns, with a line below the first heads rows.
func align(w io.Writer, rows [][]string, heads int) error {
	var set strings.Builder
	// Each row ends with a tab, so that the last column is aligned too.
	tab := tabwriter.NewWriter(&set, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		fmt.Fprintf(tab, "%s\t\n", strings.Join(row, "\t"))
	}

	if err := tab.Flush(); err != nil {
		return err
	}

	lines := strings.Split(strings.TrimRight(set.String(), "\n"), "\n")
	for i, line := range lines {
		fmt.Fprintln(w, strings.TrimRight(strings.TrimPrefix(line, "  "), " "))
		if i == heads-1 {
			fmt.Fprintln(w, strings.Repeat("-", utf8.RuneCountInString(line)-2))
		}
	}

	return nil
}

// paragraph writes a text, wrapped. The first line begins with one prefix, all
// others with another.
func paragraph(w io.Writer, first, rest, text string) {
	for _, line := range wrap(text, textWidth-len(rest)) {
		fmt.Fprintln(w, first+line)
		first = rest
	}
}
