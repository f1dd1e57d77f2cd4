package fault

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/chance"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var send = Point{Service: "sqs", Operation: "SendMessage", Resource: "orders"}

func open(seed uint64) (*Set, *time.Time) {
	now := start
	return New(func() time.Time { return now }, chance.Seeded(seed)), &now
}

func add(t testing.TB, s *Set, r Rule) Rule {
	t.Helper()
	got, err := s.Add(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRuleAppliesToItsPoints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule Rule
		want bool
	}{
		"anywhere":        {Rule{Kind: Throttle}, true},
		"all":             {Rule{Kind: Throttle, Service: "sqs", Operation: "SendMessage", Resource: "orders"}, true},
		"other service":   {Rule{Kind: Throttle, Service: "lambda"}, false},
		"other operation": {Rule{Kind: Throttle, Operation: "ReceiveMessage"}, false},
		"other resource":  {Rule{Kind: Throttle, Resource: "order"}, false},
		"other kind":      {Rule{Kind: CrashAfter}, false},
		"not yet":         {Rule{Kind: Throttle, From: start.Add(1)}, false},
		"from now":        {Rule{Kind: Throttle, From: start}, true},
		"over":            {Rule{Kind: Throttle, Until: start}, false},
		"still":           {Rule{Kind: Throttle, Until: start.Add(1)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := open(1)
			add(t, s, c.rule)
			if _, got := s.ChooseForCall(send); got != c.want {
				t.Errorf("injected: %v, want %v", got, c.want)
			}
		})
	}
}

func TestRuleEndsAfterItsCountOrTime(t *testing.T) {
	t.Parallel()
	s, now := open(1)
	add(t, s, Rule{Kind: Unavailable, Count: 3, Until: start.Add(time.Hour)})
	for n := range 5 {
		if r, injected := s.ChooseForCall(send); injected != (n < 3) || injected && r.Injected != n+1 {
			t.Errorf("point %d: injected: %v, %+v", n, injected, r)
		}
	}
	add(t, s, Rule{Kind: Unavailable, Until: start.Add(time.Hour)})
	*now = start.Add(time.Hour)
	if _, injected := s.ChooseForCall(send); injected {
		t.Error("injected after its end")
	}
	if list := s.List(); len(list) != 2 || list[0].Injected != 3 || list[0].ID != "1" || list[1].ID != "2" {
		t.Errorf("list %+v", list)
	}
}

func TestClearRemovesOneOrAll(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	one, _ := add(t, s, Rule{Kind: Throttle}), add(t, s, Rule{Kind: Slow, Delay: 1})
	if n := s.Clear(one.ID); n != 1 || s.Empty() {
		t.Errorf("cleared %d, some left %v", n, !s.Empty())
	}
	if n := s.Clear("77"); n != 0 {
		t.Errorf("cleared %d of none", n)
	}
	if n := s.Clear(""); n != 1 || !s.Empty() {
		t.Errorf("cleared %d, some left %v", n, !s.Empty())
	}
	if next := add(t, s, Rule{Kind: Throttle}); next.ID != "3" {
		t.Errorf("id %s was used before", next.ID)
	}
}

func TestAddRefusesInvalidRules(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Rule{
		`kind "storm": want one of throttle,`:                       {Kind: "storm"},
		`service "s3": want one of lambda, sqs`:                     {Kind: Throttle, Service: "s3"},
		`operation "SendMesage": sqs has ReceiveMessage, SendMess`:  {Kind: Throttle, Service: "sqs", Operation: "SendMesage"},
		`operation "SendMessage": lambda has Invoke`:                {Kind: Throttle, Service: "lambda", Operation: "SendMessage"},
		`operation "Invok": there are Invoke, ReceiveMessage, Send`: {Kind: Throttle, Operation: "Invok"},
		"probability 1.5":      {Kind: Throttle, Probability: 1.5},
		"probability NaN":      {Kind: Throttle, Probability: math.NaN()},
		"count -1 is negative": {Kind: Throttle, Count: -1},
		"is not after from":    {Kind: Throttle, From: start, Until: start},
		"short-receive applies only to sqs:ReceiveMess":   {Kind: ShortReceive, Service: "lambda"},
		"crash-after applies only to lambda:Invoke, not ": {Kind: CrashAfter, Operation: "SendMessage"},
		"mb 0: leak-memory needs 1 to 10240":              {Kind: LeakMemory},
		"mb 10241: leak-memory needs 1 to":                {Kind: LeakMemory, MB: 10241},
		"mb 5: out-of-memory has no mb":                   {Kind: OutOfMemory, MB: 5},
		`when "before": throttle has no when`:             {Kind: Throttle, When: Before},
		`when "noon": want before, after`:                 {Kind: Kill, When: "noon"},
		"delay 0s: slow needs a delay above 0":            {Kind: Slow},
		"delay -1s: crash-during needs a delay above 0":   {Kind: CrashDuring, Delay: -time.Second},
		"delay 1s: throttle has no delay":                 {Kind: Throttle, Delay: time.Second},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s, _ := open(1)
			s.Restrict(Operations{"sqs": {"ReceiveMessage", "SendMessage"}, "lambda": {"Invoke"}})
			if _, err := s.Add(r); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
			if !s.Empty() {
				t.Error("the rule was added")
			}
		})
	}
}

