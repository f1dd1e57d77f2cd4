package policy

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// statements draws the statements of a policy that may match anything.
func statements(kind Kind) *rapid.Generator[[]map[string]any] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) map[string]any {
		s := map[string]any{
			"Effect": rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect"),
			"Action": rapid.SliceOfN(rapid.SampledFrom([]string{"*", "sqs:*", "sqs:Send*", "SQS:sendmessage", "s3:*"}), 1, 2).Draw(t, "action"),
		}
		s[rapid.SampledFrom([]string{"Resource", "NotResource"}).Draw(t, "which")] =
			rapid.SampledFrom([]string{"*", "arn:aws:sqs:*:*:q", "arn:aws:sqs:*:*:p"}).Draw(t, "resource")
		if rapid.Bool().Draw(t, "conditional") {
			s["Condition"] = map[string]any{rapid.SampledFrom([]string{"StringEquals", "StringNotEquals", "StringLikeIfExists"}).Draw(t, "operator"): map[string]any{
				rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"): rapid.SampledFrom([]string{"1", "2"}).Draw(t, "value")}}
		}
		if kind == Resource {
			s["Principal"] = rapid.SampledFrom([]any{"*", map[string]any{"AWS": role}, map[string]any{"AWS": "000000000000"},
				map[string]any{"AWS": me}, map[string]any{"Service": "sns.amazonaws.com"}}).Draw(t, "principal")
		}
		return s
	}), 1, 4)
}

func draw(t *rapid.T, kind Kind, also ...map[string]any) *Document {
	list := append(statements(kind).Draw(t, kind.String()), also...)
	text, err := json.Marshal(map[string]any{"Version": version2012, "Statement": list})
	if err != nil {
		t.Fatal(err)
	}

	d, err := Parse(string(text), kind)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}

	return d
}

// A statement that denies the request takes precedence over all other policies.
func TestAnExplicitDenyAlwaysWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		deny := map[string]any{"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": queue}
		where := rapid.SampledFrom([]Kind{Identity, Resource, Boundary, Session}).Draw(t, "where")
		also := func(k Kind) []map[string]any {
			if k != where {
				return nil
			}
			s := map[string]any{}
			for key, v := range deny {
				s[key] = v
			}
			if k == Resource {
				s["Principal"] = "*"
			}
			return []map[string]any{s}
		}
		p := Policies{
			Identity: []*Document{draw(t, Identity, also(Identity)...)}, Boundary: draw(t, Boundary, also(Boundary)...),
			Session: []*Document{draw(t, Session, also(Session)...)}, Resource: draw(t, Resource, also(Resource)...),
			MustGrant: rapid.Bool().Draw(t, "must grant"),
		}
		r := request("a", rapid.SampledFrom([]string{"1", "2"}).Draw(t, "a"))
		r.Owner = rapid.SampledFrom([]string{"", "000000000000", "111122223333"}).Draw(t, "owner")
		if got := p.Decide(r); got.Allowed || !got.Explicit {
			t.Fatalf("decided %+v despite a deny in a %s", got, where)
		}
	})
}

// Removing a permissions boundary or session policy never removes a permission.
func TestBoundaryAndSessionPoliciesGrantNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Policies{
			Identity: []*Document{draw(t, Identity)}, Boundary: draw(t, Boundary), Session: []*Document{draw(t, Session)}, Resource: draw(t, Resource),
		}
		r := request("a", "1")
		with := p.Decide(r)
		p.Boundary, p.Session = nil, nil
		if without := p.Decide(r); with.Allowed && !without.Allowed {
			t.Fatalf("allowed with boundary and session policy, denied without: %+v", without)
		}
	})
}

// glob agrees with the textbook definition.
func TestGlobMatchesAsDefined(t *testing.T) {
	t.Parallel()
	var match func(p []rune, s []rune) bool
	match = func(p, s []rune) bool {
		switch {
		case len(p) == 0:
			return len(s) == 0
		case p[0] == manyRunes:
			return match(p[1:], s) || len(s) > 0 && match(p, s[1:])
		case len(s) == 0:
			return false
		}
		return (p[0] == oneRune || p[0] == s[0]) && match(p[1:], s[1:])
	}

	rapid.Check(t, func(t *rapid.T) {
		p := newPattern(rapid.StringOfN(rapid.RuneFrom([]rune("aé*?")), 0, 8, -1).Draw(t, "pattern"), version2008, true, false)
		s := rapid.StringOfN(rapid.RuneFrom([]rune("aéb")), 0, 10, -1).Draw(t, "text")
		if got, want := glob(p.runes, s), match(p.runes, []rune(s)); got != want {
			t.Fatalf("%q: %v, want %v", s, got, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(identity("Allow", "sqs:*", "arn:aws:sqs:*:*:${aws:username}"), uint8(Identity))
	f.Add(resource("Deny", `{"AWS":["*"],"Service":"a.b"}`), uint8(Resource))
	f.Add(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:NumericLessThanIfExists":{"a":[1,"2"]}}}}`, uint8(Boundary))
	f.Add(`{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`, uint8(Trust))
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		k := Kind(kind % 5)
		d, err := Parse(text, k)
		if err != nil {
			return
		}
		p := Policies{Identity: []*Document{d}, Resource: d, Boundary: d, Session: []*Document{d}}
		p.Decide(request("a", "1", "aws:username", "*"))
	})
}

// In text without colons, a resource's wildcards match like those of any pattern.
func TestResourceWildcardsWithinTheLastPart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?é]{0,12}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[ab:é]{0,12}`).Draw(t, "text")
		const head = "arn:aws:sqs:us-east-1:000000000000:"
		p, whole := newPattern(pattern, version2012, true, false), newResource(head+pattern, version2012)
		if got, want := whole.match(head+text, nil), p.match(text, nil); got != want {
			t.Fatalf("%q matches %q: %v as a resource, %v by itself", pattern, text, got, want)
		}
	})
}
