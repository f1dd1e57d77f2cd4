package policycheck_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// flaws lists every rule that the evaluator can break on purpose.
var flaws = []flaw{
	"E1",
	"E2 identity", "E2 boundary", "E2 session", "E2 resource",
	"E3", "E4", "E5", "E5 union",
	"E7", "E8 grants", "E8 limits", "E9", "E10",
	"E11 resource", "E11 identity",
	"E14 case", "E14 wildcards", "E15",
	"E16 case", "E16 across", "E16 within", "E17",
	"E18 account", "E18 role", "E18 case",
	"E19", "E19 session", "E20",
	"E21 or", "E21 nor", "E22", "E23", "E23 negated", "E24", "E25",
	"E26 missing", "E27 missing",
	"E28 case", "E28 ignore", "E29", "E29 case", "E29 single", "E29 character",
	"E30 text", "E30 equal", "E31 text", "E32", "E33",
	"E34 single", "E34 range", "E35", "E35 whole",
	"E36", "E37 resource", "E37 equal", "E38", "E39",
}

// TestEveryRuleDecidesSomeSituation breaks each rule of the evaluator in turn. The
// situations of a plain run must detect each: a rule that changes no verdict would not
// be tested in package policy either.
func TestEveryRuleDecidesSomeSituation(t *testing.T) {
	t.Parallel()
	for _, f := range flaws {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			right, wrong := evaluator{}, evaluator{broken: f}
			for number := range uint64(defaultCases) {
				s := draw(1, number)
				if right.decide(s).Verdict != wrong.decide(s).Verdict {
					t.Logf("detected by situation %d", number)
					return
				}
			}
			t.Errorf("none of %d situations depends on this rule", defaultCases)
		})
	}
}

// TestEveryFlawIsListed compares the list with the evaluator.
func TestEveryFlawIsListed(t *testing.T) {
	t.Parallel()
	var source []byte
	for _, name := range []string{"evaluator_test.go", "evaluator_conditions_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	written := map[flaw]bool{}
	for _, m := range regexp.MustCompile(`breaks\("(E[0-9a-z ]+)"\)`).FindAllSubmatch(source, -1) {
		written[flaw(m[1])] = true
	}
	for f := range written {
		if !slices.Contains(flaws, f) {
			t.Errorf("%q is not listed", f)
		}
	}
	for _, f := range flaws {
		if !written[f] && f[:2] != "E2" {
			t.Errorf("%q is listed and not used by the evaluator", f)
		}
	}
}
