package mapping

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// wantError compares an error's code and message.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()

	if err == nil {
		t.Fatalf("no error, want %s: %s", code, message)
	}
	if e := awsapi.AsError(err); e.Code != code || e.Message != message {
		t.Errorf("error %s: %s\nwant  %s: %s", e.Code, e.Message, code, message)
	}
}

// keys returns the members of a value encoded as JSON.
func keys(t *testing.T, v any) map[string]json.RawMessage {
	t.Helper()

	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *testService) getMapping(uuid string) (*Configuration, error) {
	return w.GetEventSourceMapping(w.t.Context(), w.call, &GetEventSourceMappingInput{UUID: uuid})
}

func (w *testService) state(uuid string) string {
	w.t.Helper()

	out, err := w.getMapping(uuid)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.State
}

// LAM B5: the defaults.
func TestMembersOfTheCreateResponse_B3(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create()
	got := map[string]string{}
	for k, v := range keys(t, out) {
		got[k] = string(v)
	}

	want := map[string]string{
		"BatchSize":                      `10`,
		"EventSourceArn":                 `"` + queueARN + `"`,
		"FunctionArn":                    `"` + functionARN + `"`,
		"FunctionResponseTypes":          `[]`,
		"EventSourceMappingArn":          `"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:` + out.UUID + `"`,
		"LastModified":                   fmt.Sprint(start.Unix()),
		"MaximumBatchingWindowInSeconds": `0`,
		"State":                          `"Creating"`,
		"StateTransitionReason":          `"USER_INITIATED"`,
		"UUID":                           `"` + out.UUID + `"`,
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response differs (-want +got):\n%s", diff)
	}
}

func TestConfigurationIsReturned_B22(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create(reporting, concurrency(7), batchSize(100, 3), func(in *CreateEventSourceMappingInput) {
		in.FilterCriteria = &FilterCriteria{Filters: []Filter{{Pattern: ptr(`{"body":["x"]}`)}}}
		in.MetricsConfig = &MetricsConfig{Metrics: []string{"EventCount"}}
		in.KMSKeyArn = ptr("")
	})

	got := keys(t, out)
	for k, want := range map[string]string{
		"FilterCriteria":        `{"Filters":[{"Pattern":"{\"body\":[\"x\"]}"}]}`,
		"ScalingConfig":         `{"MaximumConcurrency":7}`,
		"MetricsConfig":         `{"Metrics":["EventCount"]}`,
		"FunctionResponseTypes": `["ReportBatchItemFailures"]`,
	} {
		t.Run(k, func(t *testing.T) {
			if string(got[k]) != want {
				t.Errorf("%s is %s, want %s", k, got[k], want)
			}
		})
	}
}

func TestStatesOfAMapping_B8_B9(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create()
	if out.State != "Creating" || w.state(out.UUID) != "Enabled" {
		t.Errorf("created as %s, then %s", out.State, w.state(out.UUID))
	}

	for _, tt := range []struct {
		change     func(*UpdateEventSourceMappingInput)
		now, later string
	}{
		{func(in *UpdateEventSourceMappingInput) { in.BatchSize = ptr(5) }, "Updating", "Enabled"},
		{func(in *UpdateEventSourceMappingInput) { in.Enabled = ptr(false) }, "Disabling", "Disabled"},
		{func(in *UpdateEventSourceMappingInput) { in.BatchSize = ptr(6) }, "Updating", "Disabled"},
		{func(in *UpdateEventSourceMappingInput) { in.Enabled = ptr(true) }, "Enabling", "Enabled"},
	} {
		t.Run(tt.now+tt.later, func(t *testing.T) {
			if got := w.update(out.UUID, tt.change).State; got != tt.now || w.state(out.UUID) != tt.later {
				t.Errorf("%s, then %s; want %s, then %s", got, w.state(out.UUID), tt.now, tt.later)
			}
		})
	}

	disabled := w.create(func(in *CreateEventSourceMappingInput) {
		in.Enabled = ptr(false)
		in.EventSourceARN = ptr(fifoARN)
	})

	if disabled.State != "Disabled" {
		t.Errorf("created disabled as %s", disabled.State)
	}

	deleted, err := w.DeleteEventSourceMapping(t.Context(), w.call, &DeleteEventSourceMappingInput{UUID: out.UUID})
	if err != nil || deleted.State != "Deleting" {
		t.Errorf("deleted as %+v, %v", deleted, err)
	}

	_, err = w.getMapping(out.UUID)
	wantError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}

