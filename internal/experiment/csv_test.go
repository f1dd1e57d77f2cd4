package experiment

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// numbers returns the figures of a cell by their names in JSON. Names of nested
// figures have the outer name as a prefix.
func numbers(t rapid.TB, c Cell) map[string]float64 {
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	var walk func(prefix string, tree map[string]any)
	walk = func(prefix string, tree map[string]any) {
		for name, v := range tree {
			switch v := v.(type) {
			case float64:
				out[prefix+name] = v
			case map[string]any:
				walk(prefix+name+"_", v)
			}
		}
	}
	walk("", tree)
	return out
}

func TestCSVNumbersAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport().Draw(t, "report")
		var out bytes.Buffer
		if err := WriteCSV(&out, r); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != len(r.Cells)+1 {
			t.Fatalf("%d rows for %d cells", len(rows), len(r.Cells))
		}
		for i, row := range rows[1:] {
			got := map[string]float64{}
			for j, name := range rows[0] {
				switch name {
				case "study", "mode":
					if strings.Trim(row[j], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" || strings.HasPrefix(row[j], "-") {
						t.Fatalf("%s is %q, not a word", name, row[j])
					}
				default:
					if got[name], err = strconv.ParseFloat(row[j], 64); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
			}
			same := cmp.Comparer(func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
			if diff := cmp.Diff(numbers(t, r.Cells[i]), got, same); diff != "" {
				t.Fatalf("cell %d (-JSON +CSV):\n%s", i, diff)
			}
		}
		if slices.Contains(rows[0], "") {
			t.Fatalf("a column without a name: %v", rows[0])
		}
	})
}
