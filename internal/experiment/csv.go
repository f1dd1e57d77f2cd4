package experiment

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// WriteCSV writes the cells of a report as CSV. The columns have the names of the
// JSON members; a nested member's name is prefixed with its parent's. Numbers are
// written exactly.
func WriteCSV(w io.Writer, r Report) error {
	out := csv.NewWriter(w)
	names, _ := flatten("", reflect.ValueOf(Cell{})) // only the names are of use
	rows := [][]string{names}
	for _, c := range r.Cells {
		_, values := flatten("", reflect.ValueOf(c))
		rows = append(rows, values)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the cells: %w", err)
	}
	return nil
}

// flatten returns the names and values of a struct's fields, in order.
func flatten(prefix string, v reflect.Value) (names, values []string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		name = prefix + name
		if field.Type.Kind() == reflect.Struct {
			// Members of an embedded struct are not nested in JSON.
			if !field.Anonymous {
				name += "_"
			}

			n, x := flatten(name, v.Field(i))
			names = append(names, n...)
			values = append(values, x...)
			continue
		}

		names = append(names, name)
		values = append(values, scalar(v.Field(i)))
	}

	return names, values
}

// scalar formats a number exactly, and a text as a word.
func scalar(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.String:
		return word(v.String())
	}
	return fmt.Sprint(v.Interface())
}
