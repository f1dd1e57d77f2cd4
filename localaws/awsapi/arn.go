package awsapi

import "strings"

// ARN is an Amazon Resource Name in its six parts:
// arn:partition:service:region:account:resource.
type ARN struct {
	// Partition is always aws in an ARN that [ParseARN] accepts.
	Partition string
	// Service is the service's namespace, such as sqs.
	Service string
	// Region may be empty, as in IAM's.
	Region string
	// Account is the 12-digit account id, or empty.
	Account string
	// Resource is all that follows the fifth colon, colons included.
	Resource string
}

// String puts the parts together.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Partition is the only partition that is embedded.
const Partition = "aws"

// ParseARN splits s and reports whether it is an ARN of the embedded partition.
// ARNs of other partitions, such as aws-cn, name nothing here: a service that took
// one for its own resource would let it past every Deny on that resource.
func ParseARN(s string) (ARN, bool) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[1] != Partition || p[2] == "" || p[5] == "" {
		return ARN{}, false
	}
	return ARN{Partition: p[1], Service: p[2], Region: p[3], Account: p[4], Resource: p[5]}, true
}
