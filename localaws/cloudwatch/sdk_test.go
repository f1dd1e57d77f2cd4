package cloudwatch

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/gateway"
)

// edge returns the gateway for the service, without a socket.
func (b *fixture) edge() http.RoundTripper {
	b.t.Helper()

	api := b.API()
	g, err := gateway.New(gateway.Options{
		Dispatcher: &awsapi.Dispatcher{Services: map[string]*awsapi.Service{api.Name: api}},
		Identity:   func(string) (awsapi.Credential, bool) { return awsapi.Credential{}, false },
		Clock:      b.clock,
		Chance:     chance.Seeded(2),
		Account:    account,
		Region:     region,
		NoAuth:     true,
	})
	if err != nil {
		b.t.Fatal(err)
	}

	return gateway.Transport(g)
}

// client returns a client of the SDK, which uses CBOR.
func (b *fixture) client() *cloudwatch.Client {
	return cloudwatch.New(cloudwatch.Options{
		Region:       region,
		BaseEndpoint: aws.String("http://localaws.invalid"),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   &http.Client{Transport: b.edge()},
		Credentials:  credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	})
}

// post sends a request as clients other than the SDK do, and returns status and body.
func (b *fixture) post(body, contentType string, headers ...string) (int, string) {
	b.t.Helper()

	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, "http://localaws.invalid/", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}

	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20260102/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}

	resp, err := b.edge().RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}

	defer resp.Body.Close()

	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}

	return resp.StatusCode, string(text)
}

func (b *fixture) query(values url.Values) (int, string) {
	b.t.Helper()
	values.Set("Version", "2010-08-01")
	return b.post(values.Encode(), "application/x-www-form-urlencoded; charset=utf-8")
}

func TestSDKManagesAlarmsOverCBOR_E15(t *testing.T) {
	t.Parallel()

	b := open(t)
	c := b.client()
	ctx := t.Context()
	_, err := c.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName:          aws.String("dlq"),
		Namespace:          aws.String("AWS/SQS"),
		MetricName:         aws.String("ApproximateNumberOfMessagesVisible"),
		Dimensions:         []types.Dimension{{Name: aws.String("QueueName"), Value: aws.String("dlq")}},
		Statistic:          types.StatisticMaximum,
		Period:             aws.Int32(60),
		EvaluationPeriods:  aws.Int32(1),
		Threshold:          aws.Float64(0),
		TreatMissingData:   aws.String("notBreaching"),
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		Tags:               []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	})
	if err != nil {
		t.Fatal(err)
	}

	b.advance(time.Minute)
	out, err := c.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"dlq"}})
	if err != nil || len(out.MetricAlarms) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}

	a := out.MetricAlarms[0]
	if a.StateValue != types.StateValueOk || *a.Period != 60 || *a.Threshold != 0 || !a.StateUpdatedTimestamp.Equal(start.Add(time.Minute)) ||
		*a.Dimensions[0].Value != "dlq" || !*a.ActionsEnabled {
		t.Errorf("alarm %+v, want it as it was put, in state OK", a)
	}

	tags, err := c.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: a.AlarmArn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "a" {
		t.Errorf("tags %+v, error %v", tags, err)
	}

	if _, err := c.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"dlq"}}); err != nil {
		t.Error(err)
	}
}

func TestSDKWritesAndReadsMetricsOverCBOR_E15(t *testing.T) {
	t.Parallel()

	b := open(t)
	c := b.client()
	ctx := t.Context()
	_, err := c.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("App"), MetricData: []types.MetricDatum{
		{
			MetricName: aws.String("Size"),
			Values:     []float64{1, 2.5},
			Counts:     []float64{2, 1},
			Unit:       types.StandardUnitBytes,
			Timestamp:  aws.Time(start),
		},
	}})
	if err != nil {
		t.Fatal(err)
	}

	data, err := c.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(start),
		EndTime:   aws.Time(start.Add(time.Hour)),
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("m"), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("App"), MetricName: aws.String("Size")},
			Period: aws.Int32(60),
			Stat:   aws.String("Sum"),
		}}},
	})

	if err != nil || len(data.MetricDataResults) != 1 || data.MetricDataResults[0].Values[0] != 4.5 || !data.MetricDataResults[0].Timestamps[0].Equal(start) {
		t.Errorf("GetMetricData returned %+v, error %v", data, err)
	}

	stats, err := c.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace:          aws.String("App"),
		MetricName:         aws.String("Size"),
		StartTime:          aws.Time(start),
		EndTime:            aws.Time(start.Add(time.Hour)),
		Period:             aws.Int32(300),
		Statistics:         []types.Statistic{types.StatisticAverage},
		ExtendedStatistics: nil,
	})

	if err != nil || len(stats.Datapoints) != 1 || *stats.Datapoints[0].Average != 1.5 || stats.Datapoints[0].Unit != types.StandardUnitBytes {
		t.Errorf("GetMetricStatistics returned %+v, error %v", stats, err)
	}

	found, err := c.ListMetrics(ctx, &cloudwatch.ListMetricsInput{Namespace: aws.String("App")})
	if err != nil || len(found.Metrics) != 1 {
		t.Errorf("ListMetrics returned %+v, error %v", found, err)
	}
}

