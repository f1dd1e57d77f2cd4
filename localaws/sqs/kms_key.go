package sqs

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// kmsActions are the permissions on a customer managed key that an action on an
// encrypted queue needs (IAM A9).
var kmsActions = map[string][]string{
	"SendMessage":    {"kms:GenerateDataKey", "kms:Decrypt"},
	"ReceiveMessage": {"kms:Decrypt"},
}

// managedKey is the AWS managed key for SQS that every account has. Its policy
// allows everyone who may use the queue.
const managedKey = "alias/aws/sqs"

// kmsKeyARN returns the ARN of the customer managed key that encrypts a queue. It
// returns "" if no permission on a key is needed.
func kmsKeyARN(k queueKey, id string) string {
	if id == "" || id == managedKey {
		return ""
	}
	a, ok := awsapi.ParseARN(id)
	switch {
	case !ok:
		return k.ARN("kms", "key/"+id)
	case a.Resource == managedKey:
		return ""
	}
	return id
}

// checkKMSKey refuses a key whose users cannot be determined. There is no embedded
// KMS: an alias cannot be resolved, and the key policy of another account is
// unknown. A key of the queue's own account is assumed to have KMS's default key
// policy, under which the policies of roles decide.
func checkKMSKey(k queueKey, id string) error {
	refuse := func(reason string) error {
		return errUnsupported.With("The embedded AWS has no KMS and does not support KmsMasterKeyId %s: %s.", id, reason)
	}
	if kmsKeyARN(k, id) == "" {
		return nil
	}

	// The value is an alias or a key, each as a plain id or as an ARN.
	a, isARN := awsapi.ParseARN(id)
	isAlias := strings.HasPrefix(id, "alias/") ||
		isARN && a.Service == "kms" && strings.HasPrefix(a.Resource, "alias/")
	isKey := isARN && a.Service == "kms" && strings.HasPrefix(a.Resource, "key/") ||
		!isARN && !strings.ContainsAny(id, ":/")
	switch {
	case isAlias:
		return refuse("an alias cannot be resolved, use the ARN of the key")
	case !isKey:
		return refuse("not the id or the ARN of a key")
	case isARN && a.Account != k.Account:
		return refuse("the key policy of another account is unknown")
	}
	return nil
}
