package gateway

import (
	"context"
	"crypto/md5"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
)

// Toy services: an operation returns its input, so that a test sees both decoding and
// encoding.

type attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

type sendInput struct {
	QueueUrl          string
	MessageBody       string
	DelaySeconds      *int32               `json:",omitempty"`
	MessageAttributes map[string]attribute `json:",omitempty" query:"MessageAttribute,Name,Value"`
}

type sendOutput struct {
	MessageId              string
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

type receiveInput struct {
	QueueUrl              string
	AttributeNames        []string `query:"AttributeName"`
	MessageAttributeNames []string `query:"MessageAttributeName"`
}

type message struct {
	MessageId         string
	Body              string
	Attributes        map[string]string    `json:",omitempty" query:"Attribute,Name,Value"`
	MessageAttributes map[string]attribute `json:",omitempty" query:"MessageAttribute,Name,Value"`
}

type receiveOutput struct {
	Messages []message `json:",omitempty" query:"Message"`
}

type deleteInput struct{ QueueUrl, ReceiptHandle string }

type toys struct {
	call    *awsapi.Call
	sent    *sendInput
	deleted *deleteInput
	invoked *invokeInput
	data    *putInput
	role    *roleInput
}

var missingQueue = awsapi.Error{
	Code: "QueueDoesNotExist", QueryCode: "AWS.SimpleQueueService.NonExistentQueue", Namespace: "com.amazonaws.sqs", Status: 400,
}

func (s *toys) sqs() *awsapi.Service {
	return &awsapi.Service{
		Name: "sqs", Target: "AmazonSQS", JSONVersion: "1.0", QueryVersion: "2012-11-05",
		Namespace: "http://queue.amazonaws.com/doc/2012-11-05/", Flattened: true, ErrorNamespace: "com.amazonaws.sqs",
		Operations: awsapi.Table(
			awsapi.Op("SendMessage", func(_ context.Context, c *awsapi.Call, in *sendInput) (*sendOutput, error) {
				s.call, s.sent = c, in
				return &sendOutput{MessageId: "m-1", MD5OfMessageBody: fmt.Sprintf("%x", md5.Sum([]byte(in.MessageBody)))}, nil
			}, func(_ *awsapi.Call, in *sendInput) []awsapi.Access {
				return []awsapi.Access{{Action: "sqs:SendMessage", Resource: in.QueueUrl}}
			}),
			awsapi.Op("ReceiveMessage", func(_ context.Context, _ *awsapi.Call, in *receiveInput) (*receiveOutput, error) {
				if in.QueueUrl == "empty" {
					return &receiveOutput{}, nil
				}
				text := "a<b>&\"c\"\r\n"
				return &receiveOutput{Messages: []message{{
					MessageId: "m-1", Body: text, Attributes: map[string]string{"SenderId": "AIDA", "SentTimestamp": "1"},
					MessageAttributes: map[string]attribute{"bin": {DataType: "Binary", BinaryValue: []byte{0, 255}}, "s": {DataType: "String", StringValue: &text}},
				}}}, nil
			}, nil),
			noOutput(awsapi.Op("DeleteMessage", func(_ context.Context, _ *awsapi.Call, in *deleteInput) (*awsapi.None, error) {
				if in.QueueUrl == "gone" {
					return nil, missingQueue.With("The specified queue does not exist.")
				}
				s.deleted = in
				return &awsapi.None{}, nil
			}, nil)),
		),
	}
}

func noOutput(op awsapi.Operation) awsapi.Operation {
	op.NoOutput = true
	return op
}

type invokeInput struct {
	FunctionName string   `json:"-" path:"FunctionName"`
	Qualifier    string   `json:"-" querystring:"Qualifier"`
	Type         string   `json:"-" header:"X-Amz-Invocation-Type"`
	Keys         []string `json:"-" querystring:"tagKeys"`
	Payload      []byte   `json:"-" payload:"true"`
}

type invokeOutput struct {
	StatusCode int32  `json:"-" status:"true"`
	Version    string `json:"-" header:"X-Amz-Executed-Version"`
	Payload    []byte `json:"-" payload:"true"`
}

type tagInput struct {
	Resource string `json:"-" path:"Resource"`
	Tags     map[string]string
}

type mappingInput struct {
	BatchSize    *int32
	FunctionName string
}

type mappingOutput struct {
	BatchSize    *int32           `json:",omitempty"`
	LastModified awsapi.Timestamp `json:",omitempty"`
	UUID         string
}

var missingFunction = awsapi.Error{
	Code: "ResourceNotFoundException", Status: 404, CapitalMessage: true, Members: map[string]string{"Type": "User"},
}

func rest(op awsapi.Operation, method, path string, status int) awsapi.Operation {
	op.Method, op.Path, op.Status = method, path, status
	return op
}

func (s *toys) lambda() *awsapi.Service {
	return &awsapi.Service{Name: "lambda", Operations: awsapi.Table(
		rest(awsapi.Op("Invoke", func(_ context.Context, c *awsapi.Call, in *invokeInput) (*invokeOutput, error) {
			s.call, s.invoked = c, in
			if in.FunctionName == "missing" {
				return nil, missingFunction.With("Function not found: %s", in.FunctionName)
			}
			return &invokeOutput{StatusCode: 202, Version: "$LATEST", Payload: in.Payload}, nil
		}, func(_ *awsapi.Call, in *invokeInput) []awsapi.Access {
			return []awsapi.Access{{Action: "lambda:InvokeFunction", Resource: in.FunctionName}}
		}), "POST", "/2015-03-31/functions/{FunctionName}/invocations", 0),
		rest(awsapi.Op("CreateEventSourceMapping", func(_ context.Context, _ *awsapi.Call, in *mappingInput) (*mappingOutput, error) {
			return &mappingOutput{BatchSize: in.BatchSize, LastModified: awsapi.Timestamp(time.UnixMilli(1767323045250)), UUID: "u"}, nil
		}, nil), "POST", "/2015-03-31/event-source-mappings", 202),
		noOutput(rest(awsapi.Op("TagResource", func(_ context.Context, _ *awsapi.Call, _ *tagInput) (*awsapi.None, error) {
			return &awsapi.None{}, nil
		}, nil), "POST", "/2017-03-31/tags/{Resource}", 204)),
	)}
}

type dimension struct{ Name, Value string }

type datum struct {
	MetricName string
	Dimensions []dimension       `json:",omitempty"`
	Timestamp  *awsapi.Timestamp `json:",omitempty"`
	Value      *float64          `json:",omitempty"`
	Values     []float64         `json:",omitempty"`
	Unit       string            `json:",omitempty"`
}

type putInput struct {
	Namespace  string
	MetricData []datum
}

type alarmsInput struct {
	AlarmNames []string
	MaxRecords *int32
}

type alarm struct {
	AlarmName             string
	ActionsEnabled        bool
	AlarmActions          []string
	Threshold             float64
	StateUpdatedTimestamp awsapi.Timestamp
}

type alarmsOutput struct{ MetricAlarms []alarm }

func (s *toys) monitoring() *awsapi.Service {
	return &awsapi.Service{
		Name: "monitoring", Target: "GraniteServiceVersion20100801", JSONVersion: "1.0", QueryVersion: "2010-08-01",
		Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/", CBORService: "GraniteServiceVersion20100801",
		Operations: awsapi.Table(
			noOutput(awsapi.Op("PutMetricData", func(_ context.Context, _ *awsapi.Call, in *putInput) (*awsapi.None, error) {
				s.data = in
				return &awsapi.None{}, nil
			}, nil)),
			awsapi.Op("DescribeAlarms", func(_ context.Context, _ *awsapi.Call, in *alarmsInput) (*alarmsOutput, error) {
				if len(in.AlarmNames) > 0 && in.AlarmNames[0] == "bad" {
					return nil, awsapi.Error{Code: "ResourceNotFound", Status: 404}.With("no such alarm")
				}
				return &alarmsOutput{MetricAlarms: []alarm{{
					AlarmName: "deep", ActionsEnabled: true, AlarmActions: []string{}, Threshold: 1.5,
					StateUpdatedTimestamp: awsapi.Timestamp(time.UnixMilli(1767323045250)),
				}}}, nil
			}, nil),
		),
	}
}

type tag struct{ Key, Value string }

type roleInput struct {
	RoleName                 string
	AssumeRolePolicyDocument string
	MaxSessionDuration       *int32
	Tags                     []tag
}

type role struct {
	RoleName   string
	CreateDate awsapi.Timestamp
	Tags       []tag
}

type roleOutput struct{ Role role }

func (s *toys) iam() *awsapi.Service {
	return &awsapi.Service{
		Name: "iam", QueryVersion: "2010-05-08", Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Operations: awsapi.Table(
			awsapi.Op("CreateRole", func(_ context.Context, _ *awsapi.Call, in *roleInput) (*roleOutput, error) {
				s.role = in
				return &roleOutput{Role: role{RoleName: in.RoleName, CreateDate: awsapi.Timestamp(time.Unix(1767323045, 0)), Tags: in.Tags}}, nil
			}, nil),
		),
	}
}

type groupInput struct {
	LogGroupName string `json:"logGroupName"`
}

func (s *toys) logs() *awsapi.Service {
	return &awsapi.Service{
		Name: "logs", Target: "Logs_20140328", JSONVersion: "1.1",
		Operations: awsapi.Table(
			noOutput(awsapi.Op("CreateLogGroup", func(_ context.Context, _ *awsapi.Call, in *groupInput) (*awsapi.None, error) {
				if in.LogGroupName == "twice" {
					return nil, awsapi.Error{Code: "ResourceAlreadyExistsException", Status: 400}.With("The specified log group already exists")
				}
				return &awsapi.None{}, nil
			}, func(_ *awsapi.Call, in *groupInput) []awsapi.Access {
				return []awsapi.Access{{Action: "logs:CreateLogGroup", Resource: in.LogGroupName}}
			})),
		),
	}
}

const (
	toyKey    = "AKIATOY0000000000001"
	toySecret = "toy-secret"
)

// rig is a gateway with the toy services.
type rig struct {
	*toys
	gateway *Gateway
	deny    string // a resource that Authorize refuses
}

func newRig(t testing.TB, change func(*Options)) *rig {
	t.Helper()
	r := &rig{toys: &toys{}}
	c := clock.New(clock.Manual, time.Time{})
	t.Cleanup(c.Close)
	services := map[string]*awsapi.Service{}
	for _, s := range []*awsapi.Service{r.sqs(), r.lambda(), r.monitoring(), r.iam(), r.logs()} {
		services[s.Name] = s
	}
	o := Options{
		Dispatcher: &awsapi.Dispatcher{Services: services, Authorize: func(_ context.Context, c *awsapi.Call, a awsapi.Access) error {
			if r.deny != "" && a.Resource == r.deny {
				return awsapi.Error{Code: "AccessDenied", Status: 403}.With("User: %s is not authorized to perform: %s", c.Caller.ARN, a.Action)
			}
			return nil
		}},
		Identity: identity, Clock: c, Chance: chance.Seeded(1), Account: "000000000000", Region: "us-east-1",
	}
	if change != nil {
		change(&o)
	}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.gateway = g
	return r
}

// identity returns the credentials of a long-term key, of a session, and of an expired
// session.
func identity(key string) (awsapi.Credential, bool) {
	user := awsapi.Caller{Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/toy", UserID: "AIDATOY"}
	switch key {
	case toyKey:
		return awsapi.Credential{AccessKey: key, Secret: toySecret, Caller: user}, true
	case "ASIATOY0000000000001":
		return awsapi.Credential{AccessKey: key, Secret: toySecret, Token: "tok", Expires: time.Now().Add(time.Hour), Caller: user}, true
	case "ASIATOY0000000000002":
		return awsapi.Credential{AccessKey: key, Secret: toySecret, Token: "tok", Expires: time.Now().Add(-time.Second), Caller: user}, true
	}
	return awsapi.Credential{}, false
}

func (r *rig) config() aws.Config { return r.configAs(toyKey, toySecret, "") }

func (r *rig) configAs(key, secret, token string) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://localaws.invalid"), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
		HTTPClient:  &http.Client{Transport: Transport(r.gateway)},
	}
}
