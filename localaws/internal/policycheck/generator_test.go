package policycheck_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// The generator draws situations from a small vocabulary, so that matches, near misses
// and denies are all frequent. It follows what AWS publishes. It does not draw these,
// because the published text does not define the result:
//
//   - a key with several values under an operator without a set qualifier;
//   - set qualifiers on numeric, date, address and binary operators;
//   - variables for Bool, before the fifth colon of an ARN, or naming a key with
//     several values;
//   - NotPrincipal with Allow, or naming a user, role or session without its
//     account (AWS "might" deny then), or only the caller's account;
//   - {"AWS": "*"} when a service calls;
//   - several values for Bool or Null, and resources with fewer than six parts,
//     which Access Analyzer reports as errors;
//   - values of a key that do not have the operator's type.

const (
	ownAccount   = "111111111111"
	otherAccount = "222222222222"
)

// generator draws everything that is random in a situation.
type generator struct {
	*rand.Rand
	// keys are the condition keys for policies.
	keys []contextKey
	// otherPrincipals are principals other than the caller.
	otherPrincipals []string
	// ownActions limits policies to the actions of the request's service.
	ownActions bool
}

func (g generator) percent(n int) bool { return g.IntN(100) < n }

func (g generator) one(options ...string) string { return options[g.IntN(len(options))] }

// draw returns the situation with a number. The same seed and number give the same
// situation.
func draw(seed, number uint64) *situation {
	g := generator{Rand: rand.New(rand.NewPCG(seed, number)), keys: contextKeys}
	s := &situation{Owner: ownAccount, Keys: map[string][]string{}}
	g.drawCaller(s)
	g.drawRequest(s)
	g.drawKeys(s)
	g.drawPolicies(s)
	return s
}

func (g generator) drawCaller(s *situation) {
	account := ownAccount
	if g.percent(25) {
		account = otherAccount
	}
	switch n := g.IntN(100); {
	case n < 10:
		s.Caller = caller{Service: g.one("lambda.amazonaws.com", "sns.amazonaws.com")}
	case n < 14:
		s.Caller = caller{Account: account, ARN: "arn:aws:iam::" + account + ":root", Root: true}
	case n < 40:
		s.Caller = caller{Account: account, ARN: "arn:aws:iam::" + account + ":user/" + g.one("alice", "team/bob")}
	default:
		path, name, session := g.one("", "svc/"), g.one("worker", "reader"), g.one("s1", "s2")
		s.Caller = caller{
			Account: account,
			Role:    "arn:aws:iam::" + account + ":role/" + path + name,
			ARN:     "arn:aws:sts::" + account + ":assumed-role/" + name + "/" + session,
		}
	}
}

var requests = map[string][]string{
	"sqs:SendMessage": {
		"arn:aws:sqs:us-east-1:111111111111:orders",
		"arn:aws:sqs:us-east-1:111111111111:orders-dlq",
		"arn:aws:sqs:eu-west-1:111111111111:orders.fifo",
	},
	"sqs:ReceiveMessage":    {"arn:aws:sqs:us-east-1:111111111111:orders"},
	"sqs:ListQueues":        {"*"},
	"lambda:InvokeFunction": {"arn:aws:lambda:us-east-1:111111111111:function:pack", "arn:aws:lambda:us-east-1:111111111111:function:pack:live"},
	"iam:GetRole":           {"arn:aws:iam::111111111111:role/svc/worker"},
}

