package policy

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// directoryOf returns a directory of the principals in a map from ARN to unique id.
func directoryOf(known map[string]string) Directory {
	return Directory{
		ID: func(arn string) (string, bool) {
			if !strings.Contains(arn, "::000000000000:") {
				return arn, true
			}
			id, ok := known[arn]
			return id, ok
		},
		ARN: func(id string) (string, bool) {
			for arn, of := range known {
				if of == id {
					return arn, true
				}
			}
			return "", false
		},
	}
}

// A policy is stored with the ids of its principals and returned as it was sent, until
// one of them is deleted (IAM A1).
func TestStoredPolicyNamesPrincipalsByTheirID(t *testing.T) {
	t.Parallel()
	const (
		id    = "AROAAAAAAAAAAAAAAAAAA"
		other = "arn:aws:iam::111122223333:role/elsewhere"
		sent  = `{ "Statement" : [ {"Sid":"` + role + `","Effect":"Allow", "Principal":{"Service":"sns.amazonaws.com",` + "\n\t" +
			`"AWS" : [ "` + role + `" ,"000000000000","` + other + `","arn:aws:iam::000000000000:root"]},
			"Action":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + role + `","AWS":"` + role + `"}}},
			{"Effect":"Deny","NotPrincipal":{"AWS":"` + me + `"},"Action":"*"}]}`
	)
	known := map[string]string{role: id, me: id + ":me"}
	d := directoryOf(known)

	stored, err := d.WithIDs(sent)
	if err != nil {
		t.Fatal(err)
	}

	want := strings.Replace(sent, `"`+role+`" ,`, `"`+id+`" ,`, 1)
	want = strings.Replace(want, me, id+":me", 1)
	if stored != want {
		t.Errorf("stored %s\nwant   %s", stored, want)
	}

	if _, err := Parse(stored, Resource); err != nil {
		t.Errorf("the stored policy cannot be read: %v", err)
	}

	if shown := d.WithARNs(stored); shown != sent {
		t.Errorf("shown %s\nwant  %s", shown, sent)
	}

	known[role] = "AROABBBBBBBBBBBBBBBBB"
	delete(known, me)
	if shown := d.WithARNs(stored); shown != stored {
		t.Errorf("after the role was created again it is returned as %s", shown)
	}
}

func TestPolicyWithAnUnknownPrincipalIsRefused(t *testing.T) {
	t.Parallel()
	d := directoryOf(map[string]string{role: "AROAAAAAAAAAAAAAAAAAA"})
	for _, principal := range []string{
		"arn:aws:iam::000000000000:role/gone",
		"arn:aws:iam::000000000000:user/gone",
		"arn:aws:sts::000000000000:assumed-role/gone/s",
		"AROABBBBBBBBBBBBBBBBB",
	} {
		t.Run(principal, func(t *testing.T) {
			t.Parallel()
			_, err := d.WithIDs(resource("Allow", `{"AWS":["`+role+`","`+principal+`"]}`))
			var parseErr *ParseError
			if want := `Invalid principal in policy: "AWS":"` + principal + `"`; !errors.As(err, &parseErr) || parseErr.Text != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// A stored policy is evaluated with the role's id: a role that is created again under
// the same name has another one.
func TestPrincipalIsMatchedByItsID(t *testing.T) {
	t.Parallel()
	const id = "AROAAAAAAAAAAAAAAAAAA"
	for _, tt := range []struct {
		name, principal, caller string
		want                    bool
	}{
		{"role", id, id + ":me", true},
		{"role created again", id, "AROABBBBBBBBBBBBBBBBB:me", false},
		{"session", id + ":me", id + ":me", true},
		{"another session", id + ":you", id + ":me", false},
		{"user", "AIDAAAAAAAAAAAAAAAAAA", "AIDAAAAAAAAAAAAAAAAAA", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := Policies{Resource: parse(t, resource("Allow", `{"AWS":"`+tt.principal+`"}`), Resource)}
			r := request()
			r.Principal.ID = tt.caller
			if got := p.Decide(r).Allowed; got != tt.want {
				t.Errorf("allowed %v, want %v", got, tt.want)
			}
		})
	}
}

// WithIDs changes only the principals of any policy, and WithARNs then returns the text
// that was sent.
func TestWithIDsAndWithARNsAreInverse(t *testing.T) {
	t.Parallel()
	d := directoryOf(map[string]string{role: "AROAAAAAAAAAAAAAAAAAA", me: "AROAAAAAAAAAAAAAAAAAA:me"})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~é\n]{0,20}`)
		principals := rapid.SliceOfN(rapid.SampledFrom([]string{role, me, "*", "000000000000", "arn:aws:iam::000000000000:root"}), 1, 4)
		statement := map[string]any{
			"Sid": text.Draw(t, "sid"), "Effect": "Allow", "Action": "sqs:*",
			rapid.SampledFrom([]string{"Principal", "NotPrincipal"}).Draw(t, "element"): map[string]any{"AWS": principals.Draw(t, "principals")},
			"Resource":  []string{text.Draw(t, "resource"), role},
			"Condition": map[string]any{"StringEquals": map[string]any{"aws:PrincipalArn": []string{role, text.Draw(t, "value")}}},
		}
		sent, err := json.MarshalIndent(map[string]any{"Statement": []any{statement, statement}}, "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := d.WithIDs(string(sent))
		if err != nil {
			t.Fatal(err)
		}
		if shown := d.WithARNs(stored); shown != string(sent) {
			t.Fatalf("shown %s\nwant  %s", shown, sent)
		}
	})
}
