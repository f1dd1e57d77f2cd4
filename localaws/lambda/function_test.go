package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

var ctx = context.Background()

// foreignZip returns a program for another architecture: an ELF header is enough.
func foreignZip(t testing.TB) []byte {
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[18] = 183 // arm64
	if hostArch == "arm64" {
		header[18] = 62
	}
	return bundle(t, header, 0o755)
}

func TestCreateFunctionResponse_C4(t *testing.T) {
	t.Parallel()

	b := start(t)
	cfg := b.create(t, "f", func(in *CreateFunctionInput) {
		in.Architectures = nil
		in.Timeout = nil
	})

	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}

	got := decode(t, raw)
	for _, random := range []string{"CodeSha256", "CodeSize", "RevisionId"} {
		t.Run(random, func(t *testing.T) {
			if got[random] == nil || got[random] == "" || got[random] == float64(0) {
				t.Errorf("%s is %v", random, got[random])
			}
			delete(got, random)
		})
	}

	if arn, _ := got["RuntimeVersionConfig"].(map[string]any)["RuntimeVersionArn"].(string); len(arn) != len("arn:aws:lambda:us-east-1::runtime:")+64 {
		t.Errorf("runtime version %q", arn)
	}

	delete(got, "RuntimeVersionConfig")
	want := decode(t, []byte(`{
		"Architectures":["x86_64"], "Description":"", "EphemeralStorage":{"Size":512},
		"FunctionArn":"arn:aws:lambda:us-east-1:000000000000:function:f", "FunctionName":"f", "Handler":"bootstrap",
		"LastModified":"2026-01-02T03:04:05.678+0000", "LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/f"}, "MemorySize":128,
		"PackageType":"Zip", "Role":"arn:aws:iam::000000000000:role/work", "Runtime":"provided.al2023",
		"SnapStart":{"ApplyOn":"None","OptimizationStatus":"Off"}, "State":"Pending", "StateReason":"The function is being created.",
		"StateReasonCode":"Creating", "Timeout":3, "TracingConfig":{"Mode":"PassThrough"}, "Version":"$LATEST"}`))

	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewFunctionIsActiveAtTheFirstRead_C6(t *testing.T) {
	t.Parallel()

	b := start(t)
	created := b.create(t, "f", func(in *CreateFunctionInput) { in.Tags = map[string]string{"team": "a"} })
	out, err := b.GetFunction(ctx, b.call, &QualifiedInput{FunctionName: "f"})
	if err != nil {
		t.Fatal(err)
	}

	cfg := out.Configuration
	if cfg.State != "Active" || cfg.LastUpdateStatus != "Successful" || cfg.StateReason != "" || cfg.RevisionId == created.RevisionId {
		t.Errorf("%+v", cfg)
	}

	if out.Tags["team"] != "a" || out.Concurrency != nil || out.Code.RepositoryType != "S3" {
		t.Errorf("%+v", out)
	}

	updated, err := b.UpdateFunctionConfiguration(ctx, b.call, &UpdateFunctionConfigurationInput{FunctionName: "f"})
	if err != nil || updated.LastUpdateStatus != "InProgress" || updated.State != "Active" || updated.LastUpdateStatusReasonCode != "Creating" {
		t.Errorf("%+v %v", updated, err)
	}

	after, _ := b.GetFunctionConfiguration(ctx, b.call, &QualifiedInput{FunctionName: "f"})
	if after.LastUpdateStatus != "Successful" || after.RevisionId == cfg.RevisionId {
		t.Errorf("%+v", after)
	}
}

