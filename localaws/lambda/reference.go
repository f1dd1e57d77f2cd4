package lambda

import (
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// pattern is a constraint of the model, as AWS writes it and as Go matches it.
type pattern struct {
	text string
	re   *regexp.Regexp
}

func newPattern(text string) pattern {
	return pattern{text: text, re: regexp.MustCompile("^(?:" + text + ")$")}
}

// The patterns of Lambda's model. Go has no look-ahead: that an alias is not all
// digits is checked beside its pattern.
var (
	functionPattern = newPattern(`(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?` +
		`(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`)
	qualifierPattern = newPattern(`\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`)
	rolePattern      = newPattern(`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`)
	handlerPattern   = newPattern(`[^\s]+`)
	logGroupPattern  = newPattern(`[\.\-_/#A-Za-z0-9]+`)
	variablePattern  = newPattern(`[a-zA-Z]([a-zA-Z0-9_])+`)
	statementPattern = newPattern(`([a-zA-Z0-9-_]+)`)
	actionPattern    = newPattern(`(lambda:[*]|lambda:[a-zA-Z]+|[*])`)
	accountPattern   = newPattern(`\d{12}`)
	orgPattern       = newPattern(`o-[a-z0-9]{10,32}`)
	arnPattern       = newPattern(`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)`)
	versionPattern   = newPattern(`(\$LATEST|[0-9]+)`)
	aliasPattern     = newPattern(`([a-zA-Z0-9-_]+)`)
	layerPattern     = newPattern(`arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+`)
	digits           = regexp.MustCompile(`^[0-9]+$`)
)

const aliasPatternText = `(?!^[0-9]+$)([a-zA-Z0-9-_]+)`

// latest is the qualifier of the version that updates change.
const latest = "$LATEST"

// scope is an account and a region: names are their own in each (LAM C21).
type scope struct {
	account, region string
}

func scopeOf(c *awsapi.Call) scope { return scope{c.Account, c.Region} }

// functionKey names a function.
type functionKey struct {
	scope
	name string
}

// arn is the function's unqualified ARN.
func (k functionKey) arn() string { return k.qualifiedARN("") }

// qualifiedARN is the function's ARN with a qualifier, or without for "".
func (k functionKey) qualifiedARN(qualifier string) string {
	arn := "arn:aws:lambda:" + k.region + ":" + k.account + ":function:" + k.name
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// reference is a function as a caller names it.
type reference struct {
	functionKey
	qualifier string // "", $LATEST, a number or an alias
}

func (r reference) arn() string { return r.qualifiedARN(r.qualifier) }

// parseReference reads a name, partial ARN or full ARN, qualified or not, and the
// qualifier given beside it (LAM C2, C21, C22).
func parseReference(c *awsapi.Call, name, qualifier string) (reference, error) {
	var check constraints
	check.require(name, "functionName")
	check.matches(name, "functionName", functionPattern)
	check.atMost(name, "functionName", 256)
	check.matches(qualifier, "qualifier", qualifierPattern)
	check.atMost(qualifier, "qualifier", 128)
	if err := check.err(); err != nil {
		return reference{}, err
	}

	r := splitReference(c, name)
	if r.region != c.Region {
		return reference{}, errNotFound.With("Functions from '%s' are not reachable in this region ('%s')", r.region, c.Region)
	}

	switch {
	case r.qualifier == "":
		r.qualifier = qualifier
	case qualifier != "" && qualifier != r.qualifier:
		return reference{}, errParameter.With("The derived qualifier from the function name does not match the specified qualifier.")
	}

	return r, nil
}

// splitReference takes a function's name apart. It does not judge.
func splitReference(c *awsapi.Call, name string) reference {
	r := reference{functionKey: functionKey{scope: scopeOf(c)}}
	rest := name
	if arn, ok := awsapi.ParseARN(name); ok && arn.Service == "lambda" {
		r.region = arn.Region
		r.account = arn.Account
		rest = arn.Resource
	} else if head, tail, ok := strings.Cut(name, ":function:"); ok {
		r.account = head
		rest = "function:" + tail
		if region, account, both := strings.Cut(head, ":"); both {
			r.region = region
			r.account = account
		}
	}

	rest = strings.TrimPrefix(rest, "function:")
	r.name, r.qualifier, _ = strings.Cut(rest, ":")
	return r
}
