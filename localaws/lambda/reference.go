package lambda

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The patterns of Lambda's model.
var (
	functionPattern = awsapi.NewPattern(`(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?` +
		`(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`)
	qualifierPattern = awsapi.NewPattern(`\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`)
	rolePattern      = awsapi.NewPattern(`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`)
	handlerPattern   = awsapi.NewPattern(`[^\s]+`)
	logGroupPattern  = awsapi.NewPattern(`[\.\-_/#A-Za-z0-9]+`)
	variablePattern  = awsapi.NewPattern(`[a-zA-Z]([a-zA-Z0-9_])+`)
	statementPattern = awsapi.NewPattern(`([a-zA-Z0-9-_]+)`)
	actionPattern    = awsapi.NewPattern(`(lambda:[*]|lambda:[a-zA-Z]+|[*])`)
	principalPattern = awsapi.NewPattern(`[^\s]+`)
	accountPattern   = awsapi.NewPattern(`\d{12}`)
	orgPattern       = awsapi.NewPattern(`o-[a-z0-9]{10,32}`)
	arnPattern       = awsapi.NewPattern(`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)`)
	versionPattern   = awsapi.NewPattern(`(\$LATEST|[0-9]+)`)
	layerPattern     = awsapi.NewPattern(`arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+`)

	// An alias must not consist of digits alone.
	aliasPattern = awsapi.TranslatedPattern(`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`, `[0-9]*[a-zA-Z\-_][a-zA-Z0-9\-_]*`)
)

// latest is the qualifier of the version that updates replace.
const latest = "$LATEST"

// functionKey identifies a function. Names are unique within an account and region (LAM
// C21).
type functionKey struct {
	awsapi.Scope
	name string
}

// arn returns the function's unqualified ARN.
func (k functionKey) arn() string { return k.ARN("lambda", "function:"+k.name) }

// qualifiedARN returns the function's ARN with a qualifier, or the unqualified ARN for
// "".
func (k functionKey) qualifiedARN(qualifier string) string {
	if qualifier == "" {
		return k.arn()
	}
	return k.arn() + ":" + qualifier
}

// reference is a function, version or alias as a request names it.
type reference struct {
	functionKey
	qualifier string // "", $LATEST, a number or an alias
}

func (r reference) arn() string { return r.qualifiedARN(r.qualifier) }

// FunctionInput is the input of operations on a function as a whole.
type FunctionInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
}

// QualifiedInput is the input of operations on a function, a version or an alias.
type QualifiedInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Qualifier is a version, an alias or $LATEST; empty means the function itself.
	Qualifier string `json:"-" querystring:"Qualifier"`
}

// parseReference reads a name, partial ARN or full ARN, qualified or not, and the
// qualifier of a separate member (LAM C2, C21, C22).
func parseReference(c *awsapi.Call, name, qualifier string) (reference, error) {
	var check awsapi.Validation
	check.Required("functionName", name)
	check.Match("functionName", name, functionPattern)
	check.MaxLength("functionName", name, 256)
	check.Match("qualifier", qualifier, qualifierPattern)
	check.MaxLength("qualifier", qualifier, 128)
	if err := check.Err(errValidation); err != nil {
		return reference{}, err
	}

	// The name may have a region and a qualifier.
	r := splitReference(c, name)
	if r.Region != c.Region {
		return reference{}, errNotFound.With("Functions from '%s' are not reachable in this region ('%s')", r.Region, c.Region)
	}
	switch {
	case r.qualifier == "":
		r.qualifier = qualifier
	case qualifier != "" && qualifier != r.qualifier:
		return reference{}, errParameter.With("The derived qualifier from the function name does not match the specified qualifier.")
	}
	return r, nil
}

// parseUnqualified reads a reference that must not name a version or an alias other than
// $LATEST.
func parseUnqualified(c *awsapi.Call, name string) (reference, error) {
	ref, err := parseReference(c, name, "")
	if err != nil {
		return ref, err
	}
	if ref.qualifier != "" && ref.qualifier != latest {
		return ref, errParameter.With("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. " +
			"Please specify either a function name or an unqualified function ARN.")
	}
	ref.qualifier = ""
	return ref, nil
}

// splitReference reads a name, partial ARN or full ARN without checking it. What the
// name leaves out comes from the call.
func splitReference(c *awsapi.Call, name string) reference {
	r := reference{functionKey: functionKey{Scope: c.Scope()}}
	rest := name
	if arn, ok := awsapi.ParseARN(name); ok && arn.Service == "lambda" {
		r.Scope = arn.Scope()
		rest = arn.Resource
	} else if head, tail, ok := strings.Cut(name, ":function:"); ok {
		// A partial ARN: ACCOUNT:function:NAME or REGION:ACCOUNT:function:NAME.
		r.Account = head
		rest = tail
		if region, account, both := strings.Cut(head, ":"); both {
			r.Region = region
			r.Account = account
		}
	}

	rest = strings.TrimPrefix(rest, "function:")
	r.name, r.qualifier, _ = strings.Cut(rest, ":")
	return r
}
