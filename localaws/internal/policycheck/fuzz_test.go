package policycheck_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/policy"
)

// everyKind lists the kinds of policies that can be parsed.
var everyKind = []policy.Kind{policy.Identity, policy.Resource, policy.Trust, policy.Boundary, policy.Session}

// probes are requests for policies of unknown content.
func probes() []*situation {
	var out []*situation
	for number := uint64(0); len(out) < 8; number++ {
		s := draw(1, number)
		s.Identity, s.Boundary, s.Session, s.Resource = nil, "", nil, ""
		out = append(out, s)
	}
	return out
}

// decideBy decides a probe with one document in the position of its kind.
func decideBy(d *policy.Document, kind policy.Kind, s *situation) policy.Decision {
	p := policy.Policies{}
	switch kind {
	case policy.Identity:
		p.Identity = []*policy.Document{d}
	case policy.Boundary:
		p.Boundary = d
	case policy.Session:
		p.Session = []*policy.Document{d}
	case policy.Resource:
		p.Resource = d
	case policy.Trust:
		p.Resource, p.MustGrant = d, true
	}
	r := policy.Request{
		Principal: policy.Principal{Account: s.Caller.Account, ARN: s.Caller.ARN, RoleARN: s.Caller.Role, Service: s.Caller.Service},
		Action:    s.Action,
		Resource:  s.Target,
		Owner:     s.Owner,
		Now:       s.Now,
	}
	for name, values := range s.Keys {
		r.SetKey(name, values...)
	}
	return p.Decide(&r)
}

// FuzzParse parses any text as every kind of policy. An accepted text is also JSON for
// the standard library, has the same meaning without white space, and is evaluated
// without a panic.
func FuzzParse(f *testing.F) {
	for number := range uint64(40) {
		s := draw(2, number)
		for _, text := range append(s.Identity, s.Boundary, s.Resource) {
			f.Add(text)
		}
	}
	for _, text := range []string{
		identityDocument(), resourceDocument(), trustDocument(),
		conditionDocument(`{"StringLike":{"aws:username":["${aws:username}","${a, 'b'}","${*}","${","${}","${a"]}}`),
		conditionDocument(`{"NumericLessThan":{"a":1e999}}`),
		conditionDocument(`{"IpAddress":{"a":"::ffff:10.0.0.1/96"}}`),
		"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"\\ud800:x\",\"Resource\":\"\xff\"}]}",
		strings.Repeat("[", 20000),
		strings.Repeat(`{"Statement":`, 5000),
	} {
		f.Add(text)
	}
	requests := probes()

	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range everyKind {
			d, err := policy.Parse(text, kind)
			if err != nil {
				continue
			}
			if !json.Valid([]byte(text)) {
				t.Fatalf("accepted as %s and not JSON: %q", kind, text)
			}

			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(text)); err != nil {
				t.Fatal(err)
			}
			same, err := policy.Parse(compact.String(), kind)
			if err != nil {
				t.Fatalf("refused without white space as %s: %v: %q", kind, err, text)
			}
			for _, s := range requests {
				if a, b := decideBy(d, kind, s), decideBy(same, kind, s); a != b {
					t.Fatalf("white space makes %+v of %+v as %s: %q", a, b, kind, text)
				}
			}
		}
	})
}

