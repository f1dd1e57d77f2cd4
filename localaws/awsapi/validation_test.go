package awsapi

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var errInvalid = Error{Code: "ValidationException", Status: 400}

func number(n int) *int { return &n }

func TestValidationTexts(t *testing.T) {
	t.Parallel()
	const one = "1 validation error detected: "
	const failed = " failed to satisfy constraint: "
	lower := NewPattern(`[a-z]+`)
	notDigits := TranslatedPattern(`(?!^[0-9]+$)([a-z0-9]+)`, `[a-z0-9]*[a-z][a-z0-9]*`)

	for _, tt := range []struct {
		name  string
		check func(v *Validation)
		want  string // empty if the value is valid
	}{
		{"required, absent", func(v *Validation) { v.Required("role", "") }, one + "Value null at 'role'" + failed + "Member must not be null"},
		{"required, present", func(v *Validation) { v.Required("role", "r") }, ""},
		{"number absent", func(v *Validation) { v.Between("timeout", nil, 1, 900) }, ""},
		{"number low", func(v *Validation) { v.Between("timeout", number(0), 1, 900) },
			one + "Value '0' at 'timeout'" + failed + "Member must have value greater than or equal to 1"},
		{"number high", func(v *Validation) { v.Between("timeout", number(901), 1, 900) },
			one + "Value '901' at 'timeout'" + failed + "Member must have value less than or equal to 900"},
		{"number at its bounds", func(v *Validation) {
			v.Between("timeout", number(1), 1, 900)
			v.Between("timeout", number(900), 1, 900)
		}, ""},
		{"text short", func(v *Validation) { v.MinLength("roleSessionName", "m", 2) },
			one + "Value 'm' at 'roleSessionName'" + failed + "Member must have length greater than or equal to 2"},
		{"text long", func(v *Validation) { v.MaxLength("description", "abcd", 3) },
			one + "Value 'abcd' at 'description'" + failed + "Member must have length less than or equal to 3"},
		{"length is in characters", func(v *Validation) { v.MaxLength("description", "äöü", 3); v.MinLength("description", "ä", 1) }, ""},
		{"list long", func(v *Validation) { v.MaxEntries("filters", 6, 5) },
			one + "Value of 6 entries at 'filters'" + failed + "Member must have length less than or equal to 5"},
		{"pattern", func(v *Validation) { v.Match("name", "A", lower) },
			one + "Value 'A' at 'name'" + failed + "Member must satisfy regular expression pattern: [a-z]+"},
		{"pattern matches the whole text", func(v *Validation) { v.Match("name", "a\nB", lower) },
			one + "Value 'a\nB' at 'name'" + failed + "Member must satisfy regular expression pattern: [a-z]+"},
		{"pattern as the model writes it", func(v *Validation) { v.Match("name", "12", notDigits); v.Match("name", "1a", notDigits) },
			one + "Value '12' at 'name'" + failed + "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-z0-9]+)"},
		{"pattern, absent", func(v *Validation) { v.Match("name", "", lower) }, ""},
		{"enum", func(v *Validation) { v.OneOf("logType", "all", "None", "Tail") },
			one + "Value 'all' at 'logType'" + failed + "Member must satisfy enum value set: [None, Tail]"},
		{"enum, absent or allowed", func(v *Validation) { v.OneOf("logType", "", "None"); v.OneOf("logType", "None", "None") }, ""},
		{"enum in a list", func(v *Validation) { v.EachOneOf("metrics", []string{"EventCount", "X"}, "EventCount", "ErrorCount") },
			one + "Value '[EventCount, X]' at 'metrics'" + failed +
				"Member must satisfy constraint: [Member must satisfy enum value set: [EventCount, ErrorCount]]"},
		{"percent sign in a value", func(v *Validation) { v.MaxLength("policy", "100%d", 3) },
			one + "Value '100%d' at 'policy'" + failed + "Member must have length less than or equal to 3"},
		{"page size", func(v *Validation) { v.PageSize("maxItems", number(0), 100, 1000) },
			one + "Value '0' at 'maxItems'" + failed + "Member must have value greater than or equal to 1"},
		{"several, in the order of the checks", func(v *Validation) {
			v.Between("timeout", number(901), 1, 900)
			v.Required("role", "")
			v.Add("code", nil, NotNull)
		}, "3 validation errors detected: Value '901' at 'timeout'" + failed + "Member must have value less than or equal to 900; " +
			"Value null at 'role'" + failed + "Member must not be null; Value null at 'code'" + failed + "Member must not be null"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v Validation
			tt.check(&v)
			err := v.Err(errInvalid)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got error %v, want none", err)
			case tt.want != "" && err == nil:
				t.Errorf("got no error, want %q", tt.want)
			case tt.want != "" && (AsError(err).Code != errInvalid.Code || AsError(err).Message != tt.want):
				t.Errorf("got  %v\nwant %s: %s", err, errInvalid.Code, tt.want)
			}
		})
	}
}