// Also LAM C11, C13, C14, C16, C17, C18 and C76: each row names its fact.
func TestInvalidCreateFunctionIsRefused_C10_C12_C15_C22(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "taken")
	b.backends.roles["arn:aws:iam::000000000000:role/closed"] = true
	with := func(name string) func(func(*ConfigurationInput)) func(*CreateFunctionInput) {
		return func(f func(*ConfigurationInput)) func(*CreateFunctionInput) {
			return func(in *CreateFunctionInput) { in.FunctionName = name; f(&in.ConfigurationInput) }
		}
	}("f")

	large := map[string]string{"KEY": strings.Repeat("v", 4096)}
	for _, tc := range []struct {
		fact    string
		change  func(*CreateFunctionInput)
		code    string
		status  int
		message string
	}{
		{"C11", func(in *CreateFunctionInput) { in.FunctionName = "taken" }, "ResourceConflictException", 409, "Function already exist: taken"},
		{
			"C12 missing role", with(func(in *ConfigurationInput) { in.Role = ptr("arn:aws:iam::000000000000:role/closed") }),
			"InvalidParameterValueException", 400, "The role defined for the function cannot be assumed by Lambda.",
		},
		{
			"C12 no ARN", with(func(in *ConfigurationInput) { in.Role = ptr("work") }), "ValidationException", 400,
			`1 validation error detected: Value 'work' at 'role' failed to satisfy constraint: ` +
				`Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`,
		},
		{
			"C13 unknown", with(func(in *ConfigurationInput) { in.Runtime = ptr("cobol") }), "InvalidParameterValueException", 400,
			"Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [",
		},
		{
			"C13 retired", with(func(in *ConfigurationInput) { in.Runtime = ptr("go1.x") }), "InvalidParameterValueException", 400,
			"The runtime parameter of go1.x is no longer supported",
		},
		{
			"managed runtime", with(func(in *ConfigurationInput) { in.Runtime = ptr("python3.13") }), "InvalidParameterValueException", 400,
			"Runtime python3.13 is not supported",
		},
		{
			"C14 two", func(in *CreateFunctionInput) { in.Architectures = []string{"x86_64", "arm64"} }, "ValidationException", 400,
			"Member must have length less than or equal to 1",
		},
		{
			"C14 bad", func(in *CreateFunctionInput) { in.Architectures = []string{"X86_64"} }, "ValidationException", 400,
			"Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
		},
		{
			"C15", func(in *CreateFunctionInput) { in.Code.ZipFile = []byte("no zip") }, "InvalidParameterValueException", 400,
			"Could not unzip uploaded file. Please check your file, then try to upload again.",
		},
		{
			"C15 empty", func(in *CreateFunctionInput) { in.Code.ZipFile = zipOf(t, nil) }, "InvalidParameterValueException", 400,
			"Uploaded file must be a non-empty zip",
		},
		{
			"C15 request", func(in *CreateFunctionInput) { in.Code.ZipFile = make([]byte, maxZip+1) }, "RequestEntityTooLargeException", 413,
			"Request must be smaller than 70167211 bytes for the CreateFunction operation",
		},
		{
			"architecture", func(in *CreateFunctionInput) { in.Code.ZipFile = foreignZip(t) }, "InvalidParameterValueException", 400,
			"Build it with GOOS=" + runtime.GOOS + " GOARCH=" + hostArch,
		},
		{
			"C16", with(func(in *ConfigurationInput) { in.Environment = &Environment{large} }), "InvalidParameterValueException", 400,
			`exceeded the 4KB limit. String measured: {"KEY":"vvv`,
		},
		{
			"C17", with(func(in *ConfigurationInput) {
				in.Environment = &Environment{map[string]string{"AWS_REGION": "x", "_HANDLER": "y"}}
			}),
			"ValidationException", 400, "'_HANDLER'",
		},
		{
			"C17 reserved", with(func(in *ConfigurationInput) { in.Environment = &Environment{map[string]string{"AWS_REGION": "x"}} }),
			"InvalidParameterValueException", 400, "Reserved keys used in this request: AWS_REGION",
		},
		{
			"C18", with(func(in *ConfigurationInput) {
				in.Timeout = ptr(901)
				in.MemorySize = ptr(64)
			}), "ValidationException", 400,
			"2 validation errors detected: Value '901' at 'timeout' failed to satisfy constraint: " +
				"Member must have value less than or equal to 900; Value '64' at 'memorySize'",
		},
		{"C18 memory", with(func(in *ConfigurationInput) { in.MemorySize = ptr(10241) }), "InvalidParameterValueException", 400, "10240"},
		{"C18 name", func(in *CreateFunctionInput) { in.FunctionName = strings.Repeat("n", 65) }, "InvalidParameterValueException", 400, "64"},
		{"C22", func(in *CreateFunctionInput) { in.FunctionName = "a b" }, "ValidationException", 400, "Value 'a b' at 'functionName'"},
		{"X-Ray", with(func(in *ConfigurationInput) { in.TracingConfig = &TracingConfig{"Active"} }), "InvalidParameterValueException", 400, "TracingConfig.Mode Active"},
		{
			"SnapStart", with(func(in *ConfigurationInput) { in.SnapStart = &SnapStart{ApplyOn: "PublishedVersions"} }), "InvalidParameterValueException", 400,
			"SnapStart PublishedVersions is not supported",
		},
		{
			"VPC", with(func(in *ConfigurationInput) { in.VpcConfig = &VpcConfig{SubnetIds: []string{"subnet-1"}} }), "InvalidParameterValueException", 400,
			"VpcConfig is not supported",
		},
		{
			"C76", with(func(in *ConfigurationInput) { in.Layers = []string{"arn:aws:lambda:us-east-1:000000000000:layer:l:1"} }),
			"InvalidParameterValueException", 400,
			"Layer version arn:aws:lambda:us-east-1:000000000000:layer:l:1 does not exist.",
		},
		{
			"C76 pattern", with(func(in *ConfigurationInput) { in.Layers = []string{"arn:aws:lambda:us-east-1:000000000000:layer:l"} }), "ValidationException", 400,
			"at 'layers'",
		},
		{"image", func(in *CreateFunctionInput) { in.PackageType = "Image" }, "InvalidParameterValueException", 400, "PackageType Image"},
		{
			"topic", with(func(in *ConfigurationInput) {
				in.DeadLetterConfig = &DeadLetterConfigInput{ptr("arn:aws:sns:us-east-1:000000000000:t")}
			}),
			"InvalidParameterValueException", 400, "DeadLetterConfig.TargetArn of service sns is not supported",
		},
		{"C33", func(in *CreateFunctionInput) { in.Tags = manyTags(51) }, "InvalidParameterValueException", 400, "Number of tags exceeds resource tag limit."},
	} {
		t.Run(tc.fact, func(t *testing.T) {
			t.Parallel()
			_, err := b.tryCreate(t, "f", tc.change)
			wantError(t, err, tc.code, tc.status, tc.message)
		})
	}
}

