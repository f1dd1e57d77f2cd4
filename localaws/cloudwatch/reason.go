package cloudwatch

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// comparisonPhrases are the comparison operators in words (LAM E24).
var comparisonPhrases = map[string]string{
	"GreaterThanThreshold":          "greater than",
	"GreaterThanOrEqualToThreshold": "greater than or equal to",
	"LessThanThreshold":             "less than",
	"LessThanOrEqualToThreshold":    "less than or equal to",
}

// stateReason returns the reason for a change of state in AWS's words (LAM E24), as
// text and as JSON.
func (a *alarm) stateReason(v evaluation, at time.Time) (text, data string) {
	switch {
	case v.state == stateInsufficient:
		text = fmt.Sprintf("Insufficient Data: %s unknown.", plural(v.missing, "datapoint was", "datapoints were"))
	case len(v.datapoints) == 0:
		treated := "NonBreaching"
		if a.treatMissing() == "breaching" {
			treated = "Breaching"
		}
		text = fmt.Sprintf("Threshold Crossed: no datapoints were received for %s and %s treated as [%s].",
			plural(v.missing, "period", "periods"), plural(v.missing, "missing datapoint was", "missing datapoints were"), treated)
	default:
		text = a.thresholdReason(v)
	}

	return text, a.reasonData(v, at)
}

// plural returns n with the singular or plural form of a noun.
func plural(n int, singular, pluralForm string) string {
	if n == 1 {
		return "1 " + singular
	}
	return strconv.Itoa(n) + " " + pluralForm
}

// thresholdReason returns the reason for a state if there are datapoints.
func (a *alarm) thresholdReason(v evaluation) string {
	newest := slices.Clone(v.datapoints)
	slices.Reverse(newest)

	// The text lists breaching datapoints for ALARM, all for OK, or those that do not
	// breach for OK with "M out of N".
	shown := newest
	if v.state == stateAlarm {
		shown = slices.DeleteFunc(slices.Clone(newest), func(p datapoint) bool { return !a.breaches(p.value) })
	} else if a.config.DatapointsToAlarm != nil {
		shown = slices.DeleteFunc(slices.Clone(newest), func(p datapoint) bool { return a.breaches(p.value) })
	}

	// AWS lists at most five datapoints, newest first.
	var listed []string
	for _, p := range shown[:min(len(shown), 5)] {
		listed = append(listed, fmt.Sprintf("%s (%s)", formatNumber(p.value), epoch(p.start).Format("02/01/06 15:04:05")))
	}

	// "was greater than", "were not greater than" and so on.
	verb := "were"
	if len(shown) == 1 {
		verb = "was"
	}

	not := ""
	if v.state == stateOK {
		not = "not "
	}

	values := fmt.Sprintf("[%s] %s %s%s the threshold (%s)", strings.Join(listed, ", "), verb, not,
		comparisonPhrases[a.config.ComparisonOperator], formatNumber(*a.config.Threshold))
	if a.config.DatapointsToAlarm == nil {
		return fmt.Sprintf("Threshold Crossed: %s %s.", plural(len(shown), "datapoint", "datapoints"), values)
	}

	// "M out of N" also has the number of datapoints that the transition needs.
	least := int(a.datapointsToAlarm())
	change := "OK -> ALARM"
	if v.state == stateOK {
		least = int(a.evaluationPeriods() - a.datapointsToAlarm() + 1)
		change = "ALARM -> OK"
	}

	return fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints %s (minimum %s for %s transition).",
		len(shown), a.evaluationPeriods(), values, plural(least, "datapoint", "datapoints"), change)
}

// formatNumber formats a number as Java does, because CloudWatch does: with at least one
// decimal, and in exponential form (1.0E7) where it is very large or very small.
func formatNumber(v float64) string {
	// Java uses an exponent outside of [0.001, 10,000,000), and no plus sign or leading zero.
	if abs := math.Abs(v); abs >= 1e7 || abs != 0 && abs < 1e-3 {
		s := strconv.FormatFloat(v, 'E', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent) // cannot fail: FormatFloat writes digits
		return mantissa + "E" + strconv.Itoa(n)
	}

	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}

	return s
}

// reasonData returns the StateReasonData of an evaluation.
func (a *alarm) reasonData(v evaluation, at time.Time) string {
	type evaluated struct {
		Timestamp   string   `json:"timestamp"`
		SampleCount *float64 `json:"sampleCount,omitempty"`
		Value       float64  `json:"value"`
	}

	const layout = "2006-01-02T15:04:05.000-0700"
	d := struct {
		Version   string      `json:"version"`
		QueryDate string      `json:"queryDate"`
		StartDate string      `json:"startDate,omitempty"`
		Unit      string      `json:"unit,omitempty"`
		Statistic string      `json:"statistic,omitempty"`
		Period    int64       `json:"period"`
		Recent    []float64   `json:"recentDatapoints"`
		Threshold float64     `json:"threshold"`
		Evaluated []evaluated `json:"evaluatedDatapoints,omitempty"`
	}{
		Version:   "1.0",
		QueryDate: at.Format(layout),
		Unit:      a.config.Unit,
		Period:    a.period,
		Statistic: a.config.Statistic + a.config.ExtendedStatistic,
		Recent:    []float64{},
		Threshold: *a.config.Threshold,
	}

	// recentDatapoints are oldest first, evaluatedDatapoints newest first.
	for i, p := range v.datapoints {
		if i == 0 {
			d.StartDate = epoch(p.start).Format(layout)
		}
		d.Recent = append(d.Recent, p.value)
		e := evaluated{Timestamp: epoch(p.start).Format(layout), Value: p.value}
		if p.count > 0 {
			e.SampleCount = &p.count
		}
		d.Evaluated = append([]evaluated{e}, d.Evaluated...)
	}

	text, err := json.Marshal(d)
	if err != nil {
		return "" // a value that JSON cannot hold
	}

	return string(text)
}
