package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestNamesOfGroupsAndStreams_E2(t *testing.T) {
	t.Parallel()

	b := open(t)
	long := strings.Repeat("g", 513)
	refused(b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: long}, "InvalidParameterException",
		"Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	refused(b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: "a b"}, "InvalidParameterException", "")
	refused(b, "CreateLogGroup", &CreateLogGroupInput{}, "InvalidParameterException", "")
	ok[awsapi.None](b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: "/aws/lambda/a_b-c.d#1"})
	ok[awsapi.None](b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: long[:512]})
	refused(b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: long[:512]}, "ResourceAlreadyExistsException", "The specified log group already exists")
	ok[awsapi.None](b, "CreateLogStream", &CreateLogStreamInput{LogGroupName: long[:512], LogStreamName: "2026/01/02/[$LATEST]é"})
	refused(b, "CreateLogStream", &CreateLogStreamInput{LogGroupName: long[:512], LogStreamName: "2026/01/02/[$LATEST]é"},
		"ResourceAlreadyExistsException", "The specified log stream already exists")
	refused(b, "CreateLogStream", &CreateLogStreamInput{LogGroupName: long[:512], LogStreamName: "a:b"}, "InvalidParameterException", "")
	refused(b, "CreateLogStream", &CreateLogStreamInput{LogGroupName: long[:512], LogStreamName: long}, "InvalidParameterException", "")
}

func TestDescribeLogGroupsSortsByName_E3(t *testing.T) {
	t.Parallel()

	b := open(t)
	for _, name := range []string{"b", "a", "ab"} {
		b.group(name, "s")
	}

	b.write("a", "s", start, "four")
	ok[awsapi.None](b, "PutRetentionPolicy", &PutRetentionPolicyInput{LogGroupName: "a", RetentionInDays: 7})
	out := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{LogGroupNamePrefix: "a"})
	if len(out.LogGroups) != 2 || out.LogGroups[1].LogGroupName != "ab" || out.LogGroups[1].RetentionInDays != 0 {
		t.Fatalf("got %+v, want groups a and ab", out)
	}

	a := out.LogGroups[0]
	if *a.StoredBytes != 30 {
		t.Errorf("stored bytes %d, want 4 + 26", *a.StoredBytes)
	}

	a.StoredBytes = nil
	if want := (LogGroup{
		LogGroupName:    "a",
		CreationTime:    start.UnixMilli(),
		RetentionInDays: 7,
		ARN:             "arn:aws:logs:us-east-1:000000000000:log-group:a:*",
		LogGroupClass:   "STANDARD",
		LogGroupARN:     "arn:aws:logs:us-east-1:000000000000:log-group:a",
	}); a != want {
		t.Errorf("group %+v, want %+v", a, want)
	}

	byPattern := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{LogGroupNamePattern: "B"})
	if len(byPattern.LogGroups) != 2 || byPattern.LogGroups[0].StoredBytes != nil {
		t.Errorf("by pattern: got %+v, want two groups without stored bytes", byPattern)
	}

	byARN := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{LogGroupIdentifiers: []string{a.ARN, "b"}})
	if len(byARN.LogGroups) != 2 {
		t.Errorf("by identifier: got %+v, want two groups", byARN)
	}

	refused(b, "DescribeLogGroups", &DescribeLogGroupsInput{LogGroupNamePattern: "x", LogGroupNamePrefix: "y"}, "InvalidParameterException",
		"LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	limit := 51
	refused(b, "DescribeLogGroups", &DescribeLogGroupsInput{Limit: &limit}, "InvalidParameterException", "")
}

