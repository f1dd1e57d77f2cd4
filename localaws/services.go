package localaws

import (
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/fault"
)

// services are the embedded services by their public names: in the control API, in
// faults and in ResetScope.
var services = []string{"sqs", "lambda", "iam", "sts", "logs", "cloudwatch"}

// Services returns the public names of the embedded services.
func Services() []string { return slices.Clone(services) }

// publicName returns the public name of a service. AWS signs requests to CloudWatch
// for a service called monitoring.
func publicName(service string) string {
	if service == "monitoring" {
		return "cloudwatch"
	}
	return service
}

// faultOperations returns the operations into which faults can be injected.
func (p *parts) faultOperations() fault.Operations {
	names := fault.Operations{}
	for _, service := range p.dispatcher.Services {
		names[publicName(service.Name)] = slices.Sorted(maps.Keys(service.Operations))
	}
	return names
}

// faultResources returns the names of the queues and functions that a fault can name.
func (p *parts) faultResources() (queues, functions []string) {
	return p.sqs.QueueNames(), p.lambda.FunctionNames()
}
