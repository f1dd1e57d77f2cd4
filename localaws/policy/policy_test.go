package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	me    = "arn:aws:sts::000000000000:assumed-role/r/me"
	role  = "arn:aws:iam::000000000000:role/r"
	queue = "arn:aws:sqs:us-east-1:000000000000:q"
)

func parse(t testing.TB, text string, kind Kind) *Document {
	t.Helper()
	d, err := Parse(text, kind)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}

	return d
}

// request returns a request of the role's session to send to the queue.
func request(keys ...string) *Request {
	r := &Request{
		Principal: Principal{Account: "000000000000", ARN: me, RoleARN: role},
		Action:    "sqs:SendMessage",
		Resource:  queue,
		Now:       time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}

	for i := 0; i+1 < len(keys); i += 2 {
		r.SetKey(keys[i], append(r.values(strings.ToLower(keys[i])), keys[i+1])...)
	}

	return r
}

// identity returns an identity policy of one statement.
func identity(effect, action, resource string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Action":%q,"Resource":%q}]}`, effect, action, resource)
}

// resource returns a resource policy of one statement.
func resource(effect, principal string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":%s,"Action":"sqs:*","Resource":"*"}]}`, effect, principal)
}

func TestOrderOfEvaluation_D14(t *testing.T) {
	t.Parallel()
	allow, deny, other := identity("Allow", "sqs:*", "*"), identity("Deny", "sqs:*", "*"), identity("Allow", "s3:*", "*")
	for _, tt := range []struct {
		name                                  string
		identity, boundary, session, resource string
		want                                  Decision
	}{
		{"nothing allows", "", "", "", "", Decision{By: Identity}},
		{"identity allows", allow, "", "", "", Decision{Allowed: true}},
		{"identity denies", deny, "", "", resource("Allow", `"*"`), Decision{Explicit: true, By: Identity}},
		{"resource denies", allow, "", "", resource("Deny", `"*"`), Decision{Explicit: true, By: Resource}},
		{"resource allows alone", "", "", "", resource("Allow", `"*"`), Decision{Allowed: true}},
		{"boundary allows not", allow, other, "", "", Decision{By: Boundary}},
		{"boundary denies", allow, deny, "", "", Decision{Explicit: true, By: Boundary}},
		{"boundary alone grants nothing", "", allow, "", "", Decision{By: Identity}},
		{"session allows not", allow, allow, other, "", Decision{By: Session}},
		{"session denies", allow, "", deny, "", Decision{Explicit: true, By: Session}},
		{"all allow", allow, allow, allow, "", Decision{Allowed: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p Policies
			if tt.identity != "" {
				p.Identity = append(p.Identity, parse(t, tt.identity, Identity))
			}
			if tt.boundary != "" {
				p.Boundary = parse(t, tt.boundary, Boundary)
			}
			if tt.session != "" {
				p.Session = append(p.Session, parse(t, tt.session, Session))
			}
			if tt.resource != "" {
				p.Resource = parse(t, tt.resource, Resource)
			}
			if got := p.Decide(request()); got != tt.want {
				t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
			}
		})
	}
}

func TestPrincipalsOfAResourcePolicy_D15(t *testing.T) {
	t.Parallel()
	other := parse(t, identity("Allow", "s3:*", "*"), Boundary)
	for _, tt := range []struct {
		principal       string
		alone, bounded  bool // without identity policy; and with a boundary that does not allow
		withIdentityToo bool
	}{
		{`{"AWS":"` + me + `"}`, true, true, true},
		{`{"AWS":["arn:aws:iam::111122223333:root","` + role + `"]}`, true, false, true},
		{`{"AWS":"000000000000"}`, false, false, true},
		{`{"AWS":"arn:aws:iam::000000000000:root"}`, false, false, true},
		{`"*"`, true, true, true},
		{`{"AWS":"*"}`, true, true, true},
		{`{"Service":"sns.amazonaws.com"}`, false, false, true},
	} {
		t.Run(tt.principal, func(t *testing.T) {
			p := Policies{Resource: parse(t, resource("Allow", tt.principal), Resource)}
			if got := p.Decide(request()).Allowed; got != tt.alone {
				t.Errorf("%s alone: %v, want %v", tt.principal, got, tt.alone)
			}
			p.Boundary = other
			if got := p.Decide(request()).Allowed; got != tt.bounded {
				t.Errorf("%s with a boundary: %v, want %v", tt.principal, got, tt.bounded)
			}
			p.Boundary, p.Identity = nil, []*Document{parse(t, identity("Allow", "*", "*"), Identity)}
			if got := p.Decide(request()).Allowed; got != tt.withIdentityToo {
				t.Errorf("%s with identity: %v, want %v", tt.principal, got, tt.withIdentityToo)
			}
		})
	}
}