func TestUnknownUUID_B11(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	const text = "The resource you requested does not exist."
	_, err := w.getMapping("no")
	wantError(t, err, "ResourceNotFoundException", text)
	_, err = w.UpdateEventSourceMapping(t.Context(), w.call, &UpdateEventSourceMappingInput{UUID: "no"})
	wantError(t, err, "ResourceNotFoundException", text)
	_, err = w.DeleteEventSourceMapping(t.Context(), w.call, &DeleteEventSourceMappingInput{UUID: "no"})
	wantError(t, err, "ResourceNotFoundException", text)
	other := &awsapi.Call{Account: "111111111111", Region: region}
	_, err = w.GetEventSourceMapping(t.Context(), other, &GetEventSourceMappingInput{UUID: w.create().UUID})
	wantError(t, err, "ResourceNotFoundException", text) // of another account
	if e := awsapi.AsError(err); e.Status != 404 || !e.CapitalMessage || e.Members["Type"] != "User" {
		t.Errorf("error: %+v", e)
	}
}

func TestLimitsAreValidationExceptions_B7(t *testing.T) {
	t.Parallel()

	const one = "1 validation error detected: "
	for _, tt := range []struct {
		name   string
		change func(*CreateEventSourceMappingInput)
		want   string
	}{
		{"NoFunction", func(in *CreateEventSourceMappingInput) { in.FunctionName = nil },
			one + "Value null at 'functionName' failed to satisfy constraint: Member must not be null"},
		{"BatchSizeLow", batchSize(0, 0),
			one + "Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"BatchSizeHigh", batchSize(10001, 1),
			one + "Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000"},
		{"Window", batchSize(10, 301),
			one + "Value '301' at 'maximumBatchingWindowInSeconds' failed to satisfy constraint: Member must have value less than or equal to 300"},
		{"ConcurrencyLow", concurrency(1),
			one + "Value '1' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value greater than or equal to 2"},
		{"ConcurrencyHigh", concurrency(1001),
			one + "Value '1001' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		{"ResponseType", func(in *CreateEventSourceMappingInput) { in.FunctionResponseTypes = []string{"x"} },
			one + "Value '[x]' at 'functionResponseTypes' failed to satisfy constraint: " +
				"Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]"},
		{"Two", func(in *CreateEventSourceMappingInput) { batchSize(0, -1)(in) },
			"2 validation errors detected: Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1; " +
				"Value '-1' at 'maximumBatchingWindowInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 0"},
		{"Pollers", func(in *CreateEventSourceMappingInput) {
			in.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: ptr(201)}
		}, one + "Value '201' at 'provisionedPollerConfig.minimumPollers' failed to satisfy constraint: Member must have value less than or equal to 200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w := newTestService(t)
			in := input()
			tt.change(in)
			_, err := w.CreateEventSourceMapping(t.Context(), w.call, in)
			wantError(t, err, "ValidationException", tt.want)
			if e := awsapi.AsError(err); e.Status != 400 || e.Members["Type"] != "" {
				t.Errorf("error %+v, want it without Type (LAM A3)", e)
			}
		})
	}
}

