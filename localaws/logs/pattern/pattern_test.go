package pattern

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// try is a pattern, a line, and whether the line matches.
type try struct {
	pattern, line string
	want          bool
}

func check(t *testing.T, tries []try) {
	t.Helper()

	for _, tt := range tries {
		t.Run(tt.pattern, func(t *testing.T) {
			p, err := Parse(tt.pattern)
			if err != nil {
				t.Errorf("cannot parse %s: %v", tt.pattern, err)
				return
			}
			if got := p.Match(tt.line); got != tt.want {
				t.Errorf("%s on %s: %v, want %v", tt.pattern, tt.line, got, tt.want)
			}
			if p.String() != tt.pattern {
				t.Errorf("String returns %s, want %s", p, tt.pattern)
			}
		})
	}
}

func TestTextTermsMustAllBeSubstrings_E11(t *testing.T) {
	t.Parallel()

	check(t, []try{
		{"", "anything", true},
		{"   ", "", true},
		{"ERROR", "[ERROR 400] BAD REQUEST", true},
		{"ERROR", "UNERRORED", true},
		{"ERROR", "error", false},
		{"ERROR ARGUMENTS", "ERROR INVALID ARGUMENTS", true},
		{"ERROR ARGUMENTS", "ERROR 419", false},
		{`"INTERNAL SERVER ERROR"`, "[ERROR 500] INTERNAL SERVER ERROR", true},
		{`"INTERNAL SERVER ERROR"`, "INTERNAL ERROR SERVER", false},
		{`"say \"no\""`, `they say "no"`, true},
		{"Task timed out", "Task timed out after 3.00 seconds", true},
	})
}

func TestMinusExcludesTerm_E11(t *testing.T) {
	t.Parallel()

	check(t, []try{
		{"ERROR -ARGUMENTS", "ERROR 400", true},
		{"ERROR -ARGUMENTS", "ERROR INVALID ARGUMENTS", false},
		{`-"exact words"`, "no exact word", true},
		{`-"exact words"`, "the exact words", false},
	})
}

func TestQuestionMarkMeansAnyWithoutPlainTerms_E11(t *testing.T) {
	t.Parallel()

	check(t, []try{
		{"?ERROR ?WARN", "WARN low", true},
		{"?ERROR ?WARN", "ERROR", true},
		{"?ERROR ?WARN", "INFO", false},
		{"?ERROR ?WARN REQUEST", "INFO REQUEST", true},
		{"?ERROR ?WARN REQUEST", "ERROR", false},
		{"?ERROR -INFO", "DEBUG", true},
	})
}

func TestRegularExpressionsAreBetweenPercentSigns_E11(t *testing.T) {
	t.Parallel()

	check(t, []try{
		{"%AUTHORIZED%", "UNAUTHORIZED REQUEST", true},
		{"%^[hc]at%", "cat on a mat", true},
		{"%^[hc]at%", "a cat", false},
		{`%\d{3}% -%4..%`, "status 500", true},
		{`%\d{3}% -%4..%`, "status 404", false},
		{`%\(x\)%`, "f(x)", true},
		{"?%a+% ?%b+%", "bbb", true},
	})
}

func TestFieldsOfLine_E11(t *testing.T) {
	t.Parallel()

	const line = `127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`
	check(t, []try{
		{"[ip, server, username, timestamp, request, status_code, bytes]", line, true},
		{"[ip, server, username, timestamp, request, status_code]", line, false},
		{"[ip, server, username, timestamp, request, status_code, bytes > 1000]", line, true},
		{"[ip, server, username, timestamp, request, status_code, bytes > 1534]", line, false},
		{"[ip, server, username, timestamp, request, status_code = 4*, bytes]", line, true},
		{"[ip, server, username, timestamp, request, status_code != 4*, bytes]", line, false},
		{`[ip, server, username, timestamp, request = "*html*", ...]`, line, true},
		{"[..., status_code = 4*, bytes]", line, true},
		{"[ip, ..., bytes]", line, true},
		{"[..., status_code = 404 || status_code = 410, bytes]", line, true},
		{"[..., (status_code >= 400 && status_code < 500) || status_code = 0, bytes]", line, true},
		{"[..., status_code >= 500 && status_code < 600, bytes]", line, false},
		{"[..., request = %index%, status_code, bytes]", line, true},
		{"[w1 = ERROR, w2]", "ERROR 1", true},
		{"[w1 = ERROR, w2]", "ERROR 1 2", false},
		{"[w1 != ERROR, w2]", "WARN 1", true},
		{"[a, b = 1e2]", "x 100", true},
		{"[a, b < 5]", "x many", false},
		{"[...]", "", true},
		{"[a]", "", false},
	})
}