func TestPagesHaveEachGroupOnce_E3(t *testing.T) {
	t.Parallel()

	b := open(t)
	for i := range 7 {
		ok[awsapi.None](b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: fmt.Sprint("g", i)})
	}

	limit := 3
	token := ""
	var names []string
	for range 10 {
		out := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{Limit: &limit, NextToken: token})
		for _, g := range out.LogGroups {
			names = append(names, g.LogGroupName)
		}
		if token = out.NextToken; token == "" {
			break
		}
	}

	if strings.Join(names, " ") != "g0 g1 g2 g3 g4 g5 g6" {
		t.Errorf("pages have %q, want each group once", names)
	}

	refused(b, "DescribeLogGroups", &DescribeLogGroupsInput{NextToken: "!"}, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestDescribeLogStreamsSortsByNameOrLastEvent_E4(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "empty")
	b.advance(time.Second)
	b.write("g", "late", start.Add(time.Minute), "x")
	b.write("g", "early", start, "x", "y")
	order := func(in *DescribeLogStreamsInput) string {
		in.LogGroupName = "g"
		var names []string
		for _, st := range ok[DescribeLogStreamsOutput](b, "DescribeLogStreams", in).LogStreams {
			names = append(names, st.LogStreamName)
		}
		return strings.Join(names, " ")
	}

	for _, tt := range []struct {
		in   DescribeLogStreamsInput
		want string
	}{
		{DescribeLogStreamsInput{}, "early empty late"},
		{DescribeLogStreamsInput{Descending: true}, "late empty early"},
		{DescribeLogStreamsInput{OrderBy: "LastEventTime"}, "empty early late"},
		{DescribeLogStreamsInput{OrderBy: "LastEventTime", Descending: true}, "late early empty"},
		{DescribeLogStreamsInput{LogStreamNamePrefix: "e"}, "early empty"},
	} {
		t.Run(fmt.Sprintf("%+v", tt.in), func(t *testing.T) {
			if got := order(&tt.in); got != tt.want {
				t.Errorf("%+v: %s, want %s", tt.in, got, tt.want)
			}
		})
	}

	all := ok[DescribeLogStreamsOutput](b, "DescribeLogStreams", &DescribeLogStreamsInput{LogGroupIdentifier: "arn:aws:logs:us-east-1:000000000000:log-group:g:*"})
	early := all.LogStreams[0]
	empty := all.LogStreams[1]
	if *early.FirstEventTimestamp != start.UnixMilli() || *early.LastEventTimestamp != start.UnixMilli()+1000 ||
		*early.LastIngestionTime != start.UnixMilli()+1000 || early.UploadSequenceToken == "" || early.StoredBytes != 0 ||
		early.ARN != "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:early" {
		t.Errorf("stream with events: %+v", early)
	}

	if empty.FirstEventTimestamp != nil || empty.LastIngestionTime != nil || empty.UploadSequenceToken != "" {
		t.Errorf("stream without events: %+v", empty)
	}

	refused(b, "DescribeLogStreams", &DescribeLogStreamsInput{LogGroupName: "g", LogGroupIdentifier: "g"}, "ValidationException",
		"LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	refused(b, "DescribeLogStreams", &DescribeLogStreamsInput{
		LogGroupName:        "g",
		OrderBy:             "LastEventTime",
		LogStreamNamePrefix: "e",
	},
		"InvalidParameterException", "")

	refused(b, "DescribeLogStreams", &DescribeLogStreamsInput{LogGroupName: "g", OrderBy: "Size"}, "InvalidParameterException", "")
}

func TestMissingGroupsAndStreamsAreNotFound_E6(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	const noGroup, noStream = "The specified log group does not exist.", "The specified log stream does not exist."
	for operation, in := range map[string]any{
		"DeleteLogGroup":        &DeleteLogGroupInput{LogGroupName: "x"},
		"PutRetentionPolicy":    &PutRetentionPolicyInput{LogGroupName: "x", RetentionInDays: 1},
		"DeleteRetentionPolicy": &DeleteRetentionPolicyInput{LogGroupName: "x"},
		"CreateLogStream":       &CreateLogStreamInput{LogGroupName: "x", LogStreamName: "s"},
		"DescribeLogStreams":    &DescribeLogStreamsInput{LogGroupName: "x"},
		"GetLogEvents":          &GetLogEventsInput{LogGroupName: "x", LogStreamName: "s"},
		"FilterLogEvents":       &FilterLogEventsInput{LogGroupName: "x"},
		"ListTagsLogGroup":      &ListTagsLogGroupInput{LogGroupName: "x"},
		"ListTagsForResource":   &ListTagsForResourceInput{ResourceARN: "arn:aws:logs:us-east-1:000000000000:log-group:x"},
	} {
		t.Run(operation, func(t *testing.T) {
			b := b.in(t)

			refused(b, operation, in, "ResourceNotFoundException", noGroup)
		})
	}

	for operation, in := range map[string]any{
		"DeleteLogStream": &DeleteLogStreamInput{LogGroupName: "g", LogStreamName: "x"},
		"GetLogEvents":    &GetLogEventsInput{LogGroupName: "g", LogStreamName: "x"},
		"FilterLogEvents": &FilterLogEventsInput{LogGroupName: "g", LogStreamNames: []string{"x"}},
		"PutLogEvents":    put("g", "x", start, "hello"),
	} {
		t.Run(operation, func(t *testing.T) {
			b := b.in(t)

			refused(b, operation, in, "ResourceNotFoundException", noStream)
		})
	}

	if err := b.Write(account, region, "x", "s", []Event{{start, "m"}}); awsapi.AsError(err).Code != "ResourceNotFoundException" {
		t.Errorf("Write to an unknown group: error %v, want ResourceNotFoundException", err)
	}
}

