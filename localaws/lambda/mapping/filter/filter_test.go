package filter

import (
	"fmt"
	"strings"
	"testing"
)

func compile(t *testing.T, patterns ...string) Set {
	t.Helper()

	var s Set
	for _, p := range patterns {
		f, err := Compile(p)
		if err != nil {
			t.Fatalf("compile %s: %v", p, err)
		}
		s = append(s, f)
	}
	return s
}

func TestRecordedMatches_B43(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name, pattern, passes, fails string
	}{
		{"OneOf", `{"body":{"testItem":["test24","test42"]}}`, `{"testItem":"test42"}`, `{"testItem":"test25"}`},
		{"TwoKeys", `{"body":{"a":["1"],"b":["2"]}}`, `{"a":"1","b":"2","c":3}`, `{"a":"1"}`},
		{"ExistsTrue", `{"body":{"a":[{"exists":true}]}}`, `{"a":null}`, `{"b":1}`},
		{"NumericAbove", `{"body":{"a":[{"numeric":[">",100]}]}}`, `{"a":105}`, `{"a":100}`},
		{"NumericRange", `{"body":{"a":[{"numeric":[">=",100,"<",200]}]}}`, `{"a":100.0}`, `{"a":200}`},
		{"Prefix", `{"body":{"a":[{"prefix":"us-1"}]}}`, `{"a":"us-1-east"}`, `{"a":"eu-1"}`},
		{"PlainText", `{"body":["x","y"]}`, `y`, `z`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkFilter(t, tt.pattern, tt.passes, tt.fails)
		})
	}
}

func checkFilter(t *testing.T, pattern, passes, fails string) {
	t.Helper()

	s := compile(t, pattern)
	if !s.Match(passes) {
		t.Errorf("%s does not match %s", pattern, passes)
	}
	if s.Match(fails) {
		t.Errorf("%s matches %s", pattern, fails)
	}
}

