package cloudwatch_test

import (
	"context"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/cloudwatch"
)

func Example() {
	c := clock.New(clock.Manual, time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC))
	defer c.Close()

	s, err := cloudwatch.New(cloudwatch.Options{Clock: c})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	call := &awsapi.Call{Account: "000000000000", Region: "us-east-1"}
	one := 1
	period := int64(60)
	threshold := 0.0
	err = s.PutMetricAlarm(ctx, call, &cloudwatch.PutMetricAlarmInput{
		AlarmName:          "errors",
		Namespace:          "App",
		MetricName:         "Errors",
		Statistic:          "Sum",
		Period:             &period,
		EvaluationPeriods:  &one,
		Threshold:          &threshold,
		ComparisonOperator: "GreaterThanThreshold",
	})

	if err != nil {
		fmt.Println(err)
		return
	}

	s.Record("000000000000", "us-east-1", cloudwatch.Datum{
		Namespace: "App",
		Name:      "Errors",
		Value:     2,
	})

	if err := c.Advance(ctx, time.Minute); err != nil {
		fmt.Println(err)
		return
	}

	out, err := s.DescribeAlarms(ctx, call, &cloudwatch.DescribeAlarmsInput{})
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(out.MetricAlarms[0].StateValue)
	// Output: ALARM
}