func TestSDKReturnsTypedErrors_E16(t *testing.T) {
	t.Parallel()

	b := open(t)
	c := b.client()
	ctx := t.Context()
	_, err := c.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"none"}})
	var missing *types.ResourceNotFound
	if !errors.As(err, &missing) {
		t.Errorf("error %v, want ResourceNotFound", err)
	}

	_, err = c.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: aws.String("none")})
	var dashboard *types.DashboardNotFoundError
	if !errors.As(err, &dashboard) {
		t.Errorf("error %v, want DashboardNotFoundError", err)
	}

	_, err = c.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/SQS"), MetricData: []types.MetricDatum{{MetricName: aws.String("x")}}})
	var invalid *types.InvalidParameterValueException
	if !errors.As(err, &invalid) {
		t.Errorf("error %v, want InvalidParameterValueException", err)
	}
}

func TestUnsupportedFeaturesAreRefusedByName_E17(t *testing.T) {
	t.Parallel()

	b := open(t)
	c := b.client()
	ctx := t.Context()
	_, composite := c.PutCompositeAlarm(ctx, &cloudwatch.PutCompositeAlarmInput{AlarmName: aws.String("x"), AlarmRule: aws.String("ALARM(y)")})
	_, label := c.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime:         aws.Time(start),
		EndTime:           aws.Time(start.Add(time.Hour)),
		LabelOptions:      &types.LabelOptions{Timezone: aws.String("+0100")},
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("m"), Expression: aws.String("1")}},
	})

	for name, err := range map[string]error{"PutCompositeAlarm": composite, "LabelOptions": label} {
		t.Run(name, func(t *testing.T) {
			var api smithy.APIError
			var status interface{ HTTPStatusCode() int }
			if !errors.As(err, &api) || !strings.Contains(api.ErrorMessage(), name) || !errors.As(err, &status) || status.HTTPStatusCode() >= 500 {
				t.Errorf("error %v, want a client error that names %s", err, name)
			}
		})
	}
}

func TestDescribeAlarmsOverQueryReturnsXML_E18(t *testing.T) {
	t.Parallel()

	b := open(t)
	status, text := b.query(url.Values{
		"Action":                    {"PutMetricAlarm"},
		"AlarmName":                 {"dlq"},
		"Namespace":                 {"AWS/SQS"},
		"MetricName":                {"Visible"},
		"Statistic":                 {"Maximum"},
		"Dimensions.member.1.Name":  {"QueueName"},
		"Dimensions.member.1.Value": {"dlq"},
		"Period":                    {"60"},
		"EvaluationPeriods":         {"1"},
		"Threshold":                 {"0"},
		"ComparisonOperator":        {"GreaterThanThreshold"},
		"ActionsEnabled":            {"true"},
		"AlarmActions.member.1":     {"arn:aws:sns:us-east-1:000000000000:ops"},
		"Tags.member.1.Key":         {"a"},
		"Tags.member.1.Value":       {"b"},
	})
	if status != 200 {
		t.Fatalf("%d %s", status, text)
	}

	golden(t, "put-metric-alarm.xml", text+"\n")
	if status, text = b.query(url.Values{"Action": {"DescribeAlarms"}, "AlarmNames.member.1": {"dlq"}}); status != 200 {
		t.Fatalf("%d %s", status, text)
	}

	golden(t, "describe-alarms.xml", text+"\n")
}

func TestErrorCodesDependOnProtocol_E16(t *testing.T) {
	t.Parallel()

	b := open(t)
	status, text := b.query(url.Values{
		"Action":      {"SetAlarmState"},
		"AlarmName":   {"x"},
		"StateValue":  {"INVALID"},
		"StateReason": {"r"},
	})

	if status != 400 || !strings.Contains(text, "<Code>ValidationError</Code>") {
		t.Errorf("Query: %d %s", status, text)
	}

	status, text = b.query(url.Values{"Action": {"DeleteAlarms"}, "AlarmNames.member.1": {"x"}})
	if status != 404 || !strings.Contains(text, "<Code>ResourceNotFound</Code>") {
		t.Errorf("Query: %d %s", status, text)
	}

	status, text = b.post(`{"AlarmName":"x","StateValue":"INVALID","StateReason":"r"}`, "application/x-amz-json-1.0",
		"X-Amz-Target", "GraniteServiceVersion20100801.SetAlarmState")
	if status != 400 || !strings.Contains(text, "com.amazon.coral.validate#ValidationException") {
		t.Errorf("JSON: %d %s", status, text)
	}

	status, text = b.post(`{"AlarmNames":["x"]}`, "application/x-amz-json-1.0", "X-Amz-Target", "GraniteServiceVersion20100801.DeleteAlarms")
	if status != 404 || !strings.Contains(text, "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound") {
		t.Errorf("JSON: %d %s", status, text)
	}
}
