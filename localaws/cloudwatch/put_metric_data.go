package cloudwatch

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// units are the units of CloudWatch.
var units = []string{
	"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits",
	"Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second",
	"Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second",
	"Terabits/Second", "Count/Second", noUnit,
}

// invalidUnit returns the error for an unknown unit.
func invalidUnit(member, unit string) error {
	return errValidation.Violation(member, unit, awsapi.OneOf(units...))
}

// PutMetricDataInput is the input of PutMetricData.
type PutMetricDataInput struct {
	// Namespace is the metrics' namespace; it must not start with AWS/.
	Namespace string `json:"Namespace"`
	// MetricData are up to 1000 data.
	MetricData []MetricDatum `json:"MetricData,omitempty"`
}

// MetricDatum is data of a metric: exactly one of Value, Values and
// StatisticValues.
type MetricDatum struct {
	// MetricName is the metric's name.
	MetricName string `json:"MetricName"`
	// Dimensions are at most 30.
	Dimensions []Dimension `json:"Dimensions,omitempty"`
	// Timestamp is at most two weeks ago and two hours ahead; absent means now.
	Timestamp *awsapi.Timestamp `json:"Timestamp,omitempty"`
	// Value is a single value.
	Value *float64 `json:"Value,omitempty"`
	// StatisticValues is a set of values as their aggregates.
	StatisticValues *StatisticSet `json:"StatisticValues,omitempty"`
	// Values are up to 150 values.
	Values []float64 `json:"Values,omitempty"`
	// Counts is how often each of Values occurred; absent means once.
	Counts []float64 `json:"Counts,omitempty"`
	// Unit is a unit of CloudWatch; empty means None.
	Unit string `json:"Unit,omitempty"`
	// StorageResolution is 1 or 60, in seconds; absent means 60.
	StorageResolution *int `json:"StorageResolution,omitempty"`
}

