package policycheck_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/reliableq/reliableq/localaws/policy"
)

const (
	// defaultCases is the number of situations in a plain go test.
	defaultCases = 20_000
	// casesVariable and seedVariable are environment variables for more or other
	// situations.
	casesVariable = "RELIABLEQ_POLICY_CASES"
	seedVariable  = "RELIABLEQ_POLICY_SEED"
)

// setting reads a number from the environment.
func setting(t testing.TB, name string, otherwise uint64) uint64 {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// kinds maps the product's kinds of policies to the evaluator's names.
var kinds = map[policy.Kind]string{
	policy.Identity: identityKind,
	policy.Boundary: boundaryKind,
	policy.Session:  sessionKind,
	policy.Resource: resourceKind,
	policy.Trust:    resourceKind,
}

// decideByPackage decides a situation with package policy.
func decideByPackage(s *situation) (policy.Decision, error) {
	var faults []error
	parse := func(text string, kind policy.Kind) *policy.Document {
		d, err := policy.Parse(text, kind)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s policy refused: %w: %s", kind, err, text))
		}
		return d
	}

	p := policy.Policies{MustGrant: s.Trust}
	for _, text := range s.Identity {
		p.Identity = append(p.Identity, parse(text, policy.Identity))
	}
	if s.Boundary != "" {
		p.Boundary = parse(s.Boundary, policy.Boundary)
	}
	for _, text := range s.Session {
		p.Session = append(p.Session, parse(text, policy.Session))
	}
	if s.Resource != "" {
		kind := policy.Resource
		if s.Trust {
			kind = policy.Trust
		}
		p.Resource = parse(s.Resource, kind)
	}
	if len(faults) > 0 {
		return policy.Decision{}, faults[0]
	}

	r := policy.Request{
		Principal: policy.Principal{
			Account:       s.Caller.Account,
			ARN:           s.Caller.ARN,
			RoleARN:       s.Caller.Role,
			Service:       s.Caller.Service,
			Administrator: s.Caller.Root,
		},
		Action:   s.Action,
		Resource: s.Target,
		Owner:    s.Owner,
		Now:      s.Now,
	}
	for name, values := range s.Keys {
		r.SetKey(name, values...)
	}
	return p.Decide(&r), nil
}

// disagreement describes how the decisions of package policy and of the evaluator
// differ. It is empty if they agree.
func disagreement(s *situation) string {
	want := (&evaluator{}).decide(s)
	return differs(s, want)
}

func differs(s *situation, want outcome) string {
	got, err := decideByPackage(s)
	if err != nil {
		return err.Error()
	}
	verdict := implicitlyDeny
	switch {
	case got.Allowed:
		verdict = allowed
	case got.Explicit:
		verdict = explicitlyDeny
	}
	if verdict != want.Verdict {
		return fmt.Sprintf("decided %q, the published logic says %q (deny in %v, no allow in %v)", verdict, want.Verdict, want.Denying, want.Silent)
	}

	// The kind of policy that the error names must be one that denied.
	refusing := want.Silent
	if verdict == explicitlyDeny {
		refusing = want.Denying
	}
	if verdict != allowed && !slices.Contains(refusing, kinds[got.By]) {
		return fmt.Sprintf("blamed %q for the %s, which comes from %v", got.By, verdict, refusing)
	}
	return ""
}

// TestDecisionsFollowThePublishedLogic decides random situations with package policy
// and with the evaluator: 20,000 in a plain run, a million in make policy-nightly.
func TestDecisionsFollowThePublishedLogic(t *testing.T) {
	t.Parallel()
	cases, seed := setting(t, casesVariable, defaultCases), setting(t, seedVariable, 1)

	var (
		next     atomic.Uint64
		mu       sync.Mutex
		found    []uint64
		verdicts = map[verdict]int{}
		seen     = map[string]int{}
		workers  sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			own := map[verdict]int{}
			e := evaluator{seen: map[string]int{}}
			var differing []uint64
			for {
				number := next.Add(1) - 1
				if number >= cases || len(differing) >= 200 {
					break
				}
				s := draw(seed, number)
				want := e.decide(s)
				own[want.Verdict]++
				if differs(s, want) != "" {
					differing = append(differing, number)
				}
			}

			mu.Lock()
			defer mu.Unlock()
			found = append(found, differing...)
			for v, n := range own {
				verdicts[v] += n
			}
			for what, n := range e.seen {
				seen[what] += n
			}
		})
	}
	workers.Wait()

	t.Logf("%d situations from seed %d: %v", cases, seed, verdicts)
	report(t, seed, found)
	if cases >= defaultCases && len(found) == 0 {
		checkShares(t, int(cases), verdicts, seen)
	}
}

// report prints the situations that differ, each reduced as far as possible, and one
// of each kind.
func report(t *testing.T, seed uint64, found []uint64) {
	t.Helper()
	slices.Sort(found)
	shown := map[string]bool{}
	for _, number := range found {
		s := shrink(draw(seed, number), func(s *situation) bool { return disagreement(s) != "" })
		why := disagreement(s)
		text, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if shown[string(text)] || len(shown) >= 12 {
			continue
		}
		shown[string(text)] = true
		t.Errorf("situation %d of seed %d: %s\n%s", number, seed, why, text)
	}
	if len(found) > 0 {
		t.Errorf("%d situations differ", len(found))
	}
}

// checkShares fails if the situations are too similar to be a useful test.
func checkShares(t *testing.T, cases int, verdicts map[verdict]int, seen map[string]int) {
	t.Helper()
	for _, v := range []verdict{allowed, implicitlyDeny, explicitlyDeny} {
		if share := verdicts[v] * 100 / cases; share < 15 {
			t.Errorf("only %d %% of the situations end in %q", share, v)
		}
	}

	// Every operator in every form, and every element, in at least 1 of 4,000.
	var expected []string
	for family, operators := range families {
		for _, operator := range operators {
			expected = append(expected, operator, operator+"IfExists")
			if family == "string" || family == "arn" || family == "bool" {
				expected = append(expected, "ForAllValues:"+operator, "ForAnyValue:"+operator, "ForAllValues:"+operator+"IfExists", "ForAnyValue:"+operator+"IfExists")
			}
		}
	}
	expected = append(expected, "Null",
		"Action", "NotAction", "Resource", "NotResource", "NotPrincipal",
		"Principal *", "Principal AWS *", "Principal account", "Principal role", "Principal user or session", "Principal service",
		"grant by account", "grant by role", "grant by caller", "cross-account",
		"variable", "variable default", "escape",
	)
	for _, what := range expected {
		if seen[what] < cases/4000 {
			t.Errorf("%s decided only %d of %d situations", what, seen[what], cases)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%9d  %s", seen[what], what)
	}
}