func TestMembersOfJSON_E12(t *testing.T) {
	t.Parallel()

	const line = `{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],
		"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"n":-1.5e3,"deep":{"key-x":{"y":"z"}}}`
	check(t, []try{
		{`{ $.eventType = "UpdateTrail" }`, line, true},
		{`{ $.eventType = UpdateTrail }`, line, true},
		{`{ $.eventType = "updatetrail" }`, line, false},
		{`{ $.eventType = "Update*" }`, line, true},
		{`{ $.eventType = "*dat*ail" }`, line, true},
		{`{ $.eventType = "*dat*x" }`, line, false},
		{`{ $.sourceIPAddress != 123.123.* }`, line, true},
		{`{ $.sourceIPAddress = 111.111.* }`, line, true},
		{`{ $.sourceIPAddress = %1{3}% }`, line, true},
		{`{ $.arrayKey[0] = "value" }`, line, true},
		{`{ $.arrayKey[2] = "value" }`, line, false},
		{`{ $.arrayKey[*] = "another value" }`, line, true},
		{`{ $.objectList[1].id = 2 }`, line, true},
		{`{ $.objectList[*].name = "b" }`, line, true},
		{`{ $.deep.*.y = "z" }`, line, true},
		{`{ $.deep.["key-x"].y = "z" }`, line, true},
		{`{ $["eventType"] = "UpdateTrail" }`, line, true},
		{`{ $.deep.key-x.y = "z" }`, line, true},
		{`{ $.SomeObject IS NULL }`, line, true},
		{`{ $.SomeOtherObject NOT EXISTS }`, line, true},
		{`{ $.SomeObject NOT EXISTS }`, line, false},
		{`{ $.ThisFlag IS TRUE }`, line, true},
		{`{ $.ThisFlag IS FALSE }`, line, false},
		{`{ $.ThisFlag = true }`, line, false},
		{`{ $.n = -1500 }`, line, true},
		{`{ $.n < -1e2 }`, line, true},
		{`{ $.n >= 0 }`, line, false},
		{`{$.n<=-1500}`, line, true},
	})
}

func TestAndHasHigherPrecedenceThanOr_E12(t *testing.T) {
	t.Parallel()

	const line = `{"a":1,"b":2,"c":3}`
	check(t, []try{
		{`{ $.a = 1 || $.b = 0 && $.c = 0 }`, line, true},
		{`{ ($.a = 1 || $.b = 0) && $.c = 0 }`, line, false},
		{`{ (($.a = 0) || ($.b = 2)) && ($.c = 3) }`, line, true},
	})
}

func TestArraysAndObjectsNeverMatch_E12(t *testing.T) {
	t.Parallel()

	const line = `{"a":[1],"o":{"x":1}}`
	check(t, []try{
		{`{ $.a = 1 }`, line, false},
		{`{ $.a != 1 }`, line, false},
		{`{ $.o != "x" }`, line, false},
		{`{ $.missing != "x" }`, line, false},
	})
}

func TestInvalidJSONNeverMatches_E12(t *testing.T) {
	t.Parallel()

	for _, line := range []string{"", "text", `{"a":1} trailing`, `{"a":`, `"a"`, "1"} {
		t.Run(line, func(t *testing.T) {
			check(t, []try{{`{ $.a NOT EXISTS }`, line, false}, {`{ $.a = 1 }`, line, false}})
		})
	}
	check(t, []try{{`{ $[0].a = 1 }`, ` [{"a":1}] ` + "\n", true}})
}