func (g generator) drawRequest(s *situation) {
	s.Trust = !s.Caller.Root && g.percent(12)
	if s.Trust {
		s.Action, s.Target = g.one("sts:AssumeRole", "sts:TagSession"), "arn:aws:iam::111111111111:role/target"
		return
	}
	s.Action = g.one("sqs:SendMessage", "sqs:SendMessage", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:ListQueues", "lambda:InvokeFunction", "iam:GetRole")
	s.Target = g.one(requests[s.Action]...)
}

// contextKey is a condition key with the values of requests.
type contextKey struct {
	name   string
	kind   string // the family of operators
	values []string
	many   bool // may have several values
}

var contextKeys = []contextKey{
	{name: "aws:username", kind: "string", values: []string{"alice", "Alice", "orders"}},
	{name: "aws:PrincipalTag/team", kind: "string", values: []string{"red", "Red", "rêd", "reed", "orders"}},
	{name: "aws:RequestTag/Env", kind: "string", values: []string{"prod", "Prod", "prod*", "dev"}},
	{name: "aws:ResourceTag/stage", kind: "string", values: []string{"prod", "$prod", "p?od", "dev"}},
	{name: "aws:TagKeys", kind: "string", values: []string{"Env", "env", "owner", "team"}, many: true},
	{name: "aws:PrincipalArn", kind: "arn"},
	{name: "aws:SourceArn", kind: "arn", values: []string{
		"arn:aws:sns:us-east-1:111111111111:orders",
		"arn:aws:sns:us-east-1:222222222222:orders",
		"arn:aws:logs:us-east-1:111111111111:log-group:orders",
		"arn:aws:events:us-east-1:111111111111:rule/orders:1",
	}},
	{name: "logs:LogGeneratingResourceArns", kind: "arn", many: true, values: []string{
		"arn:aws:sns:us-east-1:111111111111:orders",
		"arn:aws:sns:eu-west-1:111111111111:orders",
		"arn:aws:sns:us-east-1:222222222222:orders",
	}},
	{name: "aws:MultiFactorAuthAge", kind: "number", values: []string{"9", "10", "10.5", "100", "-1"}},
	{name: "aws:EpochTime", kind: "number"},
	{name: "aws:EpochTime", kind: "date"},
	{name: "aws:CurrentTime", kind: "date"},
	{name: "aws:TokenIssueTime", kind: "date", values: []string{"2026-01-02T03:04:05Z", "2026-01-01T00:00:00Z"}},
	{name: "aws:SecureTransport", kind: "bool", values: []string{"true", "false"}},
	{name: "aws:ViaAWSService", kind: "bool", values: []string{"true", "false"}},
	{name: "aws:SourceIp", kind: "address", values: []string{"203.0.113.7", "203.0.114.7", "10.0.0.1", "2001:db8:1234:5678::7"}},
	{name: "example:Checksum", kind: "binary", values: []string{"QmluYXJ5", "QmluYXJ6"}},
}

func (g generator) drawKeys(s *situation) {
	for _, key := range g.keys {
		if len(key.values) == 0 || !g.percent(65) {
			continue
		}
		values := []string{g.one(key.values...)}
		for key.many && g.percent(50) {
			values = append(values, g.one(key.values...))
		}
		if key.many && g.percent(10) {
			values = nil // the key exists and has no values
		}
		s.Keys[g.recase(key.name, 10)] = values
	}
	switch {
	case s.Caller.Role != "":
		s.Keys["aws:PrincipalArn"] = []string{s.Caller.Role}
	case s.Caller.ARN != "":
		s.Keys["aws:PrincipalArn"] = []string{s.Caller.ARN}
	}
	if g.percent(80) {
		s.Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	}
}

// recase changes the case of a name in some cases.
func (g generator) recase(name string, percent int) string {
	if !g.percent(percent) {
		return name
	}
	if g.percent(50) {
		return strings.ToUpper(name)
	}
	return strings.ToLower(name)
}

func (g generator) drawPolicies(s *situation) {
	person := s.Caller.Service == "" && !s.Caller.Root
	if person {
		for n := g.IntN(3); n > 0; n-- {
			s.Identity = append(s.Identity, g.document(s, identityKind))
		}
		if g.percent(25) {
			s.Boundary = g.document(s, boundaryKind)
		}
		if s.Caller.Role != "" && g.percent(25) {
			for n := 1 + g.IntN(2); n > 0; n-- {
				s.Session = append(s.Session, g.document(s, sessionKind))
			}
		}
	}
	// IAM calls have no resource policy.
	if s.Trust || !strings.HasPrefix(s.Action, "iam:") && (g.percent(55) || !person) {
		s.Resource = g.document(s, resourceKind)
	}
}

func (g generator) document(s *situation, kind string) string {
	doc := object{}
	switch n := g.IntN(100); {
	case n < 85:
		doc["Version"] = "2012-10-17"
	case n < 93:
		doc["Version"] = "2008-10-17"
	}
	var list []any
	for n := 1 + g.IntN(3); n > 0; n-- {
		list = append(list, g.statement(s, kind, len(list)))
	}
	doc["Statement"] = list
	if len(list) == 1 && g.percent(20) {
		doc["Statement"] = list[0]
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (g generator) statement(s *situation, kind string, number int) object {
	statement := object{"Effect": "Allow"}
	hit := 92 // percentage of elements that are drawn to match
	if g.percent(30) {
		statement["Effect"], hit = "Deny", 72
	}
	if g.percent(20) {
		statement["Sid"] = "S" + strconv.Itoa(number)
	}

	// Actions. A trust policy may only name those of STS.
	actions := g.list(1, func() string { return g.actionPattern(s, g.percent(hit)) })
	if g.percent(8) && !(kind == resourceKind && s.Trust) {
		statement["NotAction"] = g.list(1, func() string { return g.actionPattern(s, !g.percent(hit)) })
	} else {
		statement["Action"] = actions
	}

	// Resources. A trust policy has none.
	if !(kind == resourceKind && s.Trust) {
		if g.percent(8) {
			statement["NotResource"] = g.list(1, func() string { return g.resourcePattern(s, !g.percent(hit)) })
		} else {
			statement["Resource"] = g.list(1, func() string { return g.resourcePattern(s, g.percent(hit)) })
		}
	}

	if kind == resourceKind {
		if statement["Effect"] == "Deny" && !s.Trust && g.percent(40) {
			statement["NotPrincipal"] = g.notPrincipal(s)
		} else {
			statement["Principal"] = g.principal(s, g.percent(hit))
		}
	}
	if g.percent(50) {
		statement["Condition"] = g.condition(s, hit)
	}
	return statement
}

// list returns a single value, or a list of one or more.
func (g generator) list(least int, draw func() string) any {
	out := []any{}
	for len(out) < least || g.percent(25) {
		out = append(out, draw())
	}
	if len(out) == 1 && g.percent(60) {
		return out[0]
	}
	return out
}

func (g generator) actionPattern(s *situation, hit bool) string {
	service, name, _ := strings.Cut(s.Action, ":")
	if hit {
		if service == "sts" {
			return g.one(s.Action, s.Action, g.recase(s.Action, 50), "sts:*", "sts:"+name[:3]+"*", "sts:?"+name[1:])
		}
		return g.one(s.Action, s.Action, g.recase(s.Action, 60), "*", service+":*", service+":"+name[:4]+"*", service+":*"+name[3:], service+":?"+name[1:], service+":"+name+"*")
	}
	if service == "sts" {
		return g.one("sts:SetSourceIdentity", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWith*") // a trust policy may name no others
	}
	if g.ownActions {
		return g.one(service+":DeleteMessage", service+":Delete*", service+":Purge*")
	}
	return g.one(service+":"+name+"Batch", service+":"+name[:4], service+":?"+name, service+":"+name[:3]+"?", "sns:"+name, "s3:*", "sqs:Delete*")
}

func (g generator) resourcePattern(s *situation, hit bool) string {
	if s.Target == "*" {
		if hit {
			return "*"
		}
		return g.one("arn:aws:sqs:*:*:*", "arn:aws:sqs:us-east-1:111111111111:orders")
	}
	parts := strings.SplitN(s.Target, ":", 6)
	region, account, name := parts[3], parts[4], parts[5]
	anyRegion, prefix := "*", ""
	if parts[2] == "iam" {
		// ARNs of IAM have no region, and begin with the kind of resource: AWS refuses
		// policies with other forms.
		anyRegion, prefix = "", "role/"
		name = name[len(prefix):]
	}
	arn := func(region, account, name string) string {
		return strings.Join([]string{"arn", "aws", parts[2], region, account, prefix + name}, ":")
	}

	// A variable replaces the name.
	if g.percent(15) {
		variable := g.one("${aws:username}", "${aws:PrincipalTag/team}", "${AWS:UserName, 'orders'}", "${aws:PrincipalTag/none, '"+name+"'}", "${aws:PrincipalTag/none}", "${aws:PrincipalTag/team, '*'}")
		return arn(region, account, variable+g.one("", "", "*"))
	}
	if parts[2] == "lambda" && g.percent(25) {
		_, last, _ := strings.Cut(name, ":")
		if hit {
			return arn(region, "*", last) // a star at the end of a part matches past the colon
		}
		return arn(region, account[:6]+"*n", last) // within a part a star does not
	}
	if hit {
		return g.one(
			s.Target, s.Target, "*",
			arn(region, account, "*"),
			arn(region, "*", name),
			arn(anyRegion, account, name),
			arn(anyRegion, "*", name[:3]+"*"),
			arn(region, account, "?"+name[1:]),
			arn(region, account, name[:2]+"*"+name[4:]),
			arn(wild(region), account, name),
			arn(region, account[:6]+"*", name),
			arn(region, account[:6]+"??????", name),
			arn(region, account, name+"*"),
		)
	}
	return g.one(
		arn(region, account, name+"x"),
		arn(region, account, name+"?"),
		arn(region, account, "?"+name),
		arn(region, account, upper(name)),
		arn(region, otherAccount, name),
		arn(region, otherAccount, "*"),
		arn(swapRegion(region), account, "*"),
		arn(region, account, name+"${*}"),
		arn(region, account[:6]+"?????", name),
		arn(region, otherAccount[:6]+"*", name),
		"arn:aws:s3:::*",
	)
}

func swapRegion(region string) string {
	if region == "" {
		return ""
	}
	return "ap-south-1"
}

// wild inserts a star into the name of a region.
func wild(region string) string {
	if len(region) < 4 {
		return region
	}
	return region[:3] + "*" + region[len(region)-1:]
}

func (g generator) principal(s *situation, hit bool) any {
	c := s.Caller
	aws, service := []any{}, []any{}
	add := func(hit bool) {
		if c.Service != "" {
			if hit {
				service = append(service, c.Service)
				return
			}
			service = append(service, g.one("events.amazonaws.com", "s3.amazonaws.com"))
			if g.percent(20) {
				aws = append(aws, ownAccount)
			}
			return
		}
		if hit {
			options := []string{c.ARN, c.ARN, c.Account, "arn:aws:iam::" + c.Account + ":root", "*"}
			if c.Role != "" {
				options = append(options, c.Role, c.Role, c.Role)
			}
			aws = append(aws, g.one(options...))
			return
		}
		if len(g.otherPrincipals) > 0 {
			aws = append(aws, g.one(g.otherPrincipals...))
			return
		}
		switch n := g.IntN(6); {
		case n == 0:
			service = append(service, "lambda.amazonaws.com")
		case n == 1:
			aws = append(aws, swapAccount(c.ARN))
		case n == 2 || c.Root:
			aws = append(aws, g.one("333333333333", "arn:aws:iam::333333333333:root"))
		case n == 3:
			aws = append(aws, c.ARN+"x")
		case n == 4:
			cut := strings.LastIndexAny(c.ARN, "/:") + 1
			aws = append(aws, c.ARN[:cut]+strings.ToUpper(c.ARN[cut:]))
		default:
			aws = append(aws, "arn:aws:iam::"+c.Account+":role/nobody", "arn:aws:sts::"+c.Account+":assumed-role/worker/s3")
		}
	}

	if hit && g.percent(15) {
		return "*"
	}
	add(hit)
	for g.percent(25) {
		add(hit && g.percent(50))
	}
	out := object{}
	if len(aws) > 0 {
		out["AWS"] = single(g, aws)
	}
	if len(service) > 0 {
		out["Service"] = single(g, service)
	}
	return out
}

// single replaces a list of one value by the value in some cases.
func single(g generator, list []any) any {
	if len(list) == 1 && g.percent(60) {
		return list[0]
	}
	return list
}

func swapAccount(arn string) string {
	if strings.Contains(arn, ownAccount) {
		return strings.Replace(arn, ownAccount, otherAccount, 1)
	}
	return strings.Replace(arn, otherAccount, ownAccount, 1)
}

// notPrincipal names complete chains, as AWS requires: a session with its role and
// account, a role or user with its account.
func (g generator) notPrincipal(s *situation) any {
	c := s.Caller
	if c.Service != "" {
		return object{"Service": g.one(c.Service, c.Service, "events.amazonaws.com")}
	}

	list := []any{}
	add := func(account, entity, session string) {
		list = append(list, g.one(account, "arn:aws:iam::"+account+":root"))
		if entity != "" {
			list = append(list, entity)
		}
		if session != "" {
			list = append(list, session)
		}
	}
	nobody := func(account string) string { return "arn:aws:iam::" + account + ":role/nobody" }
	accounts := []string{c.Account, c.Account, c.Account, ownAccount, otherAccount}
	if len(g.otherPrincipals) > 0 {
		nobody = func(string) string { return g.otherPrincipals[0] }
		accounts = accounts[:1]
	}
	for {
		account := g.one(accounts...)
		switch n := g.IntN(5); {
		case c.Root || n == 0 && account != c.Account:
			add(account, "", "")
		case c.Role == "" && n < 3:
			add(c.Account, c.ARN, "")
		case c.Role != "" && n == 1:
			add(c.Account, c.Role, "")
		case c.Role != "" && n == 2:
			add(c.Account, c.Role, c.ARN)
		case c.Role != "" && n == 3:
			add(c.Account, c.Role, c.ARN+"x") // another session of the role
		default:
			add(account, nobody(account), "")
		}
		if !g.percent(20) {
			return object{"AWS": list}
		}
	}
}

// families lists the operators by the type of the keys that they apply to.
var families = map[string][]string{
	"string": {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringLike", "StringNotLike"},
	"arn":    {"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"},
	"number": {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
	"date":   {"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
	"bool":   {"Bool"}, "address": {"IpAddress", "NotIpAddress"},
	"binary": {"BinaryEquals"},
}

func (g generator) condition(s *situation, hit int) object {
	out := object{}
	for {
		key := g.keys[g.IntN(len(g.keys))]
		operator := g.operator(key)
		keys, _ := out[operator].(object)
		if keys == nil {
			keys = object{}
			out[operator] = keys
		}
		for {
			negated := strings.Contains(operator, "Not")
			draw := func() string { return g.wanted(s, key, operator, g.percent(hit) != negated) }
			values := g.list(1, draw)
			if operator == "Null" || key.kind == "bool" {
				values = draw()
			}
			keys[g.recase(key.name, 25)] = unquote(g, operator, values)
			// A second key with the operator: the same key in another case, or any of
			// its family.
			if !g.percent(20) {
				break
			}
			if next := g.keys[g.IntN(len(g.keys))]; next.kind == key.kind && next.many == key.many {
				key = next
			}
		}
		if !g.percent(30) {
			return out
		}
	}
}

func (g generator) operator(key contextKey) string {
	if g.percent(10) {
		return "Null"
	}
	operator := g.one(families[key.kind]...)
	sets := key.kind == "string" || key.kind == "arn" || key.kind == "bool"
	if key.many || sets && g.percent(10) {
		operator = g.one("ForAllValues:", "ForAnyValue:") + operator
	}
	if g.percent(20) {
		operator += "IfExists"
	}
	return operator
}

// unquote writes a number or boolean without quotes in some cases, which the grammar
// allows.
func unquote(g generator, operator string, values any) any {
	text, ok := values.(string)
	if !ok || !g.percent(15) {
		return values
	}
	switch {
	case strings.Contains(operator, "Bool"), operator == "Null":
		return text == "true"
	case strings.Contains(operator, "Numeric"):
		return json.Number(text)
	}
	return values
}

// wanted draws a value for a condition. With match it agrees with the request, if the
// request has the key.
func (g generator) wanted(s *situation, key contextKey, operator string, match bool) string {
	if operator == "Null" {
		return g.one("true", "false")
	}
	e := evaluator{}
	have := ""
	if values := e.values(s, key.name); len(values) > 0 {
		have = g.one(values...)
	}

	switch key.kind {
	case "string":
		return g.wantedString(have, match)
	case "arn":
		return g.wantedARN(have, match)
	case "bool":
		if match && have != "" {
			return have
		}
		return g.one("true", "false")
	case "binary":
		if match && have != "" {
			return have
		}
		return g.one(key.values...)
	case "address":
		return g.one("203.0.113.0/24", "203.0.113.7", "203.0.113.7/32", "203.0.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "2001:DB8:1234:5678::/64", "2001:db8::/32", "::/0", "203.0.113.8")
	case "number":
		if have != "" && match && g.percent(50) {
			if strings.Contains(have, ".") {
				return g.one(have, have+"0")
			}
			return g.one(have, have+".0")
		}
		return g.one("9", "10", "10.0", "10.5", "100", "-1", "0", "1767323045", "1767323044.5")
	}
	// A date.
	if have != "" && match && g.percent(40) {
		return have
	}
	return g.one("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", "2026-01-02T04:04:05+01:00", "2026-01-02T03:04Z", "2026-01-02", "2026-01", "2026-02", "1767323045", "1767323046", "2026-01-02T03:04:06Z")
}

func (g generator) wantedString(have string, match bool) string {
	if g.percent(12) {
		return g.one("${aws:username}", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/none}", "${aws:PrincipalTag/none, 'prod'}", "${aws:RequestTag/env}", "prod${*}", "${$}prod", "p${?}od")
	}
	if match && have != "" {
		runes := []rune(have)
		head, tail := string(runes[:1]), string(runes[1:])
		return g.one(have, have, have, "*", head+"*", "?"+tail, head+"?"+string(runes[2:]), "*"+tail, have+"*", strings.ToUpper(have))
	}
	if have != "" && g.percent(50) {
		runes := []rune(have)
		last := string(runes[len(runes)-1:])
		return g.one(have+"?", "?"+have, string(runes[:1])+"?"+last, strings.ToLower(have), have[:1], "${*}"+have[1:], have+"${*}")
	}
	return g.one("prod", "dev", "Env", "alice", "red", "Pro?", "*x", "p*x*d", "r?d", "team")
}

func (g generator) wantedARN(have string, match bool) string {
	if have == "" || !match {
		return g.one(
			"arn:aws:sns:us-east-1:333333333333:orders",
			"arn:aws:sns:*:222222222222:*",
			"arn:aws:iam::*:role/*",
			"arn:aws:sns:us-east-1:1*1:orders",
			"arn:aws:events:*:*:rule/o*",
			"arn:aws:sns:us-east-1:111111111111:${aws:username}",
			"arn:aws:sns:us-east-1:111111111111:${aws:PrincipalTag/none}",
			"arn:aws:s?s:*:*:orders",
		)
	}
	parts := strings.SplitN(have, ":", 6)
	arn := func(region, account, name string) string {
		return strings.Join([]string{"arn", "aws", parts[2], region, account, name}, ":")
	}
	if strings.Contains(parts[5], ":") && g.percent(30) {
		return "arn:aws:" + parts[2] + ":*:" + parts[5] // would match if a star matched a colon
	}
	return g.one(
		have, have,
		arn("*", parts[4], parts[5]),
		arn(parts[3], "*", parts[5]),
		arn(parts[3], parts[4], "*"),
		arn("*", "*", parts[5][:2]+"*"),
		arn(parts[3], parts[4][:4]+"????????", "?"+parts[5][1:]),
		arn(parts[3], parts[4], parts[5]+"x"),
		arn(parts[3], parts[4], upper(parts[5])),
		"arn:aws:"+parts[2]+":"+parts[3]+":*:"+parts[5]+":*",
	)
}

// upper returns the last part of an ARN in upper case. It preserves the kind of an IAM
// resource, because AWS would refuse it otherwise (E53).
func upper(name string) string {
	if kind, rest, ok := strings.Cut(name, "/"); ok {
		return kind + "/" + strings.ToUpper(rest)
	}
	return strings.ToUpper(name)
}
