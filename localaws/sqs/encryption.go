package sqs

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// keyActions are the permissions on a customer's key that an action on an encrypted
// queue needs (IAM A9).
var keyActions = map[string][]string{
	"SendMessage":    {"kms:GenerateDataKey", "kms:Decrypt"},
	"ReceiveMessage": {"kms:Decrypt"},
}

// managedKey is the key that AWS keeps for SQS in every account. Its policy lets
// everybody in who may use the queue.
const managedKey = "alias/aws/sqs"

// keyARN returns the ARN of the customer's key that encrypts a queue, or nothing
// where permissions on a key do not count.
func keyARN(k queueKey, id string) string {
	if id == "" || id == managedKey {
		return ""
	}
	a, ok := awsapi.ParseARN(id)
	switch {
	case !ok:
		return "arn:aws:kms:" + k.region + ":" + k.account + ":key/" + id
	case a.Resource == managedKey:
		return ""
	}
	return id
}

// checkKey refuses a key of which it cannot be known who may use it: there is no
// KMS here, so that an alias leads to no key, and the policy of another account's
// key is not known. A key of the queue's own account is taken to have KMS's default
// policy, by which the policies of roles decide.
func checkKey(k queueKey, id string) error {
	refuse := func(reason string) error {
		return errUnsupported.With("The embedded AWS has no KMS and does not support KmsMasterKeyId %s: %s.", id, reason)
	}
	if keyARN(k, id) == "" {
		return nil
	}
	a, isARN := awsapi.ParseARN(id)
	switch {
	case strings.HasPrefix(id, "alias/") || isARN && a.Service == "kms" && strings.HasPrefix(a.Resource, "alias/"):
		return refuse("it cannot tell which key an alias means, so give the ARN of the key")
	case isARN && (a.Service != "kms" || !strings.HasPrefix(a.Resource, "key/")) || !isARN && strings.ContainsAny(id, ":/"):
		return refuse("it is not the id or the ARN of a key")
	case isARN && a.Account != k.account:
		return refuse("it cannot tell whom the key of another account lets in")
	}
	return nil
}
