package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestListsOmitTheState_C7(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	list, err := b.ListFunctions(ctx, b.call, &ListFunctionsInput{})
	if err != nil || len(list.Functions) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	f := list.Functions[0]
	if f.State != "" || f.StateReason != "" || f.StateReasonCode != "" || f.LastUpdateStatus != "" || f.RuntimeVersionConfig != nil {
		t.Errorf("%+v", f)
	}
}

func TestCodeHashAndSizeAreThoseOfTheZipFile_C9(t *testing.T) {
	t.Parallel()

	b := start(t)
	zip := bundle(t, program, 0o755)
	cfg := b.create(t, "f", func(in *CreateFunctionInput) { in.Code.ZipFile = zip })
	sum := sha256.Sum256(zip)
	if want := base64.StdEncoding.EncodeToString(sum[:]); cfg.CodeSha256 != want || cfg.CodeSize != int64(len(zip)) {
		t.Errorf("hash %s of %d bytes, want %s of %d", cfg.CodeSha256, cfg.CodeSize, want, len(zip))
	}
}

func TestLimitsOfConfigurationValues_C18(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	for _, tc := range []struct {
		name    string
		in      ConfigurationInput
		allowed bool
	}{
		{"timeout 0", ConfigurationInput{Timeout: ptr(0)}, false},
		{"timeout 1", ConfigurationInput{Timeout: ptr(1)}, true},
		{"timeout 900", ConfigurationInput{Timeout: ptr(900)}, true},
		{"timeout 901", ConfigurationInput{Timeout: ptr(901)}, false},
		{"memory 127", ConfigurationInput{MemorySize: ptr(127)}, false},
		{"memory 128", ConfigurationInput{MemorySize: ptr(128)}, true},
		{"memory 10240", ConfigurationInput{MemorySize: ptr(10240)}, true},
		{"memory 10241", ConfigurationInput{MemorySize: ptr(10241)}, false},
		{"storage 511", ConfigurationInput{EphemeralStorage: &EphemeralStorage{Size: 511}}, false},
		{"storage 512", ConfigurationInput{EphemeralStorage: &EphemeralStorage{Size: 512}}, true},
		{"storage 10240", ConfigurationInput{EphemeralStorage: &EphemeralStorage{Size: 10240}}, true},
		{"storage 10241", ConfigurationInput{EphemeralStorage: &EphemeralStorage{Size: 10241}}, false},
		{"description of 256", ConfigurationInput{Description: ptr(strings.Repeat("d", 256))}, true},
		{"description of 257", ConfigurationInput{Description: ptr(strings.Repeat("d", 257))}, false},
		{"handler of 128", ConfigurationInput{Handler: ptr(strings.Repeat("h", 128))}, true},
		{"handler of 129", ConfigurationInput{Handler: ptr(strings.Repeat("h", 129))}, false},
		{"handler with a space", ConfigurationInput{Handler: ptr("a b")}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := &UpdateFunctionConfigurationInput{FunctionName: "f"}
			in.ConfigurationInput = tc.in
			_, err := b.UpdateFunctionConfiguration(ctx, b.call, in)
			if (err == nil) != tc.allowed {
				t.Errorf("%s: error %v, want allowed %t", tc.name, err, tc.allowed)
			}
		})
	}
}

func TestNotFoundErrorNamesTheQualifier_C23(t *testing.T) {
	t.Parallel()

	b := start(t)
	for qualifier, suffix := range map[string]string{
		"":     "f",
		"7":    "f:7",
		"live": "f:live",
	} {
		t.Run("qualifier "+qualifier, func(t *testing.T) {
			_, err := b.GetFunction(ctx, b.call, &QualifiedInput{FunctionName: "f", Qualifier: qualifier})
			wantError(t, err, "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:"+suffix)
			if e := awsapi.AsError(err); e.Members["Type"] != "User" || !strings.HasSuffix(e.Message, ":function:"+suffix) {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestAccountSettings_C32(t *testing.T) {
	t.Parallel()

	b := start(t)
	cfg := b.create(t, "f")
	got, err := b.GetAccountSettings(ctx, b.call, &awsapi.None{})
	if err != nil {
		t.Fatal(err)
	}
	want := AccountSettings{AccountLimit{80530636800, 262144000, 52428800, 1000, 1000}, AccountUsage{cfg.CodeSize, 1}}
	if *got != want {
		t.Errorf("%+v, want %+v", *got, want)
	}
}

func TestAnyJSONValueIsAPayload_C40(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	for _, payload := range []string{`null`, `"s"`, `1`, `[]`, `true`} {
		t.Run(payload, func(t *testing.T) {
			if out := b.invokeTail(t, "f", payload); out.FunctionError != "" || string(out.Payload) != payload {
				t.Errorf("%s became %s %s", payload, out.Payload, out.FunctionError)
			}
		})
	}
}