// LAM B12, B14, B16, B29: each row names its fact.
func TestCreateRefusesParametersOfOtherSources(t *testing.T) {
	t.Parallel()

	foreign := "Unsupported %s parameter for given event source mapping type."
	for _, tt := range []struct {
		name   string
		change func(*CreateEventSourceMappingInput)
		want   string
	}{
		{"B12UnknownFunction", func(in *CreateEventSourceMappingInput) { in.FunctionName = ptr("unknown") }, "Function does not exist"},
		{"B12NoSource", func(in *CreateEventSourceMappingInput) { in.EventSourceARN = nil }, "Unrecognized event source."},
		{"Kinesis", func(in *CreateEventSourceMappingInput) {
			in.EventSourceARN = ptr("arn:aws:kinesis:us-east-1:000000000000:stream/s")
		},
			"The embedded AWS has event source mappings only for SQS, not for arn:aws:kinesis:us-east-1:000000000000:stream/s."},
		{"B12Destination", func(in *CreateEventSourceMappingInput) {
			in.DestinationConfig = &DestinationConfig{OnSuccess: &Destination{}}
		}, fmt.Sprintf(foreign, "DestinationConfig")},
		{"StartingPosition", func(in *CreateEventSourceMappingInput) { in.StartingPosition = ptr("LATEST") }, fmt.Sprintf(foreign, "StartingPosition")},
		{"Retries", func(in *CreateEventSourceMappingInput) { in.MaximumRetryAttempts = ptr(3) }, fmt.Sprintf(foreign, "MaximumRetryAttempts")},
		{"PollerGroup", func(in *CreateEventSourceMappingInput) {
			in.ProvisionedPollerConfig = &ProvisionedPollerConfig{PollerGroupName: ptr("g")}
		}, fmt.Sprintf(foreign, "PollerGroupName")},
		{"Metric", func(in *CreateEventSourceMappingInput) {
			in.MetricsConfig = &MetricsConfig{Metrics: []string{"KafkaMetrics"}}
		},
			"Unsupported metric KafkaMetrics for given event source mapping type."},
		{"KMS", func(in *CreateEventSourceMappingInput) {
			in.KMSKeyArn = ptr("arn:aws:kms:us-east-1:000000000000:key/k")
		},
			"The embedded AWS has no KMS and does not support the parameter KMSKeyArn."},
		{"B14WindowMissing", batchSize(11, 0),
			"Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"},
		{"B7FIFOWindow", func(in *CreateEventSourceMappingInput) { fromFIFO(in); batchSize(10, 1)(in) }, "Batching window is not supported for FIFO queues"},
		{"B7FIFOBatch", func(in *CreateEventSourceMappingInput) { fromFIFO(in); batchSize(11, 0)(in) },
			"Batch size must be less than or equal to 10 for FIFO queues"},
		{"B29Both", func(in *CreateEventSourceMappingInput) {
			concurrency(5)(in)
			in.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: ptr(2)}
		}, "ProvisionedPollerConfig and ScalingConfig with MaximumConcurrency are mutually exclusive."},
		{"B29One", func(in *CreateEventSourceMappingInput) {
			in.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: ptr(1)}
		}, "MinimumPollers and MaximumPollers must be at least 2 for SQS."},
		{"B29Order", func(in *CreateEventSourceMappingInput) {
			in.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: ptr(9), MaximumPollers: ptr(8)}
		}, "MinimumPollers must be less than or equal to MaximumPollers."},
		{"B19NullPattern", func(in *CreateEventSourceMappingInput) { in.FilterCriteria = &FilterCriteria{Filters: []Filter{{}}} },
			"Invalid filter pattern definition."},
		{"B7TooManyFilters", func(in *CreateEventSourceMappingInput) {
			in.FilterCriteria = &FilterCriteria{Filters: make([]Filter, 11)}
		},
			"The number of filters 11 exceeds the maximum of 10."},
		{"TagOfAWS", func(in *CreateEventSourceMappingInput) { in.Tags = map[string]string{"aws:x": "y"} }, "Tag keys must not begin with aws:, as aws:x does."},
		{"B16NoQueue", func(in *CreateEventSourceMappingInput) { in.EventSourceARN = ptr(queueARN + "2") },
			"Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w := newTestService(t)
			in := input()
			tt.change(in)
			_, err := w.CreateEventSourceMapping(t.Context(), w.call, in)
			wantError(t, err, "InvalidParameterValueException", tt.want)
			if list, _ := w.ListEventSourceMappings(t.Context(), w.call, &ListEventSourceMappingsInput{}); len(list.EventSourceMappings) != 0 {
				t.Error("a mapping was created despite the error")
			}
		})
	}
}

