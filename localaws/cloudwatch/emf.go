package cloudwatch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// The limits of the embedded metric format (LAM E34).
const (
	maxEMFMetrics    = 100
	maxEMFDimensions = 30
	maxEMFValues     = 100

	// maxEMFData is the most data of one line: metrics times values times dimension
	// sets can be far more than the line is long.
	maxEMFData = 20_000
)

// emfDirective is an element of CloudWatchMetrics.
type emfDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []struct {
		Name              string
		Unit              string
		StorageResolution int
	}
}

// RecordEMF records the metrics of a log line in embedded metric format. Other lines are
// ignored. at is the time of the line, used if the line has no timestamp of its
// own.
func (s *Service) RecordEMF(account, region, line string, at time.Time) {
	for _, d := range parseEMF(line, at) {
		s.Record(account, region, d)
	}
}

// parseEMF returns the metrics of a line, or none if it would be more than
// maxEMFData.
func parseEMF(line string, at time.Time) []Datum {
	// Most lines are not EMF, so this check must be cheap.
	if !strings.Contains(line, `"_aws"`) {
		return nil
	}

	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(strings.TrimSpace(line)), &members) != nil {
		return nil
	}

	var head struct {
		Timestamp         *float64
		CloudWatchMetrics []emfDirective
	}
	if json.Unmarshal(members["_aws"], &head) != nil {
		return nil
	}

	// A timestamp beyond the range of time.Time is ignored.
	if ms := head.Timestamp; ms != nil && *ms > 0 && *ms < 1e15 {
		at = time.UnixMilli(int64(*ms)).UTC()
	}

	var data []Datum
	for _, d := range head.CloudWatchMetrics {
		var ok bool
		if data, ok = d.appendData(data, members, at); !ok {
			return nil
		}
	}

	return data
}

// appendData appends the data of a directive. A directive with a dimension that the
// line does not have, or beyond the limits, has no data. The result is false if
// there are more than maxEMFData.
func (d *emfDirective) appendData(data []Datum, members map[string]json.RawMessage, at time.Time) ([]Datum, bool) {
	if d.Namespace == "" || len(d.Metrics) > maxEMFMetrics {
		return data, true
	}

	sets, ok := d.dimensionSets(members)
	if !ok {
		return data, true
	}

	// One datum for each value and each set of dimensions.
	for _, m := range d.Metrics {
		if m.Unit != "" && !slices.Contains(units, m.Unit) {
			continue
		}

		values := emfValues(members[m.Name])
		if len(data)+len(values)*len(sets) > maxEMFData {
			return nil, false
		}

		for _, v := range values {
			for _, set := range sets {
				data = append(data, Datum{
					Namespace:      d.Namespace,
					Name:           m.Name,
					Dimensions:     set,
					Unit:           m.Unit,
					Time:           at,
					Value:          v,
					HighResolution: m.StorageResolution == 1,
				})
			}
		}
	}

	return data, true
}

// dimensionSets returns the dimensions with their values. A directive without
// dimension sets has one empty set. The result is false if a dimension is missing
// or invalid.
func (d *emfDirective) dimensionSets(members map[string]json.RawMessage) ([][]Dimension, bool) {
	if len(d.Dimensions) == 0 {
		return [][]Dimension{nil}, true
	}

	var sets [][]Dimension
	for _, names := range d.Dimensions {
		if len(names) > maxEMFDimensions {
			return nil, false
		}

		var set []Dimension
		for _, name := range names {
			var value string
			if json.Unmarshal(members[name], &value) != nil || value == "" {
				return nil, false
			}
			set = append(set, Dimension{name, value})
		}

		if validateDimensions(set) != nil {
			return nil, false
		}

		sets = append(sets, set)
	}

	return sets, true
}

// emfValues returns the value of a metric, which is a number or an array of up to
// 100 numbers.
func emfValues(raw json.RawMessage) []float64 {
	var one float64
	var many []float64
	if json.Unmarshal(raw, &one) == nil && string(raw) != "null" {
		many = []float64{one}
	} else if json.Unmarshal(raw, &many) != nil || len(many) > maxEMFValues {
		return nil
	}
	return slices.DeleteFunc(many, func(v float64) bool { return math.Abs(v) > 0x1p360 })
}