func TestRetentionExpiresEvents_E9(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	refused(b, "PutRetentionPolicy", &PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 2}, "InvalidParameterException", "")
	b.write("g", "s", start, "old")
	b.write("g", "s", start.Add(12*time.Hour), "young")
	ok[awsapi.None](b, "PutRetentionPolicy", &PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 1})
	left := func() []string {
		return messages(ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"}).Events)
	}
	b.advance(24*time.Hour - time.Second)
	if got := left(); len(got) != 2 {
		t.Errorf("a second before the expiry: %q, want both", got)
	}

	b.advance(time.Minute + time.Second)
	if got := left(); !slices.Equal(got, []string{"young"}) {
		t.Errorf("a day and a minute after the first: %q, want only young", got)
	}

	b.write("g", "s", start.Add(time.Hour), "late but older")
	b.advance(time.Hour)
	if got := left(); !slices.Equal(got, []string{"young"}) {
		t.Errorf("after the arrival of an expired event: %q, want only young", got)
	}

	ok[awsapi.None](b, "DeleteRetentionPolicy", &DeleteRetentionPolicyInput{LogGroupName: "g"})
	b.advance(1000 * 24 * time.Hour)
	if got := left(); len(got) != 1 {
		t.Errorf("without retention: %q, want one", got)
	}

	if s := b.clock.State(); s.Upkeep != 0 || s.Transitions != 0 {
		t.Errorf("%+v: want no scheduled event", s)
	}
}

func TestOldAndNewTagOperationsShareTags_E10(t *testing.T) {
	t.Parallel()

	b := open(t)
	const arn = "arn:aws:logs:us-east-1:000000000000:log-group:g"
	ok[awsapi.None](b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: "g", Tags: map[string]string{"a": "1"}})
	ok[awsapi.None](b, "TagResource", &TagResourceInput{ResourceARN: arn, Tags: map[string]string{"b": "2"}})
	ok[awsapi.None](b, "TagLogGroup", &TagLogGroupInput{LogGroupName: "g", Tags: map[string]string{"a": "3", "c": "4"}})
	ok[awsapi.None](b, "UntagResource", &UntagResourceInput{ResourceARN: arn, TagKeys: []string{"b"}})
	ok[awsapi.None](b, "UntagLogGroup", &UntagLogGroupInput{LogGroupName: "g", Tags: []string{"c"}})
	for _, out := range []*TagsOutput{
		ok[TagsOutput](b, "ListTagsForResource", &ListTagsForResourceInput{ResourceARN: arn}),
		ok[TagsOutput](b, "ListTagsLogGroup", &ListTagsLogGroupInput{LogGroupName: "g"}),
	} {
		if len(out.Tags) != 1 || out.Tags["a"] != "3" {
			t.Errorf("tags %v, want a=3", out.Tags)
		}
	}

	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = ""
	}

	refused(b, "TagResource", &TagResourceInput{ResourceARN: arn, Tags: many}, "TooManyTagsException", "")
	refused(b, "TagResource", &TagResourceInput{ResourceARN: arn, Tags: map[string]string{"aws:x": ""}}, "InvalidParameterException", "")
	refused(b, "TagResource", &TagResourceInput{ResourceARN: arn + ":*", Tags: map[string]string{"x": ""}}, "InvalidParameterException", "")
	refused(b, "ListTagsForResource", &ListTagsForResourceInput{ResourceARN: strings.Replace(arn, "000", "111", 1)}, "ResourceNotFoundException", "")
}

func TestEveryOperationNeedsPermission(t *testing.T) {
	t.Parallel()

	b := open(t)
	for name, op := range b.API().Operations {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)

			all := op.Access(b.call, op.New())
			if len(all) != 1 || all[0].Action != "logs:"+name {
				t.Errorf("%s needs %+v", name, all)
			}
		})
	}

	for operation, want := range map[string]struct {
		in       any
		resource string
	}{
		"PutLogEvents":   {put("g", "s", start, "x"), "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s"},
		"CreateLogGroup": {&CreateLogGroupInput{LogGroupName: "g"}, "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:"},
		"GetLogEvents": {&GetLogEventsInput{LogGroupIdentifier: "arn:aws:logs:us-east-1:000000000000:log-group:g:*", LogStreamName: "s"},
			"arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s"},
	} {
		t.Run(operation, func(t *testing.T) {
			b := b.in(t)

			if got := b.API().Operations[operation].Access(b.call, want.in)[0].Resource; got != want.resource {
				t.Errorf("%s needs %s, want %s", operation, got, want.resource)
			}
		})
	}
}
