package fault

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/chance"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var send = Occasion{Service: "sqs", Operation: "SendMessage", Resource: "orders"}

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

func TestARuleStrikesWhereItSays(t *testing.T) {
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
		s, _ := open(1)
		add(t, s, c.rule)
		if _, struck := s.Call(send); struck != c.want {
			t.Errorf("%s: struck %v", name, struck)
		}
	}
}

func TestARuleIsSpentAfterItsCount(t *testing.T) {
	t.Parallel()
	s, now := open(1)
	add(t, s, Rule{Kind: Unavailable, Count: 3, Until: start.Add(time.Hour)})
	for n := range 5 {
		if r, struck := s.Call(send); struck != (n < 3) || struck && r.Struck != n+1 {
			t.Errorf("occasion %d: struck %v, %+v", n, struck, r)
		}
	}
	add(t, s, Rule{Kind: Unavailable, Until: start.Add(time.Hour)})
	*now = start.Add(time.Hour)
	if _, struck := s.Call(send); struck {
		t.Error("struck after its time")
	}
	if list := s.List(); len(list) != 2 || list[0].Struck != 3 || list[0].ID != "1" || list[1].ID != "2" {
		t.Errorf("list %+v", list)
	}
}

func TestClearTakesOneOrAll(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	one, _ := add(t, s, Rule{Kind: Throttle}), add(t, s, Rule{Kind: Slow, Delay: 1})
	if n := s.Clear(one.ID); n != 1 || !s.Some() {
		t.Errorf("cleared %d, some left %v", n, s.Some())
	}
	if n := s.Clear("77"); n != 0 {
		t.Errorf("cleared %d of none", n)
	}
	if n := s.Clear(""); n != 1 || s.Some() {
		t.Errorf("cleared %d, some left %v", n, s.Some())
	}
	if next := add(t, s, Rule{Kind: Throttle}); next.ID != "3" {
		t.Errorf("id %s was given before", next.ID)
	}
}

func TestWhatCannotBeMeantIsRefusedAndNamed(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Rule{
		`kind "storm": want one of throttle,`:              {Kind: "storm"},
		`service "s3": want one of sqs,`:                   {Kind: Throttle, Service: "s3"},
		"probability 1.5":                                  {Kind: Throttle, Probability: 1.5},
		"probability NaN":                                  {Kind: Throttle, Probability: math.NaN()},
		"count -1 is negative":                             {Kind: Throttle, Count: -1},
		"before it begins":                                 {Kind: Throttle, From: start, Until: start},
		"short-receive befalls ReceiveMessage of sqs":      {Kind: ShortReceive, Service: "lambda"},
		"crash-after befalls Invoke of lambda, not Send":   {Kind: CrashAfter, Operation: "SendMessage"},
		"mb 0: leak-memory needs 1 to 10240":               {Kind: LeakMemory},
		"mb 10241: leak-memory needs 1 to":                 {Kind: LeakMemory, MB: 10241},
		"mb 5: only leak-memory has one":                   {Kind: OutOfMemory, MB: 5},
		`when "before": only kill has one`:                 {Kind: Throttle, When: Before},
		`when "noon": want before, after`:                  {Kind: Kill, When: "noon"},
		"delay 0s: slow needs one above 0":                 {Kind: Slow},
		"delay 1s: slow needs one above 0, crash-during m": {Kind: Throttle, Delay: time.Second},
	} {
		s, _ := open(1)
		if _, err := s.Add(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %s", r, err, want)
		}
		if s.Some() {
			t.Errorf("%+v is in force", r)
		}
	}
}

func TestAKindImpliesItsPlace(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	if r := add(t, s, Rule{Kind: Reorder}); r.Service != "sqs" || r.Operation != "ReceiveMessage" || r.Probability != 1 {
		t.Errorf("%+v", r)
	}
	if r := add(t, s, Rule{Kind: TimeOut, Struck: 9}); r.Service != "lambda" || r.Operation != "Invoke" || r.Struck != 0 {
		t.Errorf("%+v", r)
	}
}

func TestAKillStrikesOnceUnlessItSaysHowOften(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	add(t, s, Rule{Kind: Kill})
	add(t, s, Rule{Kind: Kill, Count: 2, When: After})
	n := 0
	for range 10 {
		if _, struck := s.Call(send); struck {
			n++
		}
	}
	if n != 3 {
		t.Errorf("struck %d times, want once and twice", n)
	}
}

func TestWhatIsRefusedHereSaysWhy(t *testing.T) {
	t.Parallel()
	s, _ := open(1)
	s.Refuse(Kill, "nobody is there to bring it back")
	if _, err := s.Add(Rule{Kind: Kill}); err == nil || !strings.Contains(err.Error(), "kill: nobody is there") {
		t.Errorf("error %v", err)
	}
	add(t, s, Rule{Kind: Throttle})
}

// A set that takes over another's rules goes on where that one ended.
func TestRulesAreTakenOverAsTheyWere(t *testing.T) {
	t.Parallel()
	one, _ := open(1)
	add(t, one, Rule{Kind: Throttle, Count: 3})
	add(t, one, Rule{Kind: Slow, Delay: time.Second, Until: start.Add(time.Hour)})
	one.Clear("2")
	add(t, one, Rule{Kind: Unavailable, Service: "lambda"})
	one.Call(send)
	two, _ := open(2)
	if err := two.Resume(one.List()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one.List(), two.List()); diff != "" {
		t.Error(diff)
	}
	n := 0
	for range 5 {
		if _, struck := two.Call(send); struck {
			n++
		}
	}
	if next := add(t, two, Rule{Kind: Throttle}); n != 2 || next.ID != "4" {
		t.Errorf("struck %d times more, want 2; the next id is %s", n, next.ID)
	}
	if err := two.Resume([]Rule{{ID: "x", Kind: Throttle}}); err == nil {
		t.Error("a rule without a number was taken over")
	}
}

// The same seed strikes the same occasions, and about as many as the probability
// says.
func TestASeedStrikesTheSameOccasions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed, p := rapid.Uint64().Draw(rt, "seed"), rapid.Float64Range(0.05, 1).Draw(rt, "probability")
		run := func() (out []bool, n float64) {
			s, _ := open(seed)
			if _, err := s.Add(Rule{Kind: Throttle, Probability: p}); err != nil {
				rt.Fatal(err)
			}
			for range 2000 {
				_, struck := s.Call(send)
				if out = append(out, struck); struck {
					n++
				}
			}
			return out, n
		}
		one, n := run()
		two, _ := run()
		for i := range one {
			if one[i] != two[i] {
				rt.Fatalf("occasion %d: %v and %v", i, one[i], two[i])
			}
		}
		if sigma := math.Sqrt(2000 * p * (1 - p)); math.Abs(n-2000*p) > 6*sigma+1 {
			rt.Fatalf("struck %v of 2000 at probability %v", n, p)
		}
	})
}