// FuzzCondition tests one condition. For the string and ARN operators, whose values
// have no syntax, the evaluator must agree. For all, the rules of negation and of
// IfExists hold.
func FuzzCondition(f *testing.F) {
	operators := []string{"Bool", "BinaryEquals", "Null"}
	for family, list := range families {
		if family != "bool" && family != "binary" {
			operators = append(operators, list...)
		}
	}
	for i := range operators {
		f.Add(uint8(i), "prod", "prod")
		f.Add(uint8(i), "p*d", "p?od")
		f.Add(uint8(i), "arn:aws:sns:*:1?3:x*y", "arn:aws:sns:us-east-1:123:x:y")
		f.Add(uint8(i), "${aws:username, 'x'}-${*}", "alice-*")
		f.Add(uint8(i), "10.50", "10.5")
		f.Add(uint8(i), "2026-01-02T03:04:05Z", "1767323045")
		f.Add(uint8(i), "10.0.0.0/8", "10.1.2.3")
		f.Add(uint8(i), "2001:db8::/32", "2001:db8::1")
		f.Add(uint8(i), "QmluYXJ5", "QmluYXJ5")
		f.Add(uint8(i), "true", "TRUE")
	}

	f.Fuzz(func(t *testing.T, choice uint8, want, have string) {
		if !utf8.ValidString(want) || !utf8.ValidString(have) || have == "" {
			return
		}
		operator := operators[int(choice)%len(operators)]
		test := func(operator string, have []string) (holds, taken bool) {
			text := conditionDocument(mustJSON(t, object{operator: object{"example:Key": want}}))
			d, err := policy.Parse(text, policy.Identity)
			if err != nil {
				return false, false
			}
			p := policy.Policies{Identity: []*policy.Document{d}}
			r := policy.Request{
				Principal: policy.Principal{Account: ownAccount, ARN: "arn:aws:iam::111111111111:user/alice"},
				Action:    "sqs:SendMessage",
				Resource:  "arn:aws:sqs:us-east-1:111111111111:orders",
			}
			r.SetKey("aws:username", "alice")
			if have != nil {
				r.SetKey("example:Key", have...)
			}
			return p.Decide(&r).Allowed, true
		}

		holds, taken := test(operator, []string{have})
		if !taken {
			return
		}

		// IfExists changes nothing if the key exists, and is true if it does not.
		if operator != "Null" {
			if again, ok := test(operator+"IfExists", []string{have}); !ok || again != holds {
				t.Errorf("%s is %t, with IfExists %t (%t): %q of %q", operator, holds, again, ok, want, have)
			}
			if absent, _ := test(operator+"IfExists", nil); !absent {
				t.Errorf("%sIfExists fails without the key", operator)
			}
		}
		// A negated operator is the negation of its positive.
		if positive, negated := positives[operator]; negated {
			if opposite, ok := test(positive, []string{have}); ok && opposite == holds {
				t.Errorf("%s and %s are both %t: %q of %q", operator, positive, holds, want, have)
			}
		}
		// A set qualifier has no effect on one value.
		if strings.HasPrefix(operator, "String") || strings.HasPrefix(operator, "Arn") {
			for _, set := range []string{"ForAllValues:", "ForAnyValue:"} {
				if again, ok := test(set+operator, []string{have}); !ok || again != holds {
					t.Errorf("%s is %t, %s%s is %t (%t): %q of %q", operator, holds, set, operator, again, ok, want, have)
				}
			}
			if strings.Contains(want, "${") || strings.Contains(operator, "IgnoreCase") && !isASCII(want+have) {
				return
			}
			e := evaluator{}
			s := situation{Keys: map[string][]string{"example:Key": {have}}}
			if expected := e.condition(&s, document{variables: true}, operator, "example:Key", []string{want}); expected != holds {
				t.Errorf("%s is %t, the published logic returns %t: %q of %q", operator, holds, expected, want, have)
			}
		}
	})
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// FuzzResource matches a resource pattern with an ARN of six parts; the evaluator must
// agree.
func FuzzResource(f *testing.F) {
	f.Add("arn:aws:sqs:*:111111111111:orders", "us-east-1", "111111111111", "orders")
	f.Add("arn:aws:sqs:us-*-1:1*1:or?ers", "us-east-1", "111111111111", "orders")
	f.Add("arn:aws:lambda:us-east-1:*:pack", "us-east-1", "111111111111", "function:pack")
	f.Add("arn:aws:lambda:us-east-1:1*n:pack", "us-east-1", "111111111111", "function:pack")
	f.Add("arn:aws:sqs:us-east-1:111111111111:*", "us-east-1", "111111111111", "a:b/c")
	f.Add("*", "us-east-1", "111111111111", "orders")

	f.Fuzz(func(t *testing.T, pattern, region, account, name string) {
		for _, part := range []string{pattern, region, account, name} {
			if !utf8.ValidString(part) || strings.Contains(part, "$") {
				return
			}
		}
		if strings.Contains(region+account, ":") || strings.Contains(name, ":") || strings.Count(pattern, ":") != 5 && pattern != "*" {
			return // the documentation does not define the parts of such an ARN
		}
		target := strings.Join([]string{"arn", "aws", "sqs", region, account, name}, ":")
		text := identityDocument(`"arn:aws:sqs:us-east-1:111111111111:orders"`, mustJSON(t, pattern))
		d, err := policy.Parse(text, policy.Identity)
		if err != nil {
			return
		}
		got := decideBy(d, policy.Identity, &situation{
			Caller: caller{Account: ownAccount, ARN: "arn:aws:iam::111111111111:user/alice"},
			Action: "sqs:SendMessage",
			Target: target,
			Owner:  ownAccount,
		})
		if want := (&evaluator{}).arnPattern(plain(pattern), target); got.Allowed != want {
			t.Errorf("%q matches %q: %t, the published logic returns %t", pattern, target, got.Allowed, want)
		}
	})
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestNoPolicyTakesLong evaluates policies of the maximum size that are designed to be
// slow: many stars, many values, many variables. An evaluation of a millisecond may
// take 5 s here, on a busy computer. Exponential time would not end.
func TestNoPolicyTakesLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 2000)
	always := strings.NewReplacer(`sqs:SendMessage`, `*`, `arn:aws:sqs:us-east-1:111111111111:orders`, `*`).Replace
	tests := []struct {
		name string
		text string
	}{
		{"stars in a resource", identityDocument(`orders"}`, strings.Repeat("a*", 2900)+`b"}`)},
		{"stars in an action", identityDocument(`sqs:SendMessage`, `sqs:`+strings.Repeat("*a", 2900)+`b`)},
		{"stars in a condition", always(conditionDocument(`{"StringLike":{"example:Key":"` + strings.Repeat("*a", 2900) + `b"}}`))},
		{"stars in an ARN condition", always(conditionDocument(`{"ArnLike":{"example:Key":"arn:aws:s:r:a:` + strings.Repeat("*a", 2900) + `b"}}`))},
		{"question marks and stars", always(conditionDocument(`{"StringLike":{"example:Key":"` + strings.Repeat("*?", 2900) + `b"}}`))},
		{"many values", always(conditionDocument(`{"StringLike":{"example:Key":[` + strings.Repeat(`"*a*b",`, 700) + `"x"]}}`))},
		{"many variables", always(conditionDocument(`{"StringLike":{"example:Key":"` + strings.Repeat("${example:Key}", 400) + `*"}}`))},
		{"many variables that open and do not close", always(conditionDocument(`{"StringLike":{"example:Key":"` + strings.Repeat("${", 2900) + `"}}`))},
		{"many defaults", always(conditionDocument(`{"StringLike":{"example:Key":"` + strings.Repeat("${a, '*'}", 600) + `"}}`))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			d, err := policy.Parse(test.text, policy.Identity)
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			s := situation{
				Caller: caller{Account: ownAccount, ARN: "arn:aws:iam::111111111111:user/alice"},
				Action: "sqs:SendMessage" + long,
				Target: "arn:aws:sqs:us-east-1:111111111111:" + long,
				Owner:  ownAccount,
				Keys:   map[string][]string{"example:Key": {"arn:aws:s:r:a:" + long}},
			}
			decideBy(d, policy.Identity, &s)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Logf("took %v", took)
			}
		})
	}
}
