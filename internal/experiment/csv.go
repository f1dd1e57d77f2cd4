package experiment

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// WriteCSV writes the cells of a report, one a line, under the names that they
// have in JSON; a part of a nested figure has the figure's name before its own.
// Numbers are written so that reading them gives the same ones.
func WriteCSV(w io.Writer, r Report) error {
	out := csv.NewWriter(w)
	names, _ := flatten("", reflect.ValueOf(Cell{}))
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

// flatten answers the names and values of a struct's fields, in order.
func flatten(prefix string, v reflect.Value) (names, values []string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		name = prefix + name
		if field.Type.Kind() == reflect.Struct {
			if !field.Anonymous {
				name += "_"
			}
			n, x := flatten(name, v.Field(i))
			names, values = append(names, n...), append(values, x...)
			continue
		}
		names, values = append(names, name), append(values, scalar(v.Field(i)))
	}
	return names, values
}

// scalar writes a figure exactly, and of a text what is a word.
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
