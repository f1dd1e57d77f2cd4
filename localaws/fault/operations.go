package fault

import (
	"fmt"
	"maps"
	"slices"
)

// Operations lists what faults can be injected into: the names of operations by
// service. An empty one accepts every name.
type Operations map[string][]string

// canonical returns the public name of a service. CloudWatch's endpoint and
// signatures call it monitoring, which older rules do too.
func (o Operations) canonical(service string) string {
	if service == "monitoring" {
		return "cloudwatch"
	}
	return service
}

// check returns an error that lists what exists if there is no such service, or no
// such operation of it, or of any service where none is given.
func (o Operations) check(service, operation string) error {
	if len(o) == 0 {
		return nil
	}

	services := slices.Sorted(maps.Keys(o))
	if service != "" && o[service] == nil {
		return fmt.Errorf("service %q: want one of %s", service, list(services))
	}
	if operation == "" {
		return nil
	}

	// Without a service, the operation of any service will do.
	has := "there are"
	if service != "" {
		has = service + " has"
		services = []string{service}
	}

	var names []string
	for _, s := range services {
		names = append(names, o[s]...)
	}

	if slices.Contains(names, operation) {
		return nil
	}

	slices.Sort(names)
	return fmt.Errorf("operation %q: %s %s", operation, has, list(slices.Compact(names)))
}