// NotPrincipal exempts a session from a Deny only if it lists the account, the role
// and the session. It never exempts a caller with a permissions boundary (IAM A5).
func TestDenyWithNotPrincipalExemptsWhatIsListedAtEveryLevel(t *testing.T) {
	t.Parallel()
	const (
		root      = "arn:aws:iam::000000000000:root"
		otherRole = "arn:aws:iam::000000000000:role/other"
		user      = "arn:aws:iam::000000000000:user/u"
	)
	session := request().Principal
	session.ID = "AROAAAAAAAAAAAAAAAAAA:me"
	human := Principal{Account: "000000000000", ARN: user, RoleARN: user, ID: "AIDAAAAAAAAAAAAAAAAAA"}
	for _, tt := range []struct {
		name    string
		who     Principal
		listed  string
		bounded bool
		want    bool
	}{
		{"account, role and session", session, `{"AWS":["` + root + `","` + role + `","` + me + `"]}`, false, true},
		{"account id, role id and session id", session, `{"AWS":["000000000000","AROAAAAAAAAAAAAAAAAAA","AROAAAAAAAAAAAAAAAAAA:me"]}`, false, true},
		{"the same with a boundary", session, `{"AWS":["` + root + `","` + role + `","` + me + `"]}`, true, false},
		{"account and role without the session", session, `{"AWS":["` + root + `","` + role + `"]}`, false, false},
		{"role without the account", session, `{"AWS":["` + role + `","` + me + `"]}`, false, false},
		{"account alone", session, `{"AWS":"` + root + `"}`, false, false},
		{"another account", session, `{"AWS":"111122223333"}`, false, false},
		{"account and another role", session, `{"AWS":["` + root + `","` + otherRole + `"]}`, false, false},
		{"account and user", human, `{"AWS":["` + root + `","` + user + `"]}`, false, true},
		{"account and a role, asked by a user", human, `{"AWS":["` + root + `","` + role + `"]}`, false, false},
		{"root of the account", Principal{Account: "000000000000", ARN: root, RoleARN: root, ID: "000000000000"}, `{"AWS":"` + root + `"}`, false, true},
		{"everybody", session, `"*"`, false, true},
		{"a service", Principal{Service: "sns.amazonaws.com"}, `{"Service":"sns.amazonaws.com"}`, false, true},
		{"another service", Principal{Service: "events.amazonaws.com"}, `{"Service":"sns.amazonaws.com"}`, false, false},
		{"unsigned", Principal{}, `{"AWS":"` + root + `"}`, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := parse(t, identity("Allow", "*", "*"), Identity)
			p := Policies{Identity: []*Document{all}}
			if tt.bounded {
				p.Boundary = all
			}
			p.Resource = parse(t, `{"Statement":[{"Effect":"Deny","NotPrincipal":`+tt.listed+`,"Action":"*","Resource":"*"},
				{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`, Resource)

			r := request()
			r.Principal = tt.who
			if got := p.Decide(r).Allowed; got != tt.want {
				t.Errorf("allowed %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTrustPolicyMustAllow_D16(t *testing.T) {
	t.Parallel()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":"sts:AssumeRole"}]}`
	all := []*Document{parse(t, identity("Allow", "*", "*"), Identity)}
	for _, tt := range []struct {
		name      string
		principal string
		who       Principal
		identity  []*Document
		want      bool
	}{
		{"the service", `{"Service":"lambda.amazonaws.com"}`, Principal{Service: "lambda.amazonaws.com"}, nil, true},
		{"another service", `{"Service":"lambda.amazonaws.com"}`, Principal{Service: "sns.amazonaws.com"}, nil, false},
		{"a role instead of the service", `{"Service":"lambda.amazonaws.com"}`, request().Principal, all, false},
		{"the role", `{"AWS":"` + role + `"}`, request().Principal, nil, true},
		{"its account", `{"AWS":"000000000000"}`, request().Principal, nil, false},
		{"its account, with an identity policy", `{"AWS":"000000000000"}`, request().Principal, all, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := Policies{Resource: parse(t, fmt.Sprintf(trust, tt.principal), Trust), MustGrant: true, Identity: tt.identity}
			if got := p.Decide(&Request{Principal: tt.who, Action: "sts:AssumeRole", Resource: role}).Allowed; got != tt.want {
				t.Errorf("%s requested by %+v: %v, want %v", tt.principal, tt.who, got, tt.want)
			}
		})
	}
}

func TestAcrossAccountsBothSidesMustAllow_D17(t *testing.T) {
	t.Parallel()
	all := []*Document{parse(t, identity("Allow", "*", "*"), Identity)}
	grant := parse(t, resource("Allow", `{"AWS":"000000000000"}`), Resource)
	for _, tt := range []struct {
		name string
		p    Policies
		want Decision
	}{
		{"neither", Policies{}, Decision{By: Identity}},
		{"identity only", Policies{Identity: all}, Decision{By: Resource}},
		{"resource only", Policies{Resource: grant}, Decision{By: Identity}},
		{"both", Policies{Identity: all, Resource: grant}, Decision{Allowed: true, By: Resource}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request()
			r.Owner = "111122223333"
			if got := tt.p.Decide(r); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestActionsAndResources_D18(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		statement string
		want      bool
	}{
		{`"Action":"SQS:sendmessage","Resource":"*"`, true},
		{`"Action":"sqs:Send*","Resource":"*"`, true},
		{`"Action":"sqs:SendMessag?","Resource":"*"`, true},
		{`"Action":"sqs:SendMessage?","Resource":"*"`, false},
		{`"Action":["s3:*","*"],"Resource":"*"`, true},
		{`"NotAction":"sqs:ReceiveMessage","Resource":"*"`, true},
		{`"NotAction":["sqs:*"],"Resource":"*"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:us-east-1:000000000000:q"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs:us-east-1:000000000000:Q"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:*"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs:*:*:?"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs:us-east-1:000000000000"`, true},
		{`"Action":"*","Resource":"arn:aws:sns"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:us*::q"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:us-*1:000000000000:q"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs:us-*00:q"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:us-east-1?000000000000:q"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:*:*:??"`, false},
		{`"Action":"*","NotResource":"arn:aws:sqs:*:*:q"`, false},
		{`"Action":"*","NotResource":"arn:aws:sqs:*:*:p"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/queue}"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/none}"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/none, 'q'}"`, true},
		{`"Action":"*","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/star}"`, false},
		{`"Action":"*","Resource":"arn:aws:sqs:*:*:${*}"`, false},
	} {
		t.Run(tt.statement, func(t *testing.T) {
			p := Policies{Identity: []*Document{parse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+tt.statement+`}}`, Identity)}}
			if got := p.Decide(request("aws:PrincipalTag/queue", "q", "aws:PrincipalTag/star", "*")).Allowed; got != tt.want {
				t.Errorf("%s: %v, want %v", tt.statement, got, tt.want)
			}
		})
	}
}

func TestVariablesAreTextInTheOldVersion_D18(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{`"Version":"2008-10-17",`: false, ``: false, `"Version":"2012-10-17",`: true} {
		t.Run(version, func(t *testing.T) {
			text := `{` + version + `"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/queue}"}}`
			p := Policies{Identity: []*Document{parse(t, text, Identity)}}
			if got := p.Decide(request("aws:PrincipalTag/queue", "q")).Allowed; got != want {
				t.Errorf("%q: %v, want %v", version, got, want)
			}
		})
	}
}

func TestParseErrorsHaveTheTextsOfIAM_D11b(t *testing.T) {
	t.Parallel()
	const lead = `{"Version":"2012-10-17","Statement":[`
	const legacyError = "The policy failed legacy parsing"
	for _, tt := range []struct {
		kind Kind
		text string
		want string
	}{
		{Trust, `{`, "This policy contains invalid Json"},
		{Identity, `{`, "Syntax errors in policy."},
		{Identity, `{} {}`, "Syntax errors in policy."},
		{Identity, `[]`, legacyError},
		{Identity, `{}`, legacyError},
		{Identity, `{"Statement":[]}`, legacyError},
		{Identity, `{"Version":"2012-10-18","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, legacyError},
		{Identity, lead + `{"Effect":"allow","Action":"*","Resource":"*"}]}`, legacyError},
		{Identity, lead + `{"Effect":"Allow","Action":"*","Resource":"*","Extra":1}]}`, legacyError},
		{Identity, lead + `{"Effect":"Allow","Action":"*","Action":"*","Resource":"*"}]}`, legacyError},
		{Identity, lead + `{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}]}`, legacyError},
		{Identity, lead + `{"Effect":"Allow","Action":1,"Resource":"*"}]}`, legacyError},
		{Identity, lead + `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqual":{"a":"b"}}}]}`, legacyError},
		{Identity, lead + `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":"yes"}}}]}`, legacyError},
		{Identity, lead + `{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}]}`, "Policy document should not specify a principal."},
		{Identity, lead + `{"Effect":"Allow","Resource":"*"}]}`, "Policy statement must contain actions."},
		{Identity, lead + `{"Effect":"Allow","Action":"*"}]}`, "Policy statement must contain resources."},
		{Identity, lead + `{"Effect":"Allow","Action":"*","Resource":"q"}]}`, `Resource q must be in ARN format or "*".`},
		{Identity, lead + `{"Effect":"Allow","Action":"all","Resource":"*"}]}`, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{Identity, lead + `{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam:us-east-1:000000000000:role/r"}]}`,
			"IAM resource arn:aws:iam:us-east-1:000000000000:role/r cannot contain region information."},
		{Identity, lead + `{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}`,
			"Statement IDs (SID) in a single policy must be unique."},
		{Trust, lead + `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`, "Has prohibited field Resource"},
		{Trust, lead + `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/r"},"Action":"sts:AssumeRole"}]}`,
			`Invalid principal in policy: "AWS":"arn:aws:iam::1:role/r"`},
		{Trust, lead + `{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage"}]}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{Trust, lead + `{"Effect":"Allow","Principal":"*","Action":"sts:GetCallerIdentity"}]}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{Trust, lead + `{"Effect":"Allow","Principal":"*","Action":"*"}]}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{Trust, lead + `{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::000000000000:role/r"},"Action":"sts:AssumeRole"}]}`,
			`Invalid principal in policy: "AWS":"arn:aws-cn:iam::000000000000:role/r"`},
		{Trust, lead + `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:group/g"},"Action":"sts:AssumeRole"}]}`,
			`Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:group/g"`},
		{Trust, lead + `{"Effect":"Allow","Principal":{"Service":"lambda.example.com"},"Action":"sts:AssumeRole"}]}`,
			`Invalid principal in policy: "SERVICE":"lambda.example.com"`},
		{Identity, lead + `{"Effect":"Deny","Action":"*","Resource":"arn:aws-cn:sqs:us-east-1:000000000000:q"}]}`,
			`Partition "aws-cn" is not valid for resource "arn:aws-cn:sqs:us-east-1:000000000000:q".`},
		{Trust, lead + `{"Effect":"Allow","Action":"sts:AssumeRole"}]}`, legacyError},
		{Resource, lead + `{"Effect":"Allow","Principal":{"People":"all"},"Action":"*","Resource":"*"}]}`, legacyError},
	} {
		t.Run(tt.kind.String()+" "+tt.text, func(t *testing.T) {
			_, err := Parse(tt.text, tt.kind)
			var parseErr *ParseError
			if !errors.As(err, &parseErr) || parseErr.Text != tt.want {
				t.Errorf("%s %s: %v, want %q", tt.kind, tt.text, err, tt.want)
			}
		})
	}
}

func TestCacheReturnsWhatParseReturns(t *testing.T) {
	t.Parallel()
	var c Cache
	text := identity("Allow", "*", "*")
	first, err := c.Parse(text, Identity)
	if err != nil {
		t.Fatal(err)
	}

	if second, _ := c.Parse(text, Identity); second != first {
		t.Error("the same text was parsed twice")
	}

	if _, err := c.Parse(text, Trust); err == nil {
		t.Error("an identity policy was accepted as a trust policy")
	}

	for i := range 2 * maxCached {
		if _, err := c.Parse(identity("Allow", fmt.Sprintf("sqs:%d", i), "*"), Identity); err != nil {
			t.Fatal(err)
		}
	}

	if len(c.docs) > maxCached {
		t.Errorf("the cache holds %d texts, at most %d", len(c.docs), maxCached)
	}
}