func TestOperators_B42(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name, leaf, passes, fails string // of the field a
	}{
		{"Null", `[null]`, `null`, `"null"`},
		{"True", `[true]`, `true`, `"true"`},
		{"NumberAsWritten", `[300]`, `300`, `300.0`}, // LAM B42a, G9
		{"NumberNotInExponent", `[300]`, `300`, `3.0e2`},
		{"NumberIsNoString", `[300]`, `300`, `"300"`},
		{"NumericEqual", `[{"numeric":["=",300]}]`, `3.0e2`, `301`},
		{"NumericIsNoString", `[{"numeric":["<",5]}]`, `-1`, `"-1"`},
		{"NumericAtMost", `[{"numeric":["<=",5]}]`, `5`, `5.0001`},
		{"Suffix", `[{"suffix":".png"}]`, `"a.png"`, `"a.PNG"`},
		{"SuffixFolded", `[{"suffix":{"equals-ignore-case":".png"}}]`, `"a.PNG"`, `"PN"`},
		{"PrefixFolded", `[{"prefix":{"equals-ignore-case":"ÄB"}}]`, `"äbc"`, `"ä"`},
		{"EqualsIgnoreCase", `[{"equals-ignore-case":"Alice"}]`, `"aLICE"`, `"alicea"`},
		{"AnythingBut", `[{"anything-but":"x"}]`, `"y"`, `"x"`},
		{"AnythingButNumber", `[{"anything-but":[1,2]}]`, `3`, `2`},
		{"AnythingButPrefix", `[{"anything-but":{"prefix":"x"}}]`, `"yx"`, `"xy"`},
		{"AnythingButSuffixes", `[{"anything-but":{"suffix":["x","y"]}}]`, `"xz"`, `"zy"`},
		{"AnythingButWildcard", `[{"anything-but":{"wildcard":"*a*"}}]`, `"b"`, `"bab"`},
		{"Wildcard", `[{"wildcard":"a*b*c"}]`, `"aXbXbc"`, `"aXc"`},
		{"WildcardNoOverlap", `[{"wildcard":"ab*ba"}]`, `"abba"`, `"aba"`},
		{"WildcardEscapes", `[{"wildcard":"a\\**\\\\"}]`, `"a*x\\"`, `"axx\\"`},
		{"WildcardNone", `[{"wildcard":"abc"}]`, `"abc"`, `"abcd"`},
		{"CIDR", `[{"cidr":"10.0.0.0/24"}]`, `"10.0.0.255"`, `"10.0.1.0"`},
		{"CIDR6", `[{"cidr":"2001:db8::/32"}]`, `"2001:db8::1"`, `"nonsense"`},
		{"Alternatives", `["x",{"prefix":"y"}]`, `"yy"`, `"xx"`},
		{"AnyOfAnArray", `["x"]`, `["y","x"]`, `["y"]`},
		{"NestedArray", `["x"]`, `[["x"]]`, `[[]]`},
		{"ObjectIsNoLeaf", `[{"exists":true}]`, `""`, `{"b":1}`},
		{"EmptyArrayHasNoLeaf", `[{"exists":true}]`, `[0]`, `[]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkFilter(t, `{"body":{"a":`+tt.leaf+`}}`, `{"a":`+tt.passes+`}`, `{"a":`+tt.fails+`}`)
		})
	}
}

func TestNestedFieldsAndAbsence_B42(t *testing.T) {
	t.Parallel()

	checkFilter(t, `{"body":{"a":{"b":["x"]}}}`, `{"a":{"b":"x"}}`, `{"a":"x"}`)
	checkFilter(t, `{"body":{"a":{"b":["x"]}}}`, `{"a":[{"b":"y"},{"b":"x"}]}`, `{"a":[]}`)
	checkFilter(t, `{"body":{"a":{"b":[{"exists":false}]}}}`, `{}`, `{"a":{"b":null}}`)
	checkFilter(t, `{"body":{"a":{"b":[{"exists":false}]}}}`, `{"a":1}`, `{"a":{"b":0}}`)
	checkFilter(t, `{"body":{"a":[{"anything-but":"x"}]}}`, `{"a":1}`, `{}`) // a named field must exist
	checkFilter(t, `{"body":{"a":{"b":["x"],"c":["y"]}}}`, `{"a":[{"b":"x","c":"y"}]}`, `{"a":[{"b":"x"},{"c":"y"}]}`)
}

func TestOr_B42(t *testing.T) {
	t.Parallel()

	checkFilter(t, `{"body":{"$or":[{"a":["x"]},{"b":["y"]}]}}`, `{"b":"y"}`, `{"a":"y"}`)
	checkFilter(t, `{"body":{"c":["z"],"$or":[{"a":["x"]},{"b":["y"]}]}}`, `{"a":"x","c":"z"}`, `{"a":"x"}`)
	checkFilter(t, `{"body":{"d":{"$or":[{"a":["x"]},{"b":["y"]}]}}}`, `{"d":{"a":"x"}}`, `{"a":"x"}`)
}

func TestBodiesOfAnotherKindDoNotPass_B41(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name, pattern, body string
		want                bool
	}{
		{"PlainAgainstPlain", `{"body":[{"prefix":"he"}]}`, "hello", true},
		{"PlainAgainstObject", `{"body":{"a":[{"exists":false}]}}`, "hello", false},
		{"JSONAgainstPlain", `{"body":[{"exists":true}]}`, `{"a":1}`, false},
		{"ArrayAgainstPlain", `{"body":[{"exists":true}]}`, `[1]`, false},
		{"ScalarIsPlain", `{"body":["42"]}`, "42", true},
		{"BrokenJSONIsPlain", `{"body":[{"prefix":"{"}]}`, `{"a":`, true},
		{"JSONWithBlanks", `{"body":{"a":[1]}}`, " \n{ \"a\": 1 } ", true},
		{"EmptyBody", `{"body":[""]}`, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := compile(t, tt.pattern).Match(tt.body); got != tt.want {
				t.Errorf("match %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPatternsAreAlternatives_B39(t *testing.T) {
	t.Parallel()

	s := compile(t, `{"body":{"a":["x"]}}`, `{"body":["plain"]}`)
	for body, want := range map[string]bool{
		`{"a":"x"}`: true,
		`plain`:     true,
		`{"a":"y"}`: false,
		`other`:     false,
	} {
		t.Run(body, func(t *testing.T) {
			if got := s.Match(body); got != want {
				t.Errorf("%s: match %v, want %v", body, got, want)
			}
		})
	}

	if !(Set{}).Match("anything") {
		t.Error("an empty set rejects messages")
	}
}

func TestBadPatternsAreRefused_B19(t *testing.T) {
	t.Parallel()

	for _, p := range []string{
		``, `null`, `"text"`, `[]`, `{}`, `{"body":"x"}`, `{"body":null}`, `{"body":{}}`, `{"body":[]}`, `{"body":{"a":"x"}}`,
		`{"body":{"a":{}}}`, `{"body":{"a":[[1]]}}`, `{"body":{"a":[{"exist":true}]}}`, `{"body":{"a":[{"exists":"yes"}]}}`,
		`{"body":{"a":[{"prefix":1}]}}`, `{"body":{"a":[{"prefix":{"suffix":"x"}}]}}`, `{"body":{"a":[{"numeric":[]}]}}`,
		`{"body":{"a":[{"numeric":["~",1]}]}}`, `{"body":{"a":[{"numeric":["<","1"]}]}}`, `{"body":{"a":[{"numeric":["<",1,">",0]}]}}`,
		`{"body":{"a":[{"numeric":[">",5,"<",1]}]}}`, `{"body":{"a":[{"numeric":["=",1,"=",1]}]}}`, `{"body":{"a":[{"cidr":"10.0.0.0"}]}}`,
		`{"body":{"a":[{"anything-but":[]}]}}`, `{"body":{"a":[{"anything-but":true}]}}`, `{"body":{"a":[{"anything-but":{"numeric":["<",1]}}]}}`,
		`{"body":{"a":[{"wildcard":"a**"}]}}`, `{"body":{"a":[{"wildcard":"a\\b"}]}}`, `{"body":{"a":[{"prefix":"x","suffix":"y"}]}}`,
		`{"body":{"$or":{"a":[1]}}}`, `{"body":{"$or":[]}}`, `{"body":{"$or":[1]}}`, `{"body":["x"]}{}`, `{"messageAttributes":{"a":["x"]}}`,
		`{"body":["` + strings.Repeat("x", MaxPattern) + `"]}`,
	} {
		t.Run(fmt.Sprintf("%.60s", p), func(t *testing.T) {
			if f, err := Compile(p); err == nil {
				t.Errorf("%.60s was compiled to %+v", p, f)
			}
		})
	}
}

// No pattern or body causes a panic, and the result is deterministic.
func FuzzFilter(f *testing.F) {
	f.Add(`{"body":{"a":[{"numeric":[">",1,"<",5]},{"wildcard":"a*b"}],"$or":[{"b":[null]},{"c":[{"cidr":"::/0"}]}]}}`, `{"a":[3,"axb",{}],"b":null}`)
	f.Add(`{"body":[{"anything-but":{"prefix":["x"]}},{"suffix":{"equals-ignore-case":"ß"}}]}`, "plain")
	f.Fuzz(func(t *testing.T, pattern, body string) {
		one, err := Compile(pattern)
		if err != nil {
			return
		}

		s := Set{one}
		if first, again := s.Match(body), s.Match(body); first != again {
			t.Errorf("%s has another result for %s", pattern, body)
		}

		if both := append(s, one); both.Match(body) != s.Match(body) {
			t.Errorf("%s twice has another result for %s", pattern, body)
		}
	})
}

// An anything-but matches exactly the values that are not in its list.
func FuzzAnythingButIsTheNegation(f *testing.F) {
	f.Add("abc", "b*")
	f.Fuzz(func(t *testing.T, value, wildcard string) {
		test, err := wildcardTest(wildcard)
		if err != nil {
			return
		}

		but, err := anythingBut(map[string]any{"wildcard": wildcard})
		if err != nil {
			t.Fatal(err)
		}

		if test(value) == but(value) {
			t.Errorf("wildcard %q and its negation have the same result for %q", wildcard, value)
		}
	})
}

func ExampleSet_Match() {
	large, err := Compile(`{"body": {"amount": [{"numeric": [">", 1000]}], "currency": ["EUR", "USD"]}}`)
	if err != nil {
		panic(err)
	}
	orders := Set{large}
	fmt.Println(orders.Match(`{"amount": 1200, "currency": "EUR"}`))
	fmt.Println(orders.Match(`{"amount": 200, "currency": "EUR"}`))
	// Output:
	// true
	// false
}

func BenchmarkMatch(b *testing.B) {
	f, err := Compile(`{"body":{"amount":[{"numeric":[">",100]}],"sku":[{"prefix":"A-"}]}}`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Set{f}.Match(`{"order_id":"o-1","customer_id":"c-1","sku":"A-7","quantity":2,"amount":120.5,"placed_at":"2026-01-02T03:04:05Z"}`)
	}
}
