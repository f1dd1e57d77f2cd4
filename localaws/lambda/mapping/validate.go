package mapping

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/lambda/mapping/filter"
)

// The forms of AWS's model.
const (
	arnPattern      = `arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)`
	functionPattern = `(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?` +
		`(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`
)

var (
	arnForm      = regexp.MustCompile("^" + arnPattern + "$")
	functionForm = regexp.MustCompile("^" + functionPattern + "$")
)

// constrain checks what AWS's model says of a single member: numbers in their
// range, names in their set (LAM A3, B7, B28, B29).
func (in *ConfigurationInput) constrain(f *constraints) {
	if name := in.FunctionName; name != nil {
		f.form("functionName", *name, 1, 256, functionForm)
	}

	f.between("batchSize", in.BatchSize, 1, 10000)
	f.between("maximumBatchingWindowInSeconds", in.MaximumBatchingWindowInSeconds, 0, 300)
	if c := in.ScalingConfig; c != nil {
		f.between("scalingConfig.maximumConcurrency", c.MaximumConcurrency, 2, 1000)
	}

	if c := in.ProvisionedPollerConfig; c != nil {
		f.between("provisionedPollerConfig.minimumPollers", c.MinimumPollers, 1, 200)
		f.between("provisionedPollerConfig.maximumPollers", c.MaximumPollers, 1, 2000)
	}

	f.atMost("functionResponseTypes", len(in.FunctionResponseTypes), 1)
	f.oneOf("functionResponseTypes", in.FunctionResponseTypes, reportBatchItemFailures)
	if c := in.MetricsConfig; c != nil {
		f.atMost("metricsConfig.metrics", len(c.Metrics), 3)
		f.oneOf("metricsConfig.metrics", c.Metrics, eventCount, "ErrorCount", "KafkaMetrics")
	}

	if c := in.FilterCriteria; c != nil {
		for i, e := range c.Filters {
			if e.Pattern != nil && utf8.RuneCountInString(*e.Pattern) > filter.MaxPattern {
				f.fail(fmt.Sprintf("filterCriteria.filters.%d.member.pattern", i+1), "'"+*e.Pattern+"'",
					"Member must have length less than or equal to %d", filter.MaxPattern)
			}
		}
	}
}

// form checks a text's length and pattern.
func (f *constraints) form(field, v string, low, high int, form *regexp.Regexp) {
	quoted := "'" + v + "'"
	n := utf8.RuneCountInString(v)
	if n < low {
		f.fail(field, quoted, "Member must have length greater than or equal to %d", low)
	}
	if n > high {
		f.fail(field, quoted, "Member must have length less than or equal to %d", high)
	}
	if !form.MatchString(v) {
		f.fail(field, quoted, "Member must satisfy regular expression pattern: %s", strings.Trim(form.String(), "^$"))
	}
}

// atMost checks a list's length.
func (f *constraints) atMost(field string, n, most int) {
	if n > most {
		f.fail(field, fmt.Sprintf("of %d entries", n), "Member must have length less than or equal to %d", most)
	}
}

// refuseUnsupported refuses what other kinds of event source have (LAM B4, B12), and
// what is not embedded.
func (in *ConfigurationInput) refuseUnsupported() error {
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

func unsupported(parameter string) error {
	return errParameter.With("Unsupported %s parameter for given event source mapping type.", parameter)
}

func (d *DestinationConfig) given() bool {
	return d != nil && (d.OnSuccess != nil || d.OnFailure != nil && d.OnFailure.Destination != nil && *d.OnFailure.Destination != "")
}

// apply writes what was given into r, and keeps the rest.
func (in *ConfigurationInput) apply(r *record) error {
	setIfGiven(&r.Enabled, in.Enabled)
	setIfGiven(&r.BatchSize, in.BatchSize)
	setIfGiven(&r.Window, in.MaximumBatchingWindowInSeconds)
	if in.FunctionResponseTypes != nil {
		r.ReportFailures = len(in.FunctionResponseTypes) > 0
	}

	if c := in.ScalingConfig; c != nil {
		r.MaxConcurrency = 0
		setIfGiven(&r.MaxConcurrency, c.MaximumConcurrency)
	}

	if c := in.ProvisionedPollerConfig; c != nil {
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

func setIfGiven[T any](dst, v *T) {
	if v != nil {
		*dst = *v
	}
}

// setFilters takes the filters over when all of them compile (LAM B19).
func (r *record) setFilters(filters []Filter) error {
	if len(filters) > maxFilters {
		return errParameter.With("The number of filters %d exceeds the maximum of %d.", len(filters), maxFilters)
	}

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

// maxFilters is how many filters a mapping may have. AWS raises its quota of 5
// to 10 on request (LAM B7), so that nothing that works there is refused here.
const maxFilters = 10

// checkConsistency checks what the settings of r say about each other (LAM B7, B14,
// B29).
func (r *record) checkConsistency() error {
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
