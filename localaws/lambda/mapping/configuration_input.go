package mapping

import (
	"fmt"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/mapping/filter"
)

// ConfigurationInput is the members that CreateEventSourceMapping and
// UpdateEventSourceMapping share. Nil leaves a value unchanged.
type ConfigurationInput struct {
	// FunctionName is the function's name, partial or full ARN, qualified or
	// not (LAM B6).
	FunctionName *string `json:"FunctionName,omitempty"`
	// Enabled is whether the mapping polls; true when nil at creation.
	Enabled *bool `json:"Enabled,omitempty"`
	// BatchSize is the most messages in one event, 1 to 10,000; 10 when nil at
	// creation (LAM B7).
	BatchSize *int `json:"BatchSize,omitempty"`
	// MaximumBatchingWindowInSeconds is how long a batch waits for more messages, 0 to 300.
	MaximumBatchingWindowInSeconds *int `json:"MaximumBatchingWindowInSeconds,omitempty"`
	// FilterCriteria selects the messages that reach the function; empty removes the
	// filters.
	FilterCriteria *FilterCriteria `json:"FilterCriteria,omitempty"`
	// FunctionResponseTypes switches ReportBatchItemFailures on; empty and not
	// nil switches it off.
	FunctionResponseTypes []string `json:"FunctionResponseTypes,omitempty"`
	// ScalingConfig limits concurrency; empty removes the limit.
	ScalingConfig *ScalingConfig `json:"ScalingConfig,omitempty"`
	// ProvisionedPollerConfig switches provisioned mode on; empty switches it
	// off.
	ProvisionedPollerConfig *ProvisionedPollerConfig `json:"ProvisionedPollerConfig,omitempty"`
	// MetricsConfig switches EventCount on; empty switches it off.
	MetricsConfig *MetricsConfig `json:"MetricsConfig,omitempty"`
	// KMSKeyArn would encrypt the filters. Only the empty key is accepted: there
	// is no KMS here.
	KMSKeyArn *string `json:"KMSKeyArn,omitempty"`
	// DestinationConfig is for streams, and refused when it names a destination.
	DestinationConfig *DestinationConfig `json:"DestinationConfig,omitempty"`
	// ParallelizationFactor is for streams, and refused.
	ParallelizationFactor *int `json:"ParallelizationFactor,omitempty"`
	// MaximumRecordAgeInSeconds is for streams, and refused.
	MaximumRecordAgeInSeconds *int `json:"MaximumRecordAgeInSeconds,omitempty"`
	// BisectBatchOnFunctionError is for streams, and refused when true.
	BisectBatchOnFunctionError *bool `json:"BisectBatchOnFunctionError,omitempty"`
	// MaximumRetryAttempts is for streams, and refused.
	MaximumRetryAttempts *int `json:"MaximumRetryAttempts,omitempty"`
	// TumblingWindowInSeconds is for streams, and refused unless 0.
	TumblingWindowInSeconds *int `json:"TumblingWindowInSeconds,omitempty"`
}

// DestinationConfig is where mappings of streams send failed records (LAM B12).
type DestinationConfig struct {
	// OnSuccess is refused.
	OnSuccess *Destination `json:"OnSuccess,omitempty"`
	// OnFailure is refused when it names a destination.
	OnFailure *Destination `json:"OnFailure,omitempty"`
}

// Destination is one destination.
type Destination struct {
	// Destination is an ARN.
	Destination *string `json:"Destination,omitempty"`
}

// The patterns of AWS's model.
var (
	arnPattern      = awsapi.NewPattern(`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)`)
	functionPattern = awsapi.NewPattern(`(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?` +
		`(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`)
)

// constrain checks the constraints of the model (LAM A3, B7, B28, B29).
func (in *ConfigurationInput) constrain(check *awsapi.Validation) {
	if name := in.FunctionName; name != nil {
		// An empty name violates the pattern, too.
		check.MinLength("functionName", *name, 1)
		check.MaxLength("functionName", *name, 256)
		if !functionPattern.Matches(*name) {
			check.Add("functionName", *name, functionPattern.String())
		}
	}

	check.Between("batchSize", in.BatchSize, 1, 10000)
	check.Between("maximumBatchingWindowInSeconds", in.MaximumBatchingWindowInSeconds, 0, 300)
	if c := in.ScalingConfig; c != nil {
		check.Between("scalingConfig.maximumConcurrency", c.MaximumConcurrency, 2, 1000)
	}

	if c := in.ProvisionedPollerConfig; c != nil {
		check.Between("provisionedPollerConfig.minimumPollers", c.MinimumPollers, 1, 200)
		check.Between("provisionedPollerConfig.maximumPollers", c.MaximumPollers, 1, 2000)
	}

	check.MaxEntries("functionResponseTypes", len(in.FunctionResponseTypes), 1)
	check.EachOneOf("functionResponseTypes", in.FunctionResponseTypes, reportBatchItemFailures)
	if c := in.MetricsConfig; c != nil {
		check.MaxEntries("metricsConfig.metrics", len(c.Metrics), 3)
		check.EachOneOf("metricsConfig.metrics", c.Metrics, eventCount, "ErrorCount", "KafkaMetrics")
	}

	if c := in.FilterCriteria; c != nil {
		for i, e := range c.Filters {
			if e.Pattern != nil {
				check.MaxLength(fmt.Sprintf("filterCriteria.filters.%d.member.pattern", i+1), *e.Pattern, filter.MaxPattern)
			}
		}
	}
}