// PutMetricData adds data to metrics. If any datum is invalid, it adds none.
func (s *Service) PutMetricData(_ context.Context, c *awsapi.Call, in *PutMetricDataInput) error {
	now := s.clock.Now()
	switch {
	case in.Namespace == "":
		return missingParameter("Namespace")
	case len(in.Namespace) > 255 || strings.HasPrefix(in.Namespace, ":"):
		return errInvalidValue.With("The value %s for parameter Namespace is invalid.", in.Namespace)
	case strings.HasPrefix(in.Namespace, "AWS/"):
		return errInvalidValue.With("The value AWS/ for parameter Namespace is invalid.")
	case len(in.MetricData) == 0:
		return missingParameter("MetricData")
	case len(in.MetricData) > 1000:
		return errInvalidValue.With("The collection MetricData must not have a size greater than 1000.")
	}

	// Validate everything before anything changes.
	for i := range in.MetricData {
		if err := in.MetricData[i].validate(i+1, now); err != nil {
			return err
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	for i := range in.MetricData {
		d := &in.MetricData[i]
		m := s.metricFor(c.Scope(), in.Namespace, d.MetricName, d.Dimensions)
		if m == nil {
			return errLimit.With("The embedded AWS stores at most %d metrics for one account and region.", s.maxMetrics)
		}
		at := now
		if d.Timestamp != nil {
			at = d.Timestamp.Time()
		}
		d.addTo(s.bucketFor(m, d.Unit, at, d.StorageResolution != nil && *d.StorageResolution == 1))
		s.notifyAlarms(m, true)
	}

	return nil
}

// addTo adds the datum to a bucket.
func (d *MetricDatum) addTo(b *bucket) {
	switch {
	case d.StatisticValues != nil:
		b.addSet(*d.StatisticValues)
	case d.Value != nil:
		b.add(*d.Value, 1)
	}

	// Counts are optional, and a value may have the count 0.
	for i, v := range d.Values {
		count := 1.0
		if d.Counts != nil {
			count = d.Counts[i]
		}
		if count > 0 {
			b.add(v, count)
		}
	}
}

// validate checks datum number n, counted from 1 (LAM E29).
func (d *MetricDatum) validate(n int, now time.Time) error {
	invalid := func(format string, args ...any) error {
		args = append([]any{n}, args...)
		return errInvalidValue.With("The parameter MetricData.member.%d."+format, args...)
	}
	conflict := func(a, b string) error {
		return errInvalidCombination.With("The parameters MetricData.member.%d.%s and MetricData.member.%d.%s "+
			"are mutually exclusive and you have specified both.", n, a, n, b)
	}
	switch {
	case d.MetricName == "":
		return errMissingParameter.With("The parameter MetricData.member.%d.MetricName is required.", n)
	case len(d.MetricName) > 255:
		return invalid("MetricName must be shorter than 256 characters.")
	case d.Value != nil && d.Values != nil:
		return conflict("Value", "Values")
	case d.Value != nil && d.StatisticValues != nil:
		return conflict("Value", "StatisticValues")
	case d.Values != nil && d.StatisticValues != nil:
		return conflict("Values", "StatisticValues")
	case d.Value == nil && d.Values == nil && d.StatisticValues == nil:
		return errMissingParameter.With("The parameter MetricData.member.%d.Value is required.", n)
	case d.Counts != nil && len(d.Counts) != len(d.Values):
		return errInvalidValue.With("The parameters MetricData.member.%d.Values and MetricData.member.%d.Counts must be of the same size.", n, n)
	case len(d.Values) > 150:
		return invalid("Values must not have a size greater than 150.")
	case d.Unit != "" && !slices.Contains(units, d.Unit):
		return invalidUnit("metricData", d.Unit)
	case d.StorageResolution != nil && *d.StorageResolution != 1 && *d.StorageResolution != minute:
		return invalid("StorageResolution must be 1 or 60; it is %d.", *d.StorageResolution)
	case d.Timestamp != nil && now.Sub(d.Timestamp.Time()) > 14*24*time.Hour:
		return invalid("Timestamp must specify a time within the past two weeks.")
	case d.Timestamp != nil && d.Timestamp.Time().Sub(now) > 2*time.Hour:
		return invalid("Timestamp must specify a time no more than two hours in the future.")
	}

	if err := validateDimensions(d.Dimensions); err != nil {
		return err
	}

	return d.validateNumbers(invalid)
}

// validateNumbers checks that all numbers of the datum are in range.
func (d *MetricDatum) validateNumbers(invalid func(string, ...any) error) error {
	all := slices.Concat(d.Values, d.Counts)
	if d.Value != nil {
		all = append(all, *d.Value)
	}

	if set := d.StatisticValues; set != nil {
		if set.SampleCount == nil || set.Sum == nil || set.Minimum == nil || set.Maximum == nil {
			return invalid("StatisticValues must have SampleCount, Sum, Minimum and Maximum.")
		}
		if *set.SampleCount <= 0 || *set.Minimum > *set.Maximum {
			return invalid("StatisticValues must have a positive SampleCount and a Minimum that is not above the Maximum.")
		}
		all = append(all, *set.SampleCount, *set.Sum, *set.Minimum, *set.Maximum)
	}

	// CloudWatch's range of values.
	for _, v := range all {
		if math.IsNaN(v) || math.Abs(v) > 0x1p360 {
			return invalid("Value must be a number between -2^360 and 2^360.")
		}
	}

	for _, c := range d.Counts {
		if c < 0 {
			return invalid("Counts must not be negative.")
		}
	}

	return nil
}

// validateDimensions checks a metric's dimensions (LAM E29).
func validateDimensions(dimensions []Dimension) error {
	if len(dimensions) > 30 {
		return errInvalidValue.With("The collection Dimensions must not have a size greater than 30.")
	}

	for i, d := range dimensions {
		switch {
		case d.Name == "" || len(d.Name) > 255 || strings.HasPrefix(d.Name, ":") || strings.ContainsRune(d.Name, 0):
			return errInvalidValue.With("The value '%s' for parameter Dimensions.member.%d.Name is invalid.", d.Name, i+1)
		case d.Value == "" || len(d.Value) > 1024 || strings.ContainsRune(d.Value, 0):
			return errInvalidValue.With("The value '%s' for parameter Dimensions.member.%d.Value is invalid.", d.Value, i+1)
		case slices.ContainsFunc(dimensions[:i], func(o Dimension) bool { return o.Name == d.Name }):
			return errInvalidValue.With("The dimension %s occurs more than once.", d.Name)
		}
	}

	return nil
}