func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint("t", i)] = ""
	}
	return tags
}

func TestRoleNeedsPermissionForTheDeadLetterQueue_C35(t *testing.T) {
	t.Parallel()

	b := start(t, func(o *Options) {
		o.Permit = func(_ context.Context, as awsapi.Caller, region string, need awsapi.Access) error {
			return fmt.Errorf("%s may not %s on %s in %s", as.ARN, need.Action, need.Resource, region)
		}
	})
	_, err := b.tryCreate(t, "f", func(in *CreateFunctionInput) {
		in.DeadLetterConfig = &DeadLetterConfigInput{ptr("arn:aws:sqs:us-east-1:000000000000:dead")}
	})
	wantError(t, err, "InvalidParameterValueException", 400, "The provided execution role does not have permissions to call SendMessage on SQS")
}

func TestLoggingConfigMergesFieldByField_C20(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	for _, step := range []struct{ change, want LoggingConfig }{
		{LoggingConfig{LogFormat: "JSON"}, LoggingConfig{"JSON", "INFO", "INFO", "/aws/lambda/f"}},
		{LoggingConfig{SystemLogLevel: "WARN"}, LoggingConfig{"JSON", "INFO", "WARN", "/aws/lambda/f"}},
		{LoggingConfig{LogGroup: "shared"}, LoggingConfig{"JSON", "INFO", "WARN", "shared"}},
		{LoggingConfig{LogFormat: "Text"}, LoggingConfig{"Text", "", "", "shared"}},
	} {
		t.Run(fmt.Sprintf("%+v", step.change), func(t *testing.T) {
			in := &UpdateFunctionConfigurationInput{FunctionName: "f"}
			in.LoggingConfig = &step.change
			cfg, err := b.UpdateFunctionConfiguration(ctx, b.call, in)
			if err != nil || cfg.LoggingConfig != step.want {
				t.Errorf("%+v gives %+v %v, want %+v", step.change, cfg.LoggingConfig, err, step.want)
			}
		})
	}
}