func TestOlderNameOfCloudWatchIsAccepted(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	s.Restrict(Operations{"cloudwatch": {"PutMetricData"}})
	if r := add(t, s, Rule{Kind: Throttle, Service: "monitoring"}); r.Service != "cloudwatch" {
		t.Errorf("service %q, want cloudwatch", r.Service)
	}
}

// Each constant of type Kind has one row in the table.
func TestKindsHaveOneRowEach(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	var constants []Kind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Kind" {
			constants = append(constants, Kind(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)))
		}
		return true
	})

	if diff := cmp.Diff(constants, Kinds()); diff != "" {
		t.Errorf("constants (-) and rows (+) differ:\n%s", diff)
	}
	if len(constants) < 10 {
		t.Errorf("only %d constants found: the test misreads the file", len(constants))
	}
}

func TestKindImpliesServiceAndOperation(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	if r := add(t, s, Rule{Kind: Reorder}); r.Service != "sqs" || r.Operation != "ReceiveMessage" || r.Probability != 1 {
		t.Errorf("%+v", r)
	}
	if r := add(t, s, Rule{Kind: TimeOut, Injected: 9}); r.Service != "lambda" || r.Operation != "Invoke" || r.Injected != 0 {
		t.Errorf("%+v", r)
	}
}

func TestKillAppliesOnceWithoutACount(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	add(t, s, Rule{Kind: Kill})
	add(t, s, Rule{Kind: Kill, Count: 2, When: After})
	n := 0
	for range 10 {
		if _, injected := s.ChooseForCall(send); injected {
			n++
		}
	}
	if n != 3 {
		t.Errorf("injected %d times, want once and twice", n)
	}
}

func TestRefusedKindHasAReason(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	s.Refuse(Kill, "it cannot be restarted")
	if _, err := s.Add(Rule{Kind: Kill}); err == nil || !strings.Contains(err.Error(), "kill: it cannot be restarted") {
		t.Errorf("error %v", err)
	}
	add(t, s, Rule{Kind: Throttle})
}

// A set that resumes the rules of another set continues their counts and ids.
func TestResumeContinuesTheRulesOfAnotherSet(t *testing.T) {
	t.Parallel()
	one, _ := open(1)
	add(t, one, Rule{Kind: Throttle, Count: 3})
	add(t, one, Rule{Kind: Slow, Delay: time.Second, Until: start.Add(time.Hour)})
	one.Clear("2")
	add(t, one, Rule{Kind: Unavailable, Service: "lambda"})
	one.ChooseForCall(send)
	two, _ := open(2)
	if err := two.Restore(one.List()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one.List(), two.List()); diff != "" {
		t.Error(diff)
	}
	n := 0
	for range 5 {
		if _, injected := two.ChooseForCall(send); injected {
			n++
		}
	}
	if next := add(t, two, Rule{Kind: Throttle}); n != 2 || next.ID != "4" {
		t.Errorf("injected %d more times, want 2; the next id is %s", n, next.ID)
	}
	if err := two.Restore([]Rule{{ID: "x", Kind: Throttle}}); err == nil {
		t.Error("a rule without a number as id was resumed")
	}
}

// The same seed injects faults at the same points, about as often as the probability
// requires.
func TestSeedInjectsIntoTheSamePoints(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed, p := rapid.Uint64().Draw(rt, "seed"), rapid.Float64Range(0.05, 1).Draw(rt, "probability")
		run := func() (out []bool, n float64) {
			s, _ := open(seed)
			if _, err := s.Add(Rule{Kind: Throttle, Probability: p}); err != nil {
				rt.Fatal(err)
			}
			for range 2000 {
				_, injected := s.ChooseForCall(send)
				if out = append(out, injected); injected {
					n++
				}
			}
			return out, n
		}
		one, n := run()
		two, _ := run()
		for i := range one {
			if one[i] != two[i] {
				rt.Fatalf("point %d: %v and %v", i, one[i], two[i])
			}
		}
		if sigma := math.Sqrt(2000 * p * (1 - p)); math.Abs(n-2000*p) > 6*sigma+1 {
			rt.Fatalf("injected %v of 2000 at probability %v", n, p)
		}
	})
}
