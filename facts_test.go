package reliableq_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// citedAs finds the prefix by which a page's facts are cited, in its introduction.
	citedAs = regexp.MustCompile(`cite as "([A-Z]+) [A-Z][0-9]+"`)

	// definedFact is the start of a fact: its anchor, then its number.
	definedFact = regexp.MustCompile(`<a id="([a-z][0-9]+[a-z]?)"></a>\*\*([A-Z][0-9]+[a-z]?)\*\*`)

	// factNumbers are the numbers of one citation, such as "SQS L1, L12" or "LAM D14 to D17".
	factNumbers = `[A-Z][0-9]+[a-z]?(?:(?:, | and | to |-)[A-Z][0-9]+[a-z]?\b)*`
	factNumber  = regexp.MustCompile(`[A-Z][0-9]+[a-z]?`)
	wholeNumber = regexp.MustCompile(`^[A-Z][0-9]+[a-z]?$`)

	// testName is the name of a test or fuzz test, without Test or Fuzz.
	testName = regexp.MustCompile(`(?m)^func (?:Test|Fuzz)(\w+)\(`)

	// startsWithFact is the older form of a test's name: TestC66AliasMovesTraffic.
	startsWithFact = regexp.MustCompile(`^([A-Z][0-9]+[a-z]?)[A-Z_]`)
)

// readFacts returns the numbers of all facts below docs/aws by the prefix of their page.
func readFacts(t *testing.T) map[string]map[string]bool {
	t.Helper()

	pages, err := filepath.Glob("docs/aws/*.md")
	if err != nil {
		t.Fatal(err)
	}

	facts := map[string]map[string]bool{}
	for _, page := range pages {
		if filepath.Base(page) == "README.md" {
			continue
		}

		body, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}

		prefix := citedAs.FindSubmatch(body)
		if prefix == nil {
			t.Errorf(`%s does not state how its facts are cited (cite as "SQS A3")`, page)
			continue
		}

		numbers := map[string]bool{}
		for _, m := range definedFact.FindAllSubmatch(body, -1) {
			anchor, number := string(m[1]), string(m[2])
			if anchor != strings.ToLower(number) {
				t.Errorf("%s: the anchor of %s is %s", page, number, anchor)
			}
			if numbers[number] {
				t.Errorf("%s: two facts have the number %s", page, number)
			}
			numbers[number] = true
		}
		facts[string(prefix[1])] = numbers
	}

	if len(facts["SQS"]) < 200 || len(facts["LAM"]) < 200 {
		t.Fatalf("only %d facts of SQS and %d of Lambda found: the test does not understand the pages", len(facts["SQS"]), len(facts["LAM"]))
	}
	return facts
}

// citations calls f for each fact that a file in Git cites, in its text or in the
// name of a test.
func citations(t *testing.T, facts map[string]map[string]bool, f func(path, prefix, number string)) {
	t.Helper()

	out, err := exec.Command("git", "ls-files", "-z", "*.go", "*.md", "*.tf", "*.hcl").Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	prefixes := strings.Join(slices.Sorted(maps.Keys(facts)), "|")
	citing := regexp.MustCompile(`\b(` + prefixes + `) (` + factNumbers + `)`)

	for _, path := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		body, err := os.ReadFile(path)
		if err != nil {
			continue // deleted in the working tree
		}
		for _, m := range citing.FindAllSubmatch(body, -1) {
			for _, number := range factNumber.FindAll(m[2], -1) {
				f(path, string(m[1]), string(number))
			}
		}

		if strings.HasSuffix(path, "_test.go") {
			for _, m := range testName.FindAllSubmatch(body, -1) {
				for _, c := range factsInName(facts, defaultPage(path), string(m[1])) {
					f(path, c.prefix, c.number)
				}
			}
		}
	}
}

// citation is one fact that is cited.
type citation struct{ prefix, number string }

// defaultPage returns the page that the numbers in a test's name belong to, unless
// the name has a prefix of its own. The folder decides.
func defaultPage(path string) string {
	if strings.HasPrefix(path, "localaws/sqs/") {
		return "SQS"
	}
	return "LAM"
}

// factsInName returns the facts that a test's name cites. Their numbers are its last
// words, each after an underscore: AliasMovesTraffic_C66, or RefusesBadNames_C10_C11.
// A prefix before a number names the page for it and those that follow:
// DeniesUnsigned_SQS_O6_IAM_E2.
func factsInName(facts map[string]map[string]bool, page, name string) []citation {
	if m := startsWithFact.FindStringSubmatch(name); m != nil {
		if facts[page][m[1]] {
			return []citation{{page, m[1]}}
		}
		return nil
	}

	// Find the first of the last words that are all prefixes and numbers.
	words := strings.Split(name, "_")
	first := len(words)
	for first > 1 && (facts[words[first-1]] != nil || wholeNumber.MatchString(words[first-1])) {
		first--
	}

	var cited []citation
	for _, word := range words[first:] {
		if facts[word] != nil {
			page = word
			continue
		}
		cited = append(cited, citation{page, word})
	}
	return cited
}

func TestFactsAreReadFromNamesOfTests(t *testing.T) {
	t.Parallel()

	facts := map[string]map[string]bool{"SQS": {"O6": true}, "LAM": {"C66": true, "A3a": true}, "IAM": {"E2": true}}
	for _, tt := range []struct {
		name string
		want []citation
	}{
		{"AliasMovesTraffic", nil},
		{"AliasMovesTraffic_C66", []citation{{"LAM", "C66"}}},
		{"AliasMovesTraffic_C66_A3a", []citation{{"LAM", "C66"}, {"LAM", "A3a"}}},
		{"DeniesUnsigned_SQS_O6_IAM_E2", []citation{{"SQS", "O6"}, {"IAM", "E2"}}},
		{"AliasMovesTraffic_C99", []citation{{"LAM", "C99"}}}, // reported as missing
		{"C66AliasMovesTraffic", []citation{{"LAM", "C66"}}},
		{"H264IsNotAFact", nil},
		{"SHA256_Sum", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := factsInName(facts, "LAM", tt.name); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEveryFactThatIsCitedExists(t *testing.T) {
	t.Parallel()

	facts := readFacts(t)
	cited := 0
	citations(t, facts, func(path, prefix, number string) {
		cited++
		if !facts[prefix][number] {
			t.Errorf("%s cites %s %s, which no page below docs/aws has", path, prefix, number)
		}
	})

	if cited < 400 {
		t.Errorf("only %d citations found: the test runs in the wrong folder", cited)
	}
}

// Not a failure: many facts are informational, or tested without being cited.
func TestFactsThatNoTestCitesAreListed(t *testing.T) {
	t.Parallel()

	facts := readFacts(t)
	tested := map[string]bool{}
	citations(t, facts, func(path, prefix, number string) {
		if strings.HasSuffix(path, "_test.go") {
			tested[prefix+" "+number] = true
		}
	})

	for _, prefix := range slices.Sorted(maps.Keys(facts)) {
		var missing []string
		for _, number := range slices.Sorted(maps.Keys(facts[prefix])) {
			if !tested[prefix+" "+number] {
				missing = append(missing, number)
			}
		}
		t.Logf("%s: %d of %d facts are cited by no test: %s", prefix, len(missing), len(facts[prefix]), strings.Join(missing, " "))
	}
}
