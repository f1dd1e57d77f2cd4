package policy_test

import (
	"fmt"

	"github.com/reliableq/reliableq/localaws/policy"
)

func ExamplePolicies_Decide() {
	identity, err := policy.Parse(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"sqs:*","Resource":"*"},
		{"Effect":"Deny","Action":"sqs:PurgeQueue","Resource":"*"}]}`, policy.Identity)
	if err != nil {
		fmt.Println(err)
		return
	}

	policies := policy.Policies{Identity: []*policy.Document{identity}}
	for _, action := range []string{"sqs:SendMessage", "sqs:PurgeQueue", "s3:GetObject"} {
		d := policies.Decide(&policy.Request{
			Principal: policy.Principal{Account: "000000000000", ARN: "arn:aws:iam::000000000000:user/u"},
			Action:    action, Resource: "arn:aws:sqs:us-east-1:000000000000:q",
		})
		fmt.Printf("%s: allowed %v, explicit deny %v, by %s\n", action, d.Allowed, d.Explicit, d.By)
	}

	// Output:
	// sqs:SendMessage: allowed true, explicit deny false, by identity-based policy
	// sqs:PurgeQueue: allowed false, explicit deny true, by identity-based policy
	// s3:GetObject: allowed false, explicit deny false, by identity-based policy
}
