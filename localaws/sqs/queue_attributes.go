package sqs

import (
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// with returns a copy with new values, all of them or none (SQS E8).
func (a queueAttributes) with(values map[string]string, fifo bool) (queueAttributes, error) {
	if err := checkAttributeNames(values, fifo); err != nil {
		return a, err
	}
	if values["KmsMasterKeyId"] != "" && strings.EqualFold(values["SqsManagedSseEnabled"], "true") {
		return a, errAttributeName.With("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}

	for i := range attributeSpecs {
		spec := &attributeSpecs[i]
		if v, given := values[spec.name]; given && !spec.set(&a, v) {
			return a, invalidAttributeValue(spec.name)
		}
	}

	// Rules between attributes.
	if a.managedSSE {
		a.kmsKeyID = ""
	}
	if a.throughputPerGroup && !a.dedupPerGroup {
		return a, errParameterValue.With("The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return a, a.setPolicies(values)
}

// values returns the attributes as GetQueueAttributes reports them, without those
// that have no value (SQS E2).
func (a *queueAttributes) values(fifo bool) map[string]string {
	all := make(map[string]string, len(attributeSpecs)+8)
	for i := range attributeSpecs {
		spec := &attributeSpecs[i]
		if !spec.fifoOnly || fifo {
			all[spec.name] = spec.get(a)
		}
	}

	// These are not among the specs.
	if fifo {
		all["FifoQueue"] = "true"
	}
	all["Policy"] = a.policy
	if a.redrive != nil {
		all["RedrivePolicy"] = a.redrive.String()
	}
	if a.redriveAllow != nil {
		all["RedriveAllowPolicy"] = a.redriveAllow.String()
	}

	maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
	return all
}

// setPolicies sets the attributes that are JSON documents. An empty value removes
// the attribute (SQS E10).
func (a *queueAttributes) setPolicies(values map[string]string) (err error) {
	if text, given := values["Policy"]; given {
		if err := checkPolicy(text); err != nil {
			return err
		}
		a.policy = text
	}
	if text, given := values["RedrivePolicy"]; given {
		a.redrive = nil
		if text != "" {
			if a.redrive, err = parseRedrivePolicy(text); err != nil {
				return err
			}
		}
	}
	if text, given := values["RedriveAllowPolicy"]; given {
		a.redriveAllow = nil
		if text != "" {
			if a.redriveAllow, err = parseRedriveAllowPolicy(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// attributeNames returns the name of every attribute, without All.
func attributeNames() []string {
	names := slices.Concat(readOnlyAttributes, []string{"FifoQueue", "Policy", "RedrivePolicy", "RedriveAllowPolicy"})
	for i := range attributeSpecs {
		names = append(names, attributeSpecs[i].name)
	}
	return names
}

// checkAttributeNames refuses the first name, in alphabetical order, that cannot be
// set on a queue of this type (SQS D5, E4, E5).
func checkAttributeNames(values map[string]string, fifo bool) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(readOnlyAttributes, name) || !slices.Contains(attributeNames(), name) {
			return unknownAttribute(name)
		}

		// The rest applies to standard queues, which lack some attributes.
		if fifo {
			continue
		}
		switch name {
		case "FifoQueue", "ContentBasedDeduplication":
			return unknownAttribute(name)
		case "DeduplicationScope", "FifoThroughputLimit":
			return errAttributeName.With("You can specify the %s only when FifoQueue is set to true.", name)
		}
	}
	return nil
}

// unknownAttribute returns the error for an unknown attribute name (SQS E4, E5).
func unknownAttribute(name string) *awsapi.Error {
	return errAttributeName.With("Unknown Attribute %s.", name)
}

// invalidAttributeValue returns the error for an invalid attribute value (SQS E6).
func invalidAttributeValue(name string) *awsapi.Error {
	return errAttributeValue.With("Invalid value for the parameter %s.", name)
}
