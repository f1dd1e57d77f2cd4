package policycheck_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/policy"
)

// identityDocument is a policy with one statement that allows sending to a queue, with
// parts replaced: pairs of old and new text.
func identityDocument(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:111111111111:orders"}]}`)
}

// conditionDocument is identityDocument with a condition.
func conditionDocument(condition string) string {
	return identityDocument(`orders"}`, `orders","Condition":`+condition+`}`)
}

func resourceDocument(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:111111111111:orders"}]}`)
}

func trustDocument(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
}

// TestWhatAWSRefusesIsRefused and TestWhatAWSAcceptsIsAccepted check the grammar (IAM
// E50 to E56): exactly the policies that AWS accepts are accepted here.
func TestWhatAWSRefusesIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		kind policy.Kind
		text string
	}{
		// The document (E50).
		{"empty text", policy.Identity, ``},
		{"not JSON", policy.Identity, `allow everything`},
		{"a list", policy.Identity, `[]`},
		{"null", policy.Identity, `null`},
		{"text after the document", policy.Identity, identityDocument() + `x`},
		{"a second document", policy.Identity, identityDocument() + identityDocument()},
		{"a trailing comma", policy.Identity, identityDocument(`]}`, `],}`)},
		{"an unknown element", policy.Identity, identityDocument(`"Version"`, `"Extra":"value","Version"`)},
		{"a condition outside a statement", policy.Identity, identityDocument(`"Version"`, `"Condition":{},"Version"`)},
		{"the element's name in lower case", policy.Identity, identityDocument(`"Statement"`, `"statement"`)},
		{"an unknown version", policy.Identity, identityDocument(`2012-10-17`, `2013-10-17`)},
		{"a version as a number", policy.Identity, identityDocument(`"2012-10-17"`, `20121017`)},
		{"an identifier that is a list", policy.Identity, identityDocument(`"Version"`, `"Id":["x"],"Version"`)},
		{"no statement", policy.Identity, `{"Version":"2012-10-17"}`},
		{"an empty list of statements", policy.Identity, `{"Version":"2012-10-17","Statement":[]}`},
		{"a statement that is a text", policy.Identity, `{"Version":"2012-10-17","Statement":["x"]}`},
		{"a statement that is null", policy.Identity, `{"Version":"2012-10-17","Statement":[null]}`},
		{"Version twice", policy.Identity, identityDocument(`"Version"`, `"Version":"2008-10-17","Version"`)},

		// The statement (E51).
		{"an unknown element of a statement", policy.Identity, identityDocument(`"Effect"`, `"Extra":"value","Effect"`)},
		{"Effect twice", policy.Identity, identityDocument(`"Effect"`, `"Effect":"Deny","Effect"`)},
		{"no effect", policy.Identity, identityDocument(`"Effect":"Allow",`, ``)},
		{"an effect in lower case", policy.Identity, identityDocument(`"Allow"`, `"allow"`)},
		{"another effect", policy.Identity, identityDocument(`"Allow"`, `"Permit"`)},
		{"a Sid that is a list", policy.Identity, identityDocument(`"Effect"`, `"Sid":[],"Effect"`)},
		{"a Sid twice", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}`},

		// Actions (E52).
		{"no action", policy.Identity, identityDocument(`"Action":"sqs:SendMessage",`, ``)},
		{"an empty list of actions", policy.Identity, identityDocument(`"sqs:SendMessage"`, `[]`)},
		{"Action and NotAction", policy.Identity, identityDocument(`"Action"`, `"NotAction":"s3:Get*","Action"`)},
		{"an action that is an object", policy.Identity, identityDocument(`"sqs:SendMessage"`, `{}`)},
		{"an action that is a number", policy.Identity, identityDocument(`"sqs:SendMessage"`, `1`)},
		{"a list in the list of actions", policy.Identity, identityDocument(`"sqs:SendMessage"`, `[["sqs:SendMessage"]]`)},
		{"an action without a service", policy.Identity, identityDocument(`sqs:SendMessage`, `SendMessage`)},
		{"an empty action", policy.Identity, identityDocument(`sqs:SendMessage`, ``)},
		{"an action with two colons", policy.Identity, identityDocument(`sqs:SendMessage`, `sqs:Send:Message`)},
		{"a space in the service", policy.Identity, identityDocument(`sqs:SendMessage`, `s q:SendMessage`)},
		{"a wildcard in the service", policy.Identity, identityDocument(`sqs:SendMessage`, `s*:SendMessage`)},

		// Resources (E53).
		{"no resource", policy.Identity, identityDocument(`,"Resource":"arn:aws:sqs:us-east-1:111111111111:orders"`, ``)},
		{"an empty list of resources", policy.Identity, identityDocument(`"arn:aws:sqs:us-east-1:111111111111:orders"`, `[]`)},
		{"Resource and NotResource", policy.Identity, identityDocument(`"Resource"`, `"NotResource":"*","Resource"`)},
		{"a resource that is no ARN", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `orders`)},
		{"an empty resource", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, ``)},
		{"a resource that is an object", policy.Identity, identityDocument(`"arn:aws:sqs:us-east-1:111111111111:orders"`, `{}`)},
		{"another partition", policy.Identity, identityDocument(`arn:aws:sqs`, `arn:error:sqs`)},
		{"no service", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws::::orders`)},
		{"a part too few", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:s3::bucket`)},
		{"only arn and the partition", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws`)},
		{"a region for IAM", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:iam:us-east-1:111111111111:role/x`)},
		{"a region for S3", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:s3:us-east-1::bucket`)},
		{"a kind that IAM does not have", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:iam::111111111111:bucket`)},

		// Conditions (E54).
		{"a condition that is a list", policy.Identity, conditionDocument(`[]`)},
		{"a condition that is a text", policy.Identity, conditionDocument(`"x"`)},
		{"an operator with a text", policy.Identity, conditionDocument(`{"StringEquals":"x"}`)},
		{"an operator with a list", policy.Identity, conditionDocument(`{"StringEquals":[]}`)},
		{"a value that is an object", policy.Identity, conditionDocument(`{"StringEquals":{"aws:username":{}}}`)},
		{"an unknown operator", policy.Identity, conditionDocument(`{"StringEqual":{"aws:username":"x"}}`)},
		{"two colons after a set qualifier", policy.Identity, conditionDocument(`{"ForAnyValue::StringEquals":{"aws:username":"x"}}`)},
		{"an unknown set qualifier", policy.Identity, conditionDocument(`{"ForEachValue:StringEquals":{"aws:username":"x"}}`)},
		{"NullIfExists", policy.Identity, conditionDocument(`{"NullIfExists":{"aws:username":"true"}}`)},
		{"a date that is none", policy.Identity, conditionDocument(`{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}`)},
		{"a date with month 13", policy.Identity, conditionDocument(`{"DateLessThan":{"aws:CurrentTime":"2026-13"}}`)},
		{"an operator twice", policy.Identity, conditionDocument(`{"StringEquals":{"aws:username":"a"},"StringEquals":{"aws:username":"b"}}`)},
		{"a key twice", policy.Identity, conditionDocument(`{"StringEquals":{"aws:username":"a","aws:username":"b"}}`)},

		// Principals (E55).
		{"a principal in an identity policy", policy.Identity, resourceDocument()},
		{"NotPrincipal in an identity policy", policy.Identity, resourceDocument(`"Principal"`, `"NotPrincipal"`)},
		{"a principal in a boundary", policy.Boundary, resourceDocument()},
		{"a principal in a session policy", policy.Session, resourceDocument()},
		{"no principal in a resource policy", policy.Resource, identityDocument()},
		{"Principal and NotPrincipal", policy.Resource, resourceDocument(`"Principal"`, `"NotPrincipal":"*","Principal"`)},
		{"a principal that is a text", policy.Resource, resourceDocument(`{"AWS":"111111111111"}`, `"111111111111"`)},
		{"a principal of an unknown kind", policy.Resource, resourceDocument(`"AWS":`, `"Account":`)},
		{"a principal that is a list", policy.Resource, resourceDocument(`{"AWS":"111111111111"}`, `["*"]`)},
		{"an empty principal", policy.Resource, resourceDocument(`{"AWS":"111111111111"}`, `{}`)},
		{"a wildcard in a principal's ARN", policy.Resource, resourceDocument(`"111111111111"}`, `"arn:aws:iam::111111111111:role/*"}`)},
		{"a wildcard for sessions", policy.Resource, resourceDocument(`"111111111111"}`, `"arn:aws:sts::111111111111:assumed-role/worker/*"}`)},

		// Trust policies (E56).
		{"no principal in a trust policy", policy.Trust, trustDocument(`"Principal":{"Service":"lambda.amazonaws.com"},`, ``)},
		{"NotPrincipal in a trust policy", policy.Trust, trustDocument(`"Allow"`, `"Deny"`, `"Principal"`, `"NotPrincipal"`)},
		{"a resource in a trust policy", policy.Trust, trustDocument(`"Action"`, `"Resource":"*","Action"`)},
		{"another service's action in a trust policy", policy.Trust, trustDocument(`sts:AssumeRole`, `sqs:SendMessage`)},
		{"every action in a trust policy", policy.Trust, trustDocument(`sts:AssumeRole`, `*`)},
		{"a wildcard in the ARN of a trust policy's principal", policy.Trust, trustDocument(`{"Service":"lambda.amazonaws.com"}`, `{"AWS":"arn:aws:iam::111111111111:role/*"}`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse(test.text, test.kind)
			if err == nil {
				t.Fatalf("accepted as %s: %s", test.kind, test.text)
			}
			if parseErr := (*policy.ParseError)(nil); !errors.As(err, &parseErr) || parseErr.Text == "" {
				t.Errorf("the error is %#v, want a *policy.ParseError with a text", err)
			}
		})
	}
}

func TestWhatAWSAcceptsIsAccepted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		kind policy.Kind
		text string
	}{
		// The document and its statements (E50, E51).
		{"a plain policy", policy.Identity, identityDocument()},
		{"white space", policy.Identity, "\n{ \"Version\" :\t\"2012-10-17\" , \"Statement\" : [ { \"Effect\" : \"Deny\" ,\r\n \"Action\":[ \"*\" ] , \"Resource\": \"*\" } ] } \n"},
		{"the older version", policy.Identity, identityDocument(`2012`, `2008`)},
		{"no version", policy.Identity, identityDocument(`"Version":"2012-10-17",`, ``)},
		{"one statement without a list", policy.Identity, identityDocument(`[`, ``, `]`, ``)},
		{"the version after the statements", policy.Identity, `{"Statement":[{"Resource":"*","Action":"*","Effect":"Deny"}],"Version":"2012-10-17"}`},
		{"an identifier in an identity policy", policy.Identity, identityDocument(`"Version"`, `"Id":"x","Version"`)},
		{"an identifier in a resource policy", policy.Resource, resourceDocument(`"Version"`, `"Id":"some id","Version"`)},
		{"a Sid", policy.Identity, identityDocument(`"Effect"`, `"Sid":"Send1","Effect"`)},
		{"empty Sids", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"","Effect":"Deny","Action":"*","Resource":"*"}]}`},
		{"a Sid with spaces in a resource policy", policy.Resource, resourceDocument(`"Effect"`, `"Sid":"let them send","Effect"`)},

		// Actions (E52).
		{"every action", policy.Identity, identityDocument(`sqs:SendMessage`, `*`)},
		{"an unknown service", policy.Identity, identityDocument(`sqs:SendMessage`, `service-prefix:action-name`)},
		{"a service with a dot", policy.Identity, identityDocument(`sqs:SendMessage`, `s3.s:ListBucket`)},
		{"a space in the action", policy.Identity, identityDocument(`sqs:SendMessage`, `iam: any thing `)},
		{"wildcards in the action", policy.Identity, identityDocument(`sqs:SendMessage`, `sqs:?end*`)},
		{"NotAction", policy.Identity, identityDocument(`"Action"`, `"NotAction"`)},
		{"several actions", policy.Identity, identityDocument(`"sqs:SendMessage"`, `["sqs:SendMessage","s3:*"]`)},

		// Resources (E53).
		{"a list with a star", policy.Identity, identityDocument(`"arn:aws:sqs:us-east-1:111111111111:orders"`, `["arn:aws:s3:::bucket","*"]`)},
		{"NotResource that is everything", policy.Identity, identityDocument(`"Resource":"arn:aws:sqs:us-east-1:111111111111:orders"`, `"NotResource":"*"`)},
		{"an ARN that ends early", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:sqs`)},
		{"an ARN that ends early in a star", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:codebuild:*`)},
		{"an unknown service's ARN", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:no-service:us-east-1::x`)},
		{"a user of any account", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:iam::*:user/${aws:username}`)},
		{"wildcards in region and account", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:dynamodb:*:*:table/MyTable`)},
		{"a word for a region", policy.Identity, identityDocument(`arn:aws:sqs:us-east-1:111111111111:orders`, `arn:aws:ec2:region:account-id:instance/*`)},

		// Conditions (E54).
		{"an empty condition", policy.Identity, conditionDocument(`{}`)},
		{"an operator without keys", policy.Identity, conditionDocument(`{"DateGreaterThan":{}}`)},
		{"a key without values", policy.Identity, conditionDocument(`{"DateGreaterThan":{"a":[]}}`)},
		{"a number", policy.Identity, conditionDocument(`{"NumericLessThan":{"s3:max-keys":10}}`)},
		{"a boolean", policy.Identity, conditionDocument(`{"Bool":{"aws:SecureTransport":true}}`)},
		{"an empty value", policy.Identity, conditionDocument(`{"StringLike":{"s3:prefix":["","home/"]}}`)},
		{"a qualified operator with IfExists", policy.Identity, conditionDocument(`{"ForAnyValue:StringEqualsIfExists":{"a":"x"}}`)},
		{"a date", policy.Identity, conditionDocument(`{"DateLessThanEquals":{"a":"2019-07-01T13:20:15Z"}}`)},
		{"a date with a fraction and an offset", policy.Identity, conditionDocument(`{"DateLessThanEquals":{"a":"2016-12-13T21:20:37.593194+00:00"}}`)},
		{"a date of year, month and day", policy.Identity, conditionDocument(`{"DateLessThanEquals":{"a":"2016-12-13"}}`)},
		{"a date of year and month", policy.Identity, conditionDocument(`{"DateLessThanEquals":{"a":"2016-12"}}`)},
		{"a date in seconds", policy.Identity, conditionDocument(`{"DateLessThan":{"a":"1767323045"}}`)},
		{"ranges of addresses", policy.Identity, conditionDocument(`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}`)},
		{"a variable of another provider", policy.Identity, conditionDocument(`{"StringLike":{"s3:prefix":["x/${cognito-identity.amazonaws.com:sub}"]}}`)},

		// Principals (E55).
		{"everyone", policy.Resource, resourceDocument(`{"AWS":"111111111111"}`, `"*"`)},
		{"everyone by kind", policy.Resource, resourceDocument(`"111111111111"}`, `"*"}`)},
		{"an account's ARN", policy.Resource, resourceDocument(`"111111111111"}`, `"arn:aws:iam::111111111111:root"}`)},
		{"several kinds", policy.Resource, resourceDocument(`"111111111111"}`, `["222222222222","111111111111"],"Service":["sns.amazonaws.com","s3.amazonaws.com"]}`)},
		{"a session", policy.Resource, resourceDocument(`"111111111111"}`, `"arn:aws:sts::111111111111:assumed-role/worker/s1"}`)},
		{"NotPrincipal with Deny", policy.Resource, resourceDocument(`"Allow"`, `"Deny"`, `"Principal"`, `"NotPrincipal"`)},

		// Trust policies (E56).
		{"a trust policy", policy.Trust, trustDocument()},
		{"a trusted account", policy.Trust, trustDocument(`"Service":"lambda.amazonaws.com"`, `"AWS":"111111111111"`)},
		{"trust in several actions", policy.Trust, trustDocument(`"sts:AssumeRole"`, `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`)},
		{"a federated principal", policy.Trust, trustDocument(`"Service":"lambda.amazonaws.com"`, `"Federated":"cognito-identity.amazonaws.com"`, `sts:AssumeRole`, `sts:AssumeRoleWithWebIdentity`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse(test.text, test.kind)
			if err != nil {
				t.Errorf("refused as %s: %v: %s", test.kind, err, test.text)
			}
		})
	}
}