// refuseUnsupported refuses the parameters of other kinds of event source (LAM B4, B12) and
// those that are not embedded.
func (in *ConfigurationInput) refuseUnsupported() error {
	// Values that ask for nothing, such as false, are accepted.
	for _, p := range []struct {
		name  string
		given bool
	}{
		{"DestinationConfig", in.DestinationConfig.given()},
		{"ParallelizationFactor", in.ParallelizationFactor != nil},
		{"MaximumRecordAgeInSeconds", in.MaximumRecordAgeInSeconds != nil},
		{"BisectBatchOnFunctionError", in.BisectBatchOnFunctionError != nil && *in.BisectBatchOnFunctionError},
		{"MaximumRetryAttempts", in.MaximumRetryAttempts != nil},
		{"TumblingWindowInSeconds", in.TumblingWindowInSeconds != nil && *in.TumblingWindowInSeconds != 0},
		{"PollerGroupName", in.ProvisionedPollerConfig != nil && in.ProvisionedPollerConfig.PollerGroupName != nil},
	} {
		if p.given {
			return unsupported(p.name)
		}
	}

	if c := in.MetricsConfig; c != nil {
		for _, m := range c.Metrics {
			if m != eventCount {
				return errParameter.With("Unsupported metric %s for given event source mapping type.", m)
			}
		}
	}

	if in.KMSKeyArn != nil && *in.KMSKeyArn != "" {
		return errParameter.With("The embedded AWS has no KMS and does not support the parameter KMSKeyArn.")
	}

	return nil
}

// given reports whether a destination is named.
func (d *DestinationConfig) given() bool {
	return d != nil && (d.OnSuccess != nil || d.OnFailure != nil && d.OnFailure.Destination != nil && *d.OnFailure.Destination != "")
}

// apply changes r where the request gives a value.
func (in *ConfigurationInput) apply(r *storedConfiguration) error {
	setIfGiven(&r.Enabled, in.Enabled)
	setIfGiven(&r.BatchSize, in.BatchSize)
	setIfGiven(&r.Window, in.MaximumBatchingWindowInSeconds)
	if in.FunctionResponseTypes != nil {
		r.ReportFailures = len(in.FunctionResponseTypes) > 0
	}

	if c := in.ScalingConfig; c != nil {
		// An empty object removes the limit.
		r.MaxConcurrency = 0
		setIfGiven(&r.MaxConcurrency, c.MaximumConcurrency)
	}

	if c := in.ProvisionedPollerConfig; c != nil {
		// An empty object switches provisioned mode off; what is left out has its default.
		r.MinPollers = 0
		r.MaxPollers = 0
		if c.MinimumPollers != nil || c.MaximumPollers != nil {
			r.MinPollers = 2
			r.MaxPollers = 200
			setIfGiven(&r.MinPollers, c.MinimumPollers)
			setIfGiven(&r.MaxPollers, c.MaximumPollers)
		}
	}

	if c := in.MetricsConfig; c != nil {
		r.EventCount = len(c.Metrics) > 0
	}

	if c := in.FilterCriteria; c != nil {
		return r.setFilters(c.Filters)
	}

	return nil
}

// setIfGiven sets *dst to *v unless v is nil.
func setIfGiven[T any](dst, v *T) {
	if v != nil {
		*dst = *v
	}
}

// setFilters replaces the filters, if all of them compile (LAM B19).
func (r *storedConfiguration) setFilters(filters []Filter) error {
	if len(filters) > maxFilters {
		return errParameter.With("The number of filters %d exceeds the maximum of %d.", len(filters), maxFilters)
	}

	// An error leaves the stored configuration as it is: r is a copy.
	r.Filters = nil
	for _, f := range filters {
		if f.Pattern == nil {
			return errParameter.With("Invalid filter pattern definition.")
		}

		if _, err := filter.Compile(*f.Pattern); err != nil {
			return errParameter.With("Invalid filter pattern definition. (%s)", err)
		}

		r.Filters = append(r.Filters, *f.Pattern)
	}

	return nil
}

// maxFilters is the most filters of a mapping. AWS raises its quota of 5 to 10 on request
// (LAM B7), so that nothing that works there is refused here.
const maxFilters = 10

// checkConsistency checks rules about several values of r (LAM B7, B14, B29).
func (r *storedConfiguration) checkConsistency() error {
	switch {
	case r.FIFO && r.Window > 0:
		return errParameter.With("Batching window is not supported for FIFO queues")
	case r.FIFO && r.BatchSize > 10:
		return errParameter.With("Batch size must be less than or equal to 10 for FIFO queues")
	case r.BatchSize > 10 && r.Window == 0:
		return errParameter.With("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	case r.MinPollers > 0 && r.MaxConcurrency > 0:
		return errParameter.With("ProvisionedPollerConfig and ScalingConfig with MaximumConcurrency are mutually exclusive.")
	case r.MinPollers == 1 || r.MaxPollers == 1:
		return errParameter.With("MinimumPollers and MaximumPollers must be at least 2 for SQS.")
	case r.MinPollers > r.MaxPollers:
		return errParameter.With("MinimumPollers must be less than or equal to MaximumPollers.")
	}

	return nil
}
