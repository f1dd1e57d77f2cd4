package policy

import (
	"testing"
)

// holds reports whether one Condition element is true for the keys.
func holds(t *testing.T, block string, keys ...string) bool {
	t.Helper()
	d := parse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+block+`}}`, Identity)
	p := Policies{Identity: []*Document{d}}
	return p.Decide(request(keys...)).Allowed
}

func TestConditionOperators_D20(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operator, want, have string
		ok                   bool
	}{
		{"StringEquals", "a", "a", true},
		{"StringEquals", "a", "A", false},
		{"StringEquals", "a*", "ab", false},
		{"StringNotEquals", "a", "b", true},
		{"StringEqualsIgnoreCase", "a", "A", true},
		{"StringNotEqualsIgnoreCase", "a", "A", false},
		{"StringLike", "a*c?", "abbbcd", true},
		{"StringLike", "*", "", true},
		{"StringNotLike", "a*", "b", true},
		{"NumericEquals", "10", "1e1", true},
		{"NumericEquals", "10", "ten", false},
		{"NumericNotEquals", "10", "11", true},
		{"NumericLessThan", "10", "9.5", true},
		{"NumericLessThan", "10", "10", false},
		{"NumericLessThanEquals", "10", "10", true},
		{"NumericGreaterThan", "9", "10", true},
		{"NumericGreaterThanEquals", "10", "10.0", true},
		{"DateEquals", "2026-01-02T03:04:05Z", "1767323045", true},
		{"DateNotEquals", "2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", false},
		{"DateLessThan", "2026-01-03", "2026-01-02T03:04:05Z", true},
		{"DateLessThanEquals", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", true},
		{"DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-02T03:04:05Z", true},
		{"DateGreaterThanEquals", "2027-01-01T00:00:00Z", "2026-01-02T03:04:05Z", false},
		{"Bool", "true", "TRUE", true},
		{"Bool", "false", "true", false},
		{"BinaryEquals", "AAE=", "AAE=", true},
		{"IpAddress", "10.0.0.0/8", "10.1.2.3", true},
		{"IpAddress", "10.0.0.1", "10.0.0.2", false},
		{"IpAddress", "2001:db8::/32", "2001:db8::1", true},
		{"IpAddress", "10.0.0.0/8", "::ffff:10.1.2.3", true},
		{"NotIpAddress", "10.0.0.0/8", "192.168.0.1", true},
		{"ArnEquals", "arn:aws:sqs:*:000000000000:q", queue, true},
		{"ArnLike", "arn:aws:sqs:*:q", queue, false},
		{"ArnLike", "arn:aws:sns:us-east-1:0:a:*", "arn:aws:sns:us-east-1:0:a:b:c", true},
		{"ArnNotEquals", "arn:aws:sqs:*:*:p", queue, true},
		{"ArnNotLike", "arn:aws:sqs:*:*:q*", queue, false},
		{"StringEquals", "${aws:PrincipalTag/x}", "same", true},
	} {
		t.Run(tt.operator+" "+tt.want+" "+tt.have, func(t *testing.T) {
			block := `{"` + tt.operator + `":{"Key":"` + tt.want + `"}}`
			if got := holds(t, block, "key", tt.have, "aws:principaltag/x", "same"); got != tt.ok {
				t.Errorf("%s of %q with %q: %v, want %v", tt.operator, tt.have, tt.want, got, tt.ok)
			}
		})
	}
}

func TestConditionsCombine_D19(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, block string
		keys        []string
		want        bool
	}{
		{"operators are and-ed", `{"StringEquals":{"a":"1"},"NumericEquals":{"b":"2"}}`, []string{"a", "1", "b", "3"}, false},
		{"keys are and-ed", `{"StringEquals":{"a":"1","b":"2"}}`, []string{"a", "1", "b", "3"}, false},
		{"values are or-ed", `{"StringEquals":{"a":["1","2"]}}`, []string{"a", "2"}, true},
		{"negated values are nor-ed", `{"StringNotEquals":{"a":["1","2"]}}`, []string{"a", "2"}, false},
		{"keys have no case", `{"StringEquals":{"AWS:sourceARN":"x"}}`, []string{"aws:SourceArn", "x"}, true},
		{"a missing key fails", `{"StringEquals":{"a":"1"}}`, nil, false},
		{"a missing key passes a negated operator", `{"StringNotEquals":{"a":"1"}}`, nil, true},
		{"a missing key passes IfExists", `{"StringEqualsIfExists":{"a":"1"}}`, nil, true},
		{"IfExists compares what is there", `{"StringEqualsIfExists":{"a":"1"}}`, []string{"a", "2"}, false},
		{"Null true wants absence", `{"Null":{"a":"true"}}`, nil, true},
		{"Null true refuses presence", `{"Null":{"a":"true"}}`, []string{"a", "1"}, false},
		{"Null false wants presence", `{"Null":{"a":false}}`, []string{"a", "1"}, true},
		{"ForAllValues of none", `{"ForAllValues:StringEquals":{"a":"1"}}`, nil, true},
		{"ForAllValues of all", `{"ForAllValues:StringEquals":{"a":["1","2"]}}`, []string{"a", "1", "a", "2"}, true},
		{"ForAllValues of some", `{"ForAllValues:StringEquals":{"a":["1"]}}`, []string{"a", "1", "a", "2"}, false},
		{"ForAnyValue of none", `{"ForAnyValue:StringEquals":{"a":"1"}}`, nil, false},
		{"ForAnyValue of some", `{"ForAnyValue:StringEquals":{"a":["2"]}}`, []string{"a", "1", "a", "2"}, true},
		{"numbers and booleans in the policy", `{"NumericEquals":{"a":1},"Bool":{"b":true}}`, []string{"a", "1", "b", "true"}, true},
		{"the time is known", `{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"NumericLessThan":{"aws:EpochTime":"1767323046"}}`, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := holds(t, tt.block, tt.keys...); got != tt.want {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		})
	}
}
