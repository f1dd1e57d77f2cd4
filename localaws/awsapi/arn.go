package awsapi

import "strings"

// ARN is an Amazon Resource Name in its six parts:
// arn:partition:service:region:account:resource.
type ARN struct {
	// Partition is aws in every ARN that [ParseARN] accepts.
	Partition string
	// Service is the service's namespace, such as sqs.
	Service string
	// Region may be empty, as in IAM's ARNs.
	Region string
	// Account is the 12-digit account id, or empty.
	Account string
	// Resource is everything after the fifth colon, colons included.
	Resource string
}

// String returns the ARN as text.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Partition is the only AWS partition that is embedded.
const Partition = "aws"

// ParseARN splits s and reports whether it is an ARN of the embedded partition. An
// ARN of another partition, such as aws-cn, names no resource here: a service that
// took it for its own resource would bypass every Deny on that resource.
func ParseARN(s string) (ARN, bool) {
	p := strings.SplitN(s, ":", 6)

	// Region and account may be empty: ARNs of IAM have no region (LAM D9).
	if len(p) != 6 || p[0] != "arn" || p[1] != Partition || p[2] == "" || p[5] == "" {
		return ARN{}, false
	}

	return ARN{
		Partition: p[1],
		Service:   p[2],
		Region:    p[3],
		Account:   p[4],
		Resource:  p[5],
	}, true
}