func TestBadPatternIsRefused_B19(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	for _, p := range []string{`"text"`, `{"body":{"a":"x"}}`} {
		t.Run(p, func(t *testing.T) {
			in := input()
			in.FilterCriteria = &FilterCriteria{Filters: []Filter{{Pattern: &p}}}
			_, err := w.CreateEventSourceMapping(t.Context(), w.call, in)
			if e := awsapi.AsError(err); e.Code != "InvalidParameterValueException" || !strings.HasPrefix(e.Message, "Invalid filter pattern definition.") {
				t.Errorf("%s: error %v", p, err)
			}
		})
	}

	out := w.create(func(in *CreateEventSourceMappingInput) { in.FilterCriteria = &FilterCriteria{} })
	if _, returned := keys(t, out)["FilterCriteria"]; returned {
		t.Error("empty filter criteria are returned")
	}
}

func TestRoleNeedsThreePermissions_B17(t *testing.T) {
	t.Parallel()

	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		t.Run(action, func(t *testing.T) {
			w := newTestService(t)
			w.queues.setRefusal(action, denied)
			_, err := w.CreateEventSourceMapping(t.Context(), w.call, input())
			wantError(t, err, "InvalidParameterValueException", "The function execution role does not have permissions to call "+action+" on SQS")
			if w.queues.receives != 0 {
				t.Error("the permission check received messages")
			}
		})
	}

	w := newTestService(t)
	w.roles.err = &awsapi.Error{Code: "AccessDenied", Message: "no trust"}
	_, err := w.CreateEventSourceMapping(t.Context(), w.call, input())
	wantError(t, err, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda. (no trust)")
}

func TestVisibilityTimeoutMustCoverTheFunctionTimeout_B18(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	slow := w.functions.known["consumer"]
	slow.Timeout = 60 * time.Second
	w.functions.known["consumer"] = slow
	const text = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
	_, err := w.CreateEventSourceMapping(t.Context(), w.call, input())
	wantError(t, err, "InvalidParameterValueException", text)
	w.queues.setVisibility(queueARN, 60*time.Second)
	out := w.create() // equal is allowed
	w.queues.setVisibility(queueARN, 30*time.Second)
	_, err = w.UpdateEventSourceMapping(t.Context(), w.call, &UpdateEventSourceMappingInput{UUID: out.UUID})
	wantError(t, err, "InvalidParameterValueException", text)
	if w.state(out.UUID) != "Enabled" {
		t.Error("a refused update did not release the mapping")
	}
}

func TestSameQueueAndFunctionTwice_B15(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	first := w.create()
	_, err := w.CreateEventSourceMapping(t.Context(), w.call, input())
	wantError(t, err, "ResourceConflictException", `An event source mapping with SQS arn (" `+queueARN+` ") and function (" consumer ") already exists. `+
		`Please update or delete the existing mapping with UUID `+first.UUID)
	if awsapi.AsError(err).Status != 409 {
		t.Errorf("status %d", awsapi.AsError(err).Status)
	}
}

func TestConcurrentChangeIsRefused_B10(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create()
	m := w.mappings[awsapi.Scope{Account: account, Region: region}][out.UUID]
	m.changing = true
	_, err := w.UpdateEventSourceMapping(t.Context(), w.call, &UpdateEventSourceMappingInput{UUID: out.UUID})
	wantError(t, err, "ResourceInUseException", "Cannot update the event source mapping because it is in use.")
	_, err = w.DeleteEventSourceMapping(t.Context(), w.call, &DeleteEventSourceMappingInput{UUID: out.UUID})
	wantError(t, err, "ResourceInUseException", "Cannot delete the event source mapping because it is in use.")
}

