package metricmath

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// inputs are the series of the tests, with periods that start at 0, 60 and 120.
var inputs = map[string]Series{
	"m1": {
		0:   1,
		60:  2,
		120: 3,
	},
	"m2":   {0: 10, 120: 0},
	"gap":  {60: 5},
	"none": {},
}

func eval(e *Expression) (Value, error) {
	return e.Eval(Inputs{
		Times: []int64{0, 60, 120},
		Resolve: func(id string) (Value, error) {
			s, ok := inputs[id]
			if !ok {
				return Value{}, fmt.Errorf("unknown id %s", id)
			}
			return FromSeries(s), nil
		},
		Metrics: func(part string) []Series {
			var all []Series
			for _, id := range slices.Sorted(maps.Keys(inputs)) {
				if strings.Contains(id, part) {
					all = append(all, inputs[id])
				}
			}
			return all
		},
	})
}

func TestExpressions(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]Series{
		"m1 + m2": {0: 11, 120: 3},
		"m1 * 2 + 1": {
			0:   3,
			60:  5,
			120: 7,
		},
		"m1 + m1 * m1 ^ 2": {
			0:   2,
			60:  10,
			120: 30,
		},
		"(m1 + m1) * 2": {
			0:   4,
			60:  8,
			120: 12,
		},
		"-m1": {
			0:   -1,
			60:  -2,
			120: -3,
		},
		"10 - m1 - 1": {
			0:   8,
			60:  7,
			120: 6,
		},
		"m1 / m2": {0: 0.1},
		"100 * m1 / m1": {
			0:   100,
			60:  100,
			120: 100,
		},
		"FILL(gap, 0)": {
			0:   0,
			60:  5,
			120: 0,
		},
		"FILL(gap, REPEAT)": {60: 5, 120: 5},
		"FILL(gap, m1)": {
			0:   1,
			60:  5,
			120: 3,
		},
		"m1 + FILL(m2, 0)": {
			0:   11,
			60:  2,
			120: 3,
		},
		"SUM([m1, m2, gap])": {
			0:   11,
			60:  7,
			120: 3,
		},
		"AVG([m1, m2])": {
			0:   5.5,
			60:  2,
			120: 1.5,
		},
		`MAX(METRICS("m"))`: {
			0:   10,
			60:  2,
			120: 3,
		},
		"SUM(METRICS())": {
			0:   11,
			60:  7,
			120: 3,
		},
		"MIN([m1, 2 * m1])": {
			0:   1,
			60:  2,
			120: 3,
		},
		"m1 / SUM(m1)": {
			0:   1.0 / 6,
			60:  2.0 / 6,
			120: 0.5,
		},
		"m1 >= 2": {
			0:   0,
			60:  1,
			120: 1,
		},
		"m1 > 1 AND m1 < 3": {
			0:   0,
			60:  1,
			120: 0,
		},
		"m1 == 1 || m1 == 3": {
			0:   1,
			60:  0,
			120: 1,
		},
		"IF(m1 > 1, m1, 0)": {
			0:   0,
			60:  2,
			120: 3,
		},
		"IF(1, gap, m1)": {60: 5},
		"ABS(m1 - 2)": {
			0:   1,
			60:  0,
			120: 1,
		},
		"CEIL(m1 / 2)": {
			0:   1,
			60:  1,
			120: 2,
		},
		"FLOOR(m1 / 2)": {
			0:   0,
			60:  1,
			120: 1,
		},
		"none + 1": {},
		"SUM([m1 != 2, m1]) + .5": {
			0:   2.5,
			60:  2.5,
			120: 4.5,
		},
	} {
		t.Run(text, func(t *testing.T) {
			e, err := Parse(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				return
			}
			v, err := eval(e)
			got, ok := v.Series()
			if err != nil || !ok || !maps.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
				t.Errorf("%s: %v, %v; want %v", text, v, err, want)
			}
		})
	}
}

func TestInvalidExpressionsAreRefused(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"":                        "missing operand",
		"m1 +":                    "missing operand",
		"m1 m2":                   `unexpected "m"`,
		"(m1":                     "missing )",
		"[m1":                     "missing , or ]",
		"M1":                      "neither an id nor a function",
		"1.2.3":                   "is not a number",
		"RATE(m1)":                "does not support function RATE",
		"SEARCH('x')":             "does not support function SEARCH",
		"FILL(m1, LINEAR)":        "LINEAR",
		"FILL(m1)":                "FILL takes 2 arguments",
		"ABS(m1, m2)":             "takes 1 arguments, not 2",
		"IF(m1)":                  "takes 3 arguments",
		`METRICS("m`:              "missing closing quotation mark",
		"METRICS(m1)":             "missing ) after METRICS",
		strings.Repeat("(", 1000): "too deep",
		strings.Repeat("-", 2000): "too deep",
		strings.Repeat("1", 3000): "longer than",
	} {
		t.Run(text, func(t *testing.T) {
			if e, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%.30s: %v, %v; want %q", text, e, err, want)
			}
		})
	}
}

func TestEvaluationErrors(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"METRICS() + METRICS()": "cannot combine two arrays",
		"[m1, 2]":               "not numbers",
		"SUM(1)":                "SUM: argument must be time series, not a number",
		"IF([m1], 1, 2)":        "IF: arguments cannot be arrays",
		"FILL(1, 2)":            "not a number",
		"unknown":               "unknown id",
	} {
		t.Run(text, func(t *testing.T) {
			e, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := eval(e); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, %v; want %q", text, v, err, want)
			}
		})
	}
}

func TestIDsAreInOrderOfFirstUse(t *testing.T) {
	t.Parallel()

	e, err := Parse("IF(m1 > m2, FILL(gap, 0), m1) + SUM([m3])")
	if err != nil || !slices.Equal(e.IDs(), []string{"m1", "m2", "gap", "m3"}) || e.String() == "" {
		t.Errorf("ids %v, error %v", e.IDs(), err)
	}
}

// An operation on two series applies to their values of the same period.
func TestArithmeticIsDonePerPeriod(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		series := rapid.MapOfN(rapid.Int64Range(0, 5), rapid.Float64Range(-1e6, 1e6), 0, 6)
		a := Series(series.Draw(t, "a"))
		b := Series(series.Draw(t, "b"))
		for op, f := range operators {
			v, err := combine(FromSeries(a), FromSeries(b), f)
			got, ok := v.Series()
			if err != nil || !ok {
				t.Fatalf("%s: %v", op, err)
			}

			for at, x := range a {
				y, both := b[at]
				z, has := got[at]
				want := f(x, y)
				if has != (both && !math.IsNaN(want) && !math.IsInf(want, 0)) || has && z != want {
					t.Fatalf("%v %s %v at %d is %v (%v), want %v", x, op, y, at, z, has, want)
				}
			}

			if len(got) > min(len(a), len(b)) {
				t.Fatalf("%s of %v and %v has %v", op, a, b, got)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"m1+m2/2", `SUM(METRICS("m"))`, "IF(m1>1 AND m2<3,FILL(m1,REPEAT),-0.5e)", "[m1,m2]*2", "((((m1))))"} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}

		v, err := eval(e)
		if s, ok := v.Series(); err == nil && ok {
			for at, x := range s {
				if math.IsNaN(x) && len(e.IDs()) == 0 {
					t.Errorf("%q at %d is not a number", text, at)
				}
			}
		}
	})
}
