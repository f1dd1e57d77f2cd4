package awsapi

// Service describes one embedded service to the gateway: how its requests are
// recognized, and its operations. An operation that is not in the table is refused
// by name.
type Service struct {
	// Name is the service's name in a signature's scope and in IAM actions: sqs,
	// lambda, iam, sts, logs, monitoring.
	Name string
	// Target is the prefix of X-Amz-Target before the dot, such as AmazonSQS
	// or Logs_20140328; empty where the service has no JSON protocol.
	Target string
	// JSONVersion is "1.0" or "1.1".
	JSONVersion string
	// QueryVersion is the API version in Query requests, such as 2012-11-05;
	// empty where the service has no Query protocol.
	QueryVersion string
	// Namespace is the XML namespace of Query responses.
	Namespace string
	// Flattened means that lists in Query are Name.1 instead of Name.member.1,
	// and that XML lists repeat the element (SQS B3, B5).
	Flattened bool
	// CBORService is the service's name in /service/NAME/operation/OP, or
	// empty.
	CBORService string
	// ErrorNamespace is the namespace of __type for model errors.
	ErrorNamespace string
	// Operations is the table, by name.
	Operations map[string]Operation
	// Refused are further REST operations of AWS's model, with Name, Method and
	// Path only, so that a request for one can be refused by name. In other
	// protocols the request has the name.
	Refused []Operation
}

// Table returns operations by name. It panics if two have the same name: that is a
// bug, and the first test finds it.
func Table(ops ...Operation) map[string]Operation {
	table := make(map[string]Operation, len(ops))
	for _, op := range ops {
		if _, exists := table[op.Name]; exists {
			panic("two operations have the name " + op.Name)
		}
		table[op.Name] = op
	}

	return table
}