func TestViolationOfOneMember(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value      any
		constraint string
		want       string
	}{
		{nil, NotNull, "Value null at 'limit' failed to satisfy constraint: Member must not be null"},
		{51, MaxValue(50), "Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50"},
		{"a", OneOf("b", "c"), "Value 'a' at 'limit' failed to satisfy constraint: Member must satisfy enum value set: [b, c]"},
		{[]string{"a", "b"}, MaxLength(1), "Value '[a, b]' at 'limit' failed to satisfy constraint: Member must have length less than or equal to 1"},
	} {
		t.Run(tt.constraint, func(t *testing.T) {
			got := errInvalid.Violation("limit", tt.value, tt.constraint)
			if want := "1 validation error detected: " + tt.want; got.Code != errInvalid.Code || got.Message != want {
				t.Errorf("got  %v\nwant %s", got, want)
			}
		})
	}
}

func TestPageSizeIsTheRequestedOrTheDefault(t *testing.T) {
	t.Parallel()
	var v Validation
	if got := v.PageSize("limit", nil, 50, 100); got != 50 {
		t.Errorf("default is %d, want 50", got)
	}
	if got := v.PageSize("limit", number(7), 50, 100); got != 7 {
		t.Errorf("requested is %d, want 7", got)
	}
	if err := v.Err(errInvalid); err != nil {
		t.Error(err)
	}
}

func TestPagesHaveEveryItemOnce(t *testing.T) {
	t.Parallel()
	self := func(s string) string { return s }
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfDistinct(rapid.StringN(1, 3, -1), self).Draw(t, "items")
		slices.Sort(items)
		size := rapid.IntRange(1, 5).Draw(t, "size")

		var got []string
		for token := ""; ; {
			after, ok := ParsePageToken(token)
			if !ok {
				t.Fatalf("token %q is not accepted", token)
			}
			page, next := Page(items, self, after, size)
			if len(page) > size {
				t.Fatalf("page of %d items, want at most %d", len(page), size)
			}
			got = append(got, page...)
			if next == "" {
				break
			}
			token = PageToken(next)
		}
		if !slices.Equal(got, items) {
			t.Fatalf("pages have %q, want %q", got, items)
		}
	})
}

func TestPageContinuesAfterADeletedItem(t *testing.T) {
	t.Parallel()
	page, next := Page([]string{"a", "c", "d"}, func(s string) string { return s }, "b", 1)
	if !slices.Equal(page, []string{"c"}) || next != "c" {
		t.Errorf("got %q and next %q, want [c] and c", page, next)
	}
	if _, ok := ParsePageToken("*"); ok {
		t.Error("a token that is not base64 is accepted")
	}
}

func TestTagLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, key, value string
		want             TagProblem
	}{
		{"longest", strings.Repeat("ä", 128), strings.Repeat("ü", 256), TagValid},
		{"empty value", "team", "", TagValid},
		{"empty key", "", "a", TagKeyLength},
		{"long key", strings.Repeat("k", 129), "a", TagKeyLength},
		{"long value", "team", strings.Repeat("v", 257), TagValueLength},
		{"reserved key", "AWS:team", "a", TagKeyReserved},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := CheckTag(tt.key, tt.value); got != tt.want {
				t.Errorf("got problem %d, want %d", got, tt.want)
			}
		})
	}
}

func TestTagListIsSortedAndRoundTrips(t *testing.T) {
	t.Parallel()
	list := TagList(map[string]string{"b": "2", "a": "1"})
	if want := []Tag{{"a", "1"}, {"b", "2"}}; !slices.Equal(list, want) {
		t.Errorf("got %v, want %v", list, want)
	}
	if m := TagMap(append(list, Tag{"a", "3"})); len(m) != 2 || m["a"] != "3" || m["b"] != "2" {
		t.Errorf("as a map: %v", m)
	}
}
