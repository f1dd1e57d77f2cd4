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

// phrases are the comparisons in words (LAM E24).
var phrases = map[string]string{
	"GreaterThanThreshold":          "greater than",
	"GreaterThanOrEqualToThreshold": "greater than or equal to",
	"LessThanThreshold":             "less than",
	"LessThanOrEqualToThreshold":    "less than or equal to",
}

// reason says in AWS's words why an alarm changes to a verdict's state (LAM E24).
func (a *alarm) reason(v verdict, at time.Time) (text, data string) {
	switch {
	case v.state == stateInsufficient:
		text = fmt.Sprintf("Insufficient Data: %s unknown.", many(v.filled, "datapoint was", "datapoints were"))
	case len(v.used) == 0:
		treated := "NonBreaching"
		if a.treatMissing() == "breaching" {
			treated = "Breaching"
		}
		text = fmt.Sprintf("Threshold Crossed: no datapoints were received for %s and %s treated as [%s].",
			many(v.filled, "period", "periods"), many(v.filled, "missing datapoint was", "missing datapoints were"), treated)
	default:
		text = a.crossed(v)
	}
	return text, a.reasonData(v, at)
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// crossed is the reason when there are datapoints.
func (a *alarm) crossed(v verdict) string {
	newest := slices.Clone(v.used)
	slices.Reverse(newest)
	shown := newest
	if v.state == stateAlarm {
		shown = slices.DeleteFunc(slices.Clone(newest), func(p datapoint) bool { return !a.breaches(p.value) })
	} else if a.config.DatapointsToAlarm != nil {
		shown = slices.DeleteFunc(slices.Clone(newest), func(p datapoint) bool { return a.breaches(p.value) })
	}
	var listed []string
	for _, p := range shown[:min(len(shown), 5)] {
		listed = append(listed, fmt.Sprintf("%s (%s)", number(p.value), epoch(p.start).Format("02/01/06 15:04:05")))
	}
	not, verb := "", "were"
	if v.state == stateOK {
		not = "not "
	}
	if len(shown) == 1 {
		verb = "was"
	}
	values := fmt.Sprintf("[%s] %s %s%s the threshold (%s)", strings.Join(listed, ", "), verb, not,
		phrases[a.config.ComparisonOperator], number(*a.config.Threshold))
	if a.config.DatapointsToAlarm == nil {
		return fmt.Sprintf("Threshold Crossed: %s %s.", many(len(shown), "datapoint", "datapoints"), values)
	}
	least, change := int(a.toAlarm()), "OK -> ALARM"
	if v.state == stateOK {
		least, change = int(a.evaluationPeriods()-a.toAlarm()+1), "ALARM -> OK"
	}
	return fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints %s (minimum %s for %s transition).",
		len(shown), a.evaluationPeriods(), values, many(least, "datapoint", "datapoints"), change)
}

// number writes a number as Java does, which is how CloudWatch writes it: with a
// digit behind the point at least, and as 1.0E7 from there on.
func number(v float64) string {
	if abs := math.Abs(v); abs >= 1e7 || abs != 0 && abs < 1e-3 {
		s := strconv.FormatFloat(v, 'E', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent)
		return mantissa + "E" + strconv.Itoa(n)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// reasonData is StateReasonData: the same for machines.
func (a *alarm) reasonData(v verdict, at time.Time) string {
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
		Version: "1.0", QueryDate: at.Format(layout), Unit: a.config.Unit, Period: a.period,
		Statistic: a.config.Statistic + a.config.ExtendedStatistic, Recent: []float64{}, Threshold: *a.config.Threshold,
	}
	for i, p := range v.used {
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