func TestFunctionNamesAndARNs_C21_C22(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	for _, name := range []string{"f", "000000000000:function:f", "arn:aws:lambda:us-east-1:000000000000:function:f", "f:$LATEST"} {
		t.Run(name, func(t *testing.T) {
			if _, err := b.GetFunctionConfiguration(ctx, b.call, &QualifiedInput{FunctionName: name}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}

	_, err := b.GetFunctionConfiguration(ctx, b.call, &QualifiedInput{FunctionName: "arn:aws:lambda:eu-west-1:000000000000:function:f"})
	wantError(t, err, "ResourceNotFoundException", 404, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')")
	_, err = b.GetFunctionConfiguration(ctx, b.call, &QualifiedInput{FunctionName: "f:1", Qualifier: "2"})
	wantError(t, err, "InvalidParameterValueException", 400, "The derived qualifier from the function name does not match the specified qualifier.")
	_, err = b.GetFunctionConfiguration(ctx, b.call, &QualifiedInput{FunctionName: "f", Qualifier: "7"})
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:7")
	other := *b.call
	other.Region = "eu-west-1"
	_, err = b.GetFunctionConfiguration(ctx, &other, &QualifiedInput{FunctionName: "f"})
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:f")
}

func (b *testService) publishOf(t testing.TB, name, description string) *FunctionConfiguration {
	t.Helper()

	in := &PublishVersionInput{FunctionName: name}
	if description != "" {
		in.Description = &description
	}
	v, err := b.PublishVersion(ctx, b.call, in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *testService) setTimeout(t testing.TB, name string, seconds int) {
	t.Helper()

	in := &UpdateFunctionConfigurationInput{FunctionName: name}
	in.Timeout = &seconds
	if _, err := b.UpdateFunctionConfiguration(ctx, b.call, in); err != nil {
		t.Fatal(err)
	}
}

func TestVersionNumbersIncreaseAndUnchangedCodeIsNotPublishedAgain_C25(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	one := b.publishOf(t, "f", "first")
	if one.Version != "1" || one.State != "Active" || one.Description != "first" || !strings.HasSuffix(one.FunctionArn, ":f:1") {
		t.Errorf("%+v", one)
	}

	if again := b.publishOf(t, "f", "second"); again.Version != "1" || again.RevisionId != one.RevisionId {
		t.Errorf("published again although nothing has changed: %+v", again)
	}

	b.setTimeout(t, "f", 9)
	if two := b.publishOf(t, "f", ""); two.Version != "2" || two.Timeout != 9 {
		t.Errorf("%+v", two)
	}

	if err := b.DeleteFunction(ctx, b.call, &QualifiedInput{FunctionName: "f", Qualifier: "2"}); err != nil {
		t.Fatal(err)
	}

	b.setTimeout(t, "f", 10)
	if three := b.publishOf(t, "f", ""); three.Version != "3" {
		t.Errorf("number %s was used before", three.Version)
	}

	list, err := b.ListVersionsByFunction(ctx, b.call, &ListVersionsByFunctionInput{FunctionName: "f"})
	if err != nil {
		t.Fatal(err)
	}

	var numbers []string
	for _, v := range list.Versions {
		numbers = append(numbers, v.Version)
		if v.State != "" || v.LastUpdateStatus != "" || v.RuntimeVersionConfig != nil || !strings.HasSuffix(v.FunctionArn, ":"+v.Version) {
			t.Errorf("C7, C3: %+v", v)
		}
	}

	if !slices.Equal(numbers, []string{"$LATEST", "1", "3"}) {
		t.Errorf("versions %v", numbers)
	}
}

func TestPublishVersionChecksRevisionAndHash_C26(t *testing.T) {
	t.Parallel()

	b := start(t)
	cfg := b.create(t, "f")
	_, err := b.PublishVersion(ctx, b.call, &PublishVersionInput{FunctionName: "f", RevisionId: cfg.RevisionId})
	wantError(t, err, "PreconditionFailedException", 412, "The Revision Id provided does not match the latest Revision Id.")
	_, err = b.PublishVersion(ctx, b.call, &PublishVersionInput{FunctionName: "f", CodeSha256: "X"})
	wantError(t, err, "InvalidParameterValueException", 400, "CodeSHA256 (X) is different from current CodeSHA256 in $LATEST ("+cfg.CodeSha256+").")
}

func TestDeleteFunctionAndVersions_C24(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	b.publishOf(t, "f", "")
	remove := func(name, qualifier string) error {
		err := b.DeleteFunction(ctx, b.call, &QualifiedInput{FunctionName: name, Qualifier: qualifier})
		return err
	}

	wantError(t, remove("f", "$LATEST"), "InvalidParameterValueException", 400, "$LATEST version cannot be deleted without deleting the function.")
	if err := remove("f", "9"); err != nil {
		t.Errorf("a missing version: %v", err)
	}

	wantError(t, remove("g", "9"), "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:g")
	if _, err := b.CreateAlias(ctx, b.call, &CreateAliasInput{
		FunctionName:    "f",
		Name:            "live",
		FunctionVersion: "1",
	}); err != nil {
		t.Fatal(err)
	}

	wantError(t, remove("f", "1"), "ResourceConflictException", 409, "in use by the alias live")
	if err := remove("f", ""); err != nil {
		t.Fatal(err)
	}

	_, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"})
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST")
}

func TestListFunctionsInPages(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.RegisterHandler("h", echo)
	for i := range 60 {
		name := fmt.Sprintf("f%02d", i)
		b.RegisterHandler(name, echo)
		b.create(t, name, func(in *CreateFunctionInput) { in.Code = &FunctionCode{} })
	}

	var names []string
	in := &ListFunctionsInput{}
	for range 3 {
		out, err := b.ListFunctions(ctx, b.call, in)
		if err != nil {
			t.Fatal(err)
		}

		for _, f := range out.Functions {
			names = append(names, f.FunctionName)
		}

		if in.Marker = out.NextMarker; in.Marker == "" {
			break
		}
	}

	if len(names) != 60 || !slices.IsSorted(names) {
		t.Errorf("%d functions: %v", len(names), names)
	}
}

func echo(_ context.Context, event []byte) ([]byte, error) { return event, nil }

func TestUpdatedCodeRuns_C68(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) {
		in.Code.ZipFile = bundle(t, []byte(strings.ReplaceAll(python, "echo", "old")), 0o755)
	})

	if out := b.invokeTail(t, "f", "1"); string(out.Payload) != `{"old":1}` {
		t.Fatalf("%s", out.Payload)
	}

	zip := bundle(t, []byte(strings.ReplaceAll(python, "echo", "new")), 0o755)
	cfg, err := b.UpdateFunctionCode(ctx, b.call, &UpdateFunctionCodeInput{
		FunctionName: "f",
		ZipFile:      zip,
		Publish:      true,
	})
	if err != nil || cfg.Version != "1" || cfg.CodeSize != int64(len(zip)) {
		t.Fatalf("%+v %v", cfg, err)
	}

	if out := b.invokeTail(t, "f", "2"); string(out.Payload) != `{"new":2}` {
		t.Errorf("%s", out.Payload)
	}

	b.mu.Lock()
	live := b.environments.live
	b.mu.Unlock()
	if live != 1 {
		t.Errorf("%d live environments, want only the new one", live)
	}
}