func TestUpdateLeavesNilAndRemovesEmptyValues(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create(reporting, concurrency(7), batchSize(100, 3), func(in *CreateEventSourceMappingInput) {
		in.FilterCriteria = &FilterCriteria{Filters: []Filter{{Pattern: ptr(`{"body":["x"]}`)}}}
		in.MetricsConfig = &MetricsConfig{Metrics: []string{"EventCount"}}
	})

	same := w.update(out.UUID, func(*UpdateEventSourceMappingInput) {})
	same.State = out.State
	if diff := cmp.Diff(keys(t, out), keys(t, same)); diff != "" {
		t.Errorf("an empty update changed the mapping (-before +after):\n%s", diff)
	}

	bare := w.update(out.UUID, func(in *UpdateEventSourceMappingInput) {
		in.FilterCriteria = &FilterCriteria{}
		in.ScalingConfig = &ScalingConfig{}
		in.MetricsConfig = &MetricsConfig{}
		in.FunctionResponseTypes = []string{}
	})

	for _, k := range []string{"FilterCriteria", "ScalingConfig", "MetricsConfig"} {
		t.Run(k, func(t *testing.T) {
			if v, there := keys(t, bare)[k]; there {
				t.Errorf("%s is still %s", k, v)
			}
		})
	}

	if len(bare.FunctionResponseTypes) != 0 || bare.BatchSize != 100 {
		t.Errorf("updated to %+v", bare)
	}
}

func TestUpdateAppliesToTheNextReceive(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create(batchSize(2, 0))
	w.update(out.UUID, func(in *UpdateEventSourceMappingInput) { in.BatchSize = ptr(3) })
	w.runDue()
	w.send(queueARN, "a", "b", "c", "d")
	w.runDue()
	w.wantBatches([]string{"a", "b", "c"}, []string{"d"})
}

func TestMappingOfADeletedFunctionOrQueueCanBeDisabledAndDeleted(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create()
	w.functions.set(func() { clear(w.functions.known) })
	w.queues.drop(queueARN)
	in := &UpdateEventSourceMappingInput{UUID: out.UUID}
	in.BatchSize = ptr(5)
	_, err := w.UpdateEventSourceMapping(t.Context(), w.call, in)
	wantError(t, err, "InvalidParameterValueException", "Function does not exist")
	if got := w.update(out.UUID, func(in *UpdateEventSourceMappingInput) { in.Enabled = ptr(false) }); got.State != "Disabling" {
		t.Errorf("state %s", got.State)
	}

	if _, err := w.DeleteEventSourceMapping(t.Context(), w.call, &DeleteEventSourceMappingInput{UUID: out.UUID}); err != nil {
		t.Error(err)
	}
}

func TestIsCheckedAtUpdateToo_B14(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	in := &UpdateEventSourceMappingInput{UUID: w.create().UUID}
	in.BatchSize = ptr(11)
	_, err := w.UpdateEventSourceMapping(t.Context(), w.call, in)
	wantError(t, err, "InvalidParameterValueException",
		"Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
}

func TestListFiltersAndPages_B23(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	for i := range 105 {
		name := fmt.Sprintf("f%03d", i)
		w.functions.known[name] = Function{
			ARN:     functionARN + name,
			Name:    name,
			Timeout: time.Second,
			Role:    roleARN,
		}

		w.create(func(in *CreateEventSourceMappingInput) { in.FunctionName = &name; in.Enabled = ptr(false) })
	}

	w.create(fromFIFO)
	seen := map[string]bool{}
	in := &ListEventSourceMappingsInput{EventSourceARN: ptr(queueARN), MaxItems: ptr(10000)}
	var pages []int
	for {
		out, err := w.ListEventSourceMappings(t.Context(), w.call, in)
		if err != nil {
			t.Fatal(err)
		}

		pages = append(pages, len(out.EventSourceMappings))
		for _, m := range out.EventSourceMappings {
			seen[m.UUID] = true
		}

		if in.Marker = out.NextMarker; in.Marker == nil {
			break
		}
	}

	if len(seen) != 105 || !cmp.Equal(pages, []int{100, 5}) {
		t.Errorf("%d mappings on pages of %v, want 105 on 100 and 5", len(seen), pages)
	}

	out, err := w.ListEventSourceMappings(t.Context(), w.call, &ListEventSourceMappingsInput{FunctionName: ptr("consumer")})
	if err != nil || len(out.EventSourceMappings) != 1 || out.EventSourceMappings[0].EventSourceARN != fifoARN {
		t.Errorf("of consumer: %+v, %v", out, err)
	}

	_, err = w.ListEventSourceMappings(t.Context(), w.call, &ListEventSourceMappingsInput{FunctionName: ptr("unknown")})
	if awsapi.AsError(err).Status != 404 {
		t.Errorf("unknown function: %v, want 404", err)
	}

	_, err = w.ListEventSourceMappings(t.Context(), w.call, &ListEventSourceMappingsInput{MaxItems: ptr(0)})
	wantError(t, err, "ValidationException",
		"1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1")
}

func TestTagsByARN_B22(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create(func(in *CreateEventSourceMappingInput) { in.Tags = map[string]string{"a": "1", "b": "2"} })
	arn := out.EventSourceMappingARN
	if err := w.SetTags(arn, map[string]string{"b": "3", "c": "4"}); err != nil {
		t.Fatal(err)
	}

	if err := w.RemoveTags(arn, []string{"a", "zz"}); err != nil {
		t.Fatal(err)
	}

	got, err := w.Tags(arn)
	if want := map[string]string{"b": "3", "c": "4"}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("tags %v, %v; want %v", got, err, want)
	}

	_, err = w.Tags(arn + "x")
	wantError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
	w.update(out.UUID, func(in *UpdateEventSourceMappingInput) { in.BatchSize = ptr(1) })
	if got, _ := w.Tags(arn); len(got) != 2 {
		t.Errorf("tags after an update: %v", got)
	}
}