func TestInvalidPatternsAreRefusedWithPosition(t *testing.T) {
	t.Parallel()

	for pattern, want := range map[string]string{
		"foo:bar":                      "invalid character(s) in term 'foo:bar'",
		`"open`:                        "missing closing quotation mark",
		"%open":                        "missing % after a regular expression",
		"%(a|b)%":                      "is not supported in a regular expression",
		"%something!%":                 "is not supported",
		"%a% %b% %c%":                  "more than 2 regular expressions",
		"%[%":                          "cannot parse the regular expression",
		"%%":                           "empty",
		"{ $.a = 1":                    "missing }",
		"{ $.a }":                      "missing comparison operator",
		"{ a = 1 }":                    "missing selector",
		"{ $.a = 1 } x":                "unexpected text",
		"{ ($.a = 1 }":                 "missing )",
		"{ $.a[x] = 1 }":               "index is not a number",
		"{ $. = 1 }":                   "missing name after .",
		"{ $.a IS 1 }":                 "after IS",
		"{ $.a NOT 1 }":                "missing EXISTS",
		`{ $.a > "x" }`:                "needs a number",
		"{ $.a > %x% }":                "does not support regular expressions",
		"{ $.a = }":                    "missing operand",
		"{ }":                          "missing selector",
		"[a, b":                        "missing , or ]",
		"[a, ..., b, ...]":             "more than one ...",
		"[a = 1 || b = 2]":             "field 'b' in the comparison of field 'a'",
		"[(a]":                         "missing comparison in parentheses",
		"[a] b":                        "unexpected text",
		"{" + strings.Repeat("(", 100): "nested parentheses",
	} {
		t.Run(pattern, func(t *testing.T) {
			p, err := Parse(pattern)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, %v; want %q", pattern, p, err, want)
			}
		})
	}
}

func TestExtractReturnsNamedValues(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		pattern, line string
		want          map[string]string
	}{
		{"[ip, user, ..., bytes]", "1.2.3.4 frank x y 77", map[string]string{
			"$ip":    "1.2.3.4",
			"$user":  "frank",
			"$bytes": "77",
		}},
		{`{ $.latency > 10 && $.path = "/a*" }`, `{"latency":12.5,"path":"/ab"}`, map[string]string{"$.latency": "12.5", "$.path": "/ab"}},
		{"ERROR", "ERROR", map[string]string{}},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			p, err := Parse(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}

			got, ok := p.Extract(tt.line)
			if !ok || len(got) != len(tt.want) {
				t.Errorf("%s on %s: %v, %v", tt.pattern, tt.line, got, ok)
			}

			for k, v := range tt.want {
				if got[k] != v {
					t.Errorf("%s on %s: %s is %q, want %q", tt.pattern, tt.line, k, got[k], v)
				}
			}
		})
	}

	p, _ := Parse("{ $.a = 1 }")
	if v, ok := p.Value(`{"a":1,"ms":30}`, "$.ms"); !ok || v != "30" {
		t.Errorf("a selector that is not in the pattern returned %q, %v", v, ok)
	}

	for _, selector := range []string{"$.none", "ms", "$.ms x", "$."} {
		t.Run(selector, func(t *testing.T) {
			if v, ok := p.Value(`{"a":1,"ms":30}`, selector); ok {
				t.Errorf("%q returned %q, want nothing", selector, v)
			}
		})
	}
}

// Wildcards match like a recursive matcher that is simple enough to review.
func TestWildcardsMatchLikeSimpleMatcher(t *testing.T) {
	t.Parallel()

	var simple func(s, pattern string) bool
	simple = func(s, pattern string) bool {
		switch {
		case pattern == "":
			return s == ""
		case pattern[0] == '*':
			return simple(s, pattern[1:]) || s != "" && simple(s[1:], pattern)
		}
		return s != "" && s[0] == pattern[0] && simple(s[1:], pattern[1:])
	}

	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ab]{0,12}`).Draw(t, "text")
		pattern := rapid.StringMatching(`[ab]{0,2}(\*[ab]{0,2}){1,4}`).Draw(t, "pattern")
		if got, want := matchWildcard(s, strings.Split(pattern, "*")), simple(s, pattern); got != want {
			t.Fatalf("%s on %s: %v, want %v", pattern, s, got, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", `ERROR -"a b" ?c`, "%a[0-9]+%", "[ip, ..., s=4*||s=5*, b>1e3]", `{ ($.a.b[0]="x*" && $["k"] IS TRUE) || $.c NOT EXISTS }`,
	} {
		f.Add(seed, `{"a":{"b":["xy"]},"k":true}`)
		f.Add(seed, `1.2.3.4 "a b" [c] 404 7`)
	}

	f.Fuzz(func(t *testing.T, text, line string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		values, ok := p.Extract(line)
		if ok != p.Match(line) || ok != (values != nil) {
			t.Errorf("%q on %q: Extract returned %v, Match %v", text, line, ok, p.Match(line))
		}
		for k := range values {
			p.Value(line, k)
		}
	})
}
