package logs

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/gateway"
)

// client returns a client of the SDK that is connected to the service through the
// gateway, without a socket.
func (b *fixture) client() *cloudwatchlogs.Client {
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

	return cloudwatchlogs.New(cloudwatchlogs.Options{
		Region:       region,
		BaseEndpoint: aws.String("http://localaws.invalid"),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   &http.Client{Transport: gateway.Transport(g)},
		Credentials:  credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	})
}

func TestSDKWritesAndReadsLogs_E1(t *testing.T) {
	t.Parallel()

	b := open(t)
	c := b.client()
	ctx := t.Context()
	group := aws.String("/aws/lambda/consumer")
	stream := aws.String("2026/01/02/[$LATEST]abc")
	if _, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group, Tags: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}); err != nil {
		t.Fatal(err)
	}

	put, err := c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName:  group,
		LogStreamName: stream,
		LogEvents:     []types.InputLogEvent{{Timestamp: aws.Int64(start.UnixMilli()), Message: aws.String("héllo <&>")}},
	})
	if err != nil || len(aws.ToString(put.NextSequenceToken)) != 56 || put.RejectedLogEventsInfo != nil {
		t.Fatalf("put %+v, %v", put, err)
	}

	got, err := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: stream})
	if err != nil || len(got.Events) != 1 || *got.Events[0].Message != "héllo <&>" || *got.Events[0].Timestamp != start.UnixMilli() {
		t.Fatalf("get %+v, %v", got, err)
	}

	found, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("héllo")})
	if err != nil || len(found.Events) != 1 || *found.Events[0].LogStreamName != *stream {
		t.Fatalf("filter %+v, %v", found, err)
	}

	groups, err := c.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: group})
	if err != nil || len(groups.LogGroups) != 1 || groups.LogGroups[0].RetentionInDays != nil || *groups.LogGroups[0].CreationTime != start.UnixMilli() {
		t.Fatalf("groups %+v, %v", groups, err)
	}
	if _, err := c.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
}

func TestSDKReturnsTypedErrors_E2_E6(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	c := b.client()
	ctx := t.Context()
	_, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g")})
	var exists *types.ResourceAlreadyExistsException
	if !errors.As(err, &exists) || *exists.Message != "The specified log group already exists" {
		t.Errorf("error %v", err)
	}

	_, err = c.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("none"), RetentionInDays: aws.Int32(7)})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) || *missing.Message != "The specified log group does not exist." {
		t.Errorf("error %v", err)
	}
}

func TestUnsupportedFeaturesAreRefusedByName(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	c := b.client()
	ctx := t.Context()
	_, query := c.StartQuery(ctx, &cloudwatchlogs.StartQueryInput{
		LogGroupName: aws.String("g"),
		QueryString:  aws.String("fields @message"),
		StartTime:    aws.Int64(0),
		EndTime:      aws.Int64(1),
	})

	_, kms := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("h"), KmsKeyId: aws.String("arn:aws:kms:x")})
	_, class := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{
		LogGroupName: aws.String("h"), LogGroupClass: types.LogGroupClassInfrequentAccess,
	})
	_, protected := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("h"), DeletionProtectionEnabled: aws.Bool(true)})
	_, linked := c.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{IncludeLinkedAccounts: aws.Bool(true)})
	_, unmask := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName:  aws.String("g"),
		LogStreamName: aws.String("s"),
		Unmask:        true,
	})

	_, entity := c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName:  aws.String("g"),
		LogStreamName: aws.String("s"),
		LogEvents:     []types.InputLogEvent{{Timestamp: aws.Int64(start.UnixMilli()), Message: aws.String("x")}},
		Entity:        &types.Entity{KeyAttributes: map[string]string{"Type": "Service"}},
	})

	for name, err := range map[string]error{
		"StartQuery":                query,
		"kmsKeyId":                  kms,
		"INFREQUENT_ACCESS":         class,
		"deletionProtectionEnabled": protected,
		"includeLinkedAccounts":     linked,
		"unmask":                    unmask,
		"entity":                    entity,
	} {
		t.Run(name, func(t *testing.T) {
			var api smithy.APIError
			if !errors.As(err, &api) || !strings.Contains(api.ErrorMessage(), name) {
				t.Errorf("error %v does not name %s", err, name)
			}
		})
	}
}

func TestPaginatorReadsEachEventOnce_E7(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	for i := range 25 {
		b.write("g", "s", start.Add(time.Duration(i)*time.Second), strings.Repeat("x", i+1))
	}

	pages := cloudwatchlogs.NewGetLogEventsPaginator(b.client(), &cloudwatchlogs.GetLogEventsInput{
		LogGroupName:  aws.String("g"),
		LogStreamName: aws.String("s"),
		StartFromHead: aws.Bool(true),
		Limit:         aws.Int32(10),
	}, func(o *cloudwatchlogs.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true })

	n := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			if n++; len(*e.Message) != n {
				t.Fatalf("event %d has length %d", n, len(*e.Message))
			}
		}
	}

	if n != 25 {
		t.Errorf("%d events, want 25", n)
	}
}