func TestOperationsAndTheirPermissions_B1(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	uuid := w.create().UUID
	status := map[string]int{}
	for _, op := range w.Operations() {
		t.Run(op.Name, func(t *testing.T) {
			status[op.Method+" "+op.Path+" "+op.Name] = op.Status
			in := op.New()
			switch in := in.(type) {
			case *GetEventSourceMappingInput:
				in.UUID = uuid
			case *UpdateEventSourceMappingInput:
				in.UUID = uuid
			case *DeleteEventSourceMappingInput:
				in.UUID = uuid
			case *CreateEventSourceMappingInput:
				in.FunctionName = ptr("consumer")
			}

			access := op.Access(w.call, in)
			if want := map[string]int{"CreateEventSourceMapping": 2}[op.Name]; len(access) != max(want, 1) || access[0].Action != "lambda:"+op.Name {
				t.Errorf("%s requires %+v", op.Name, access)
			}

			if f := access[0].Keys["lambda:FunctionArn"]; op.Name != "ListEventSourceMappings" && !cmp.Equal(f, []string{functionARN}) {
				t.Errorf("%s: lambda:FunctionArn is %v", op.Name, f)
			}
		})
	}

	want := map[string]int{
		"POST /2015-03-31/event-source-mappings CreateEventSourceMapping":          202,
		"GET /2015-03-31/event-source-mappings ListEventSourceMappings":            200,
		"GET /2015-03-31/event-source-mappings/{UUID} GetEventSourceMapping":       200,
		"PUT /2015-03-31/event-source-mappings/{UUID} UpdateEventSourceMapping":    202,
		"DELETE /2015-03-31/event-source-mappings/{UUID} DeleteEventSourceMapping": 202,
	}

	if diff := cmp.Diff(want, status); diff != "" {
		t.Errorf("operations differ (-want +got):\n%s", diff)
	}
}

func TestResetDeletesMappingsAndStopsPolling(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create()
	for _, elsewhere := range [][2]string{{"111111111111", ""}, {"", "eu-west-1"}} {
		if err := w.Reset(elsewhere[0], elsewhere[1]); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := w.getMapping(out.UUID); err != nil {
		t.Fatalf("a reset of another scope deleted it: %v", err)
	}

	if err := w.Reset("000000000000", "us-east-1"); err != nil {
		t.Fatal(err)
	}

	w.send(queueARN, "a")
	w.advance(time.Minute)
	w.wantBatches()
	_, err := w.getMapping(out.UUID)
	wantError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
	w.create()
}
