package cloudwatch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// The bounds of the embedded metric format (LAM E34).
const (
	maxEMFMetrics    = 100
	maxEMFDimensions = 30
	maxEMFValues     = 100

	// maxEMFData bounds what one line yields: metrics times values times sets of
	// dimensions, which is far more than the line is long.
	maxEMFData = 20_000
)

// emfDirective is one element of CloudWatchMetrics.
type emfDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []struct {
		Name              string
		Unit              string
		StorageResolution int
	}
}

// EMF takes the metrics of a log line in embedded metric format. A line that is
// none is passed over. at is the line's own time, which the line may overrule.
func (s *Service) EMF(account, region, line string, at time.Time) {
	for _, d := range parseEMF(line, at) {
		s.Record(account, region, d)
	}
}

// parseEMF reads the metrics of a line. Lines without _aws cost one search. A line
// that would yield more than maxEMFData yields nothing.
func parseEMF(line string, at time.Time) []Datum {
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

// appendData appends the metrics of one directive. One with a dimension that the
// line does not have, or beyond the bounds of a directive, yields nothing. It
// reports false when there are more than maxEMFData.
func (d *emfDirective) appendData(data []Datum, members map[string]json.RawMessage, at time.Time) ([]Datum, bool) {
	if d.Namespace == "" || len(d.Metrics) > maxEMFMetrics {
		return data, true
	}

	sets, ok := d.dimensionSets(members)
	if !ok {
		return data, true
	}

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

// dimensionSets reads the values of each set of dimensions. Without any set there is one
// without dimensions.
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

// emfValues reads a metric's value, a number or up to 100 of them.
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
