package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestC7ListsOmitTheState(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.handled(t, "f", echo)
	list, err := b.listFunctions(ctx, b.call, &listFunctionsInput{})
	if err != nil || len(list.Functions) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	f := list.Functions[0]
	if f.State != "" || f.StateReason != "" || f.StateReasonCode != "" || f.LastUpdateStatus != "" || f.RuntimeVersionConfig != nil {
		t.Errorf("%+v", f)
	}
}

func TestC9TheHashAndSizeAreOfTheZip(t *testing.T) {
	t.Parallel()
	b := start(t)
	zip := bundle(t, program, 0o755)
	cfg := b.create(t, "f", func(in *createFunctionInput) { in.Code.ZipFile = zip })
	sum := sha256.Sum256(zip)
	if want := base64.StdEncoding.EncodeToString(sum[:]); cfg.CodeSha256 != want || cfg.CodeSize != int64(len(zip)) {
		t.Errorf("hash %s of %d bytes, want %s of %d", cfg.CodeSha256, cfg.CodeSize, want, len(zip))
	}
}

func TestC18TheEndsOfEachRange(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.handled(t, "f", echo)
	for _, tc := range []struct {
		name    string
		in      settingsInput
		allowed bool
	}{
		{"timeout 0", settingsInput{Timeout: ptr(0)}, false},
		{"timeout 1", settingsInput{Timeout: ptr(1)}, true},
		{"timeout 900", settingsInput{Timeout: ptr(900)}, true},
		{"timeout 901", settingsInput{Timeout: ptr(901)}, false},
		{"memory 127", settingsInput{MemorySize: ptr(127)}, false},
		{"memory 128", settingsInput{MemorySize: ptr(128)}, true},
		{"memory 10240", settingsInput{MemorySize: ptr(10240)}, true},
		{"memory 10241", settingsInput{MemorySize: ptr(10241)}, false},
		{"storage 511", settingsInput{EphemeralStorage: &ephemeralStorage{Size: 511}}, false},
		{"storage 512", settingsInput{EphemeralStorage: &ephemeralStorage{Size: 512}}, true},
		{"storage 10240", settingsInput{EphemeralStorage: &ephemeralStorage{Size: 10240}}, true},
		{"storage 10241", settingsInput{EphemeralStorage: &ephemeralStorage{Size: 10241}}, false},
		{"description of 256", settingsInput{Description: ptr(strings.Repeat("d", 256))}, true},
		{"description of 257", settingsInput{Description: ptr(strings.Repeat("d", 257))}, false},
		{"handler of 128", settingsInput{Handler: ptr(strings.Repeat("h", 128))}, true},
		{"handler of 129", settingsInput{Handler: ptr(strings.Repeat("h", 129))}, false},
		{"handler with a space", settingsInput{Handler: ptr("a b")}, false},
	} {
		in := &updateFunctionConfigurationInput{FunctionName: "f"}
		in.settingsInput = tc.in
		_, err := b.updateFunctionConfiguration(ctx, b.call, in)
		if (err == nil) != tc.allowed {
			t.Errorf("%s: error %v, want allowed %t", tc.name, err, tc.allowed)
		}
	}
}

func TestC23AMissingFunctionIsNamedWithItsQualifier(t *testing.T) {
	t.Parallel()
	b := start(t)
	for qualifier, suffix := range map[string]string{"": "f", "7": "f:7", "live": "f:live"} {
		_, err := b.getFunction(ctx, b.call, &qualifiedInput{FunctionName: "f", Qualifier: qualifier})
		wantError(t, err, "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:"+suffix)
		if e := awsapi.AsError(err); e.Members["Type"] != "User" || !strings.HasSuffix(e.Message, ":function:"+suffix) {
			t.Errorf("%+v", e)
		}
	}
}

func TestC32WhatTheAccountMayAndDoesUse(t *testing.T) {
	t.Parallel()
	b := start(t)
	cfg := b.create(t, "f")
	got, err := b.getAccountSettings(ctx, b.call, &awsapi.None{})
	if err != nil {
		t.Fatal(err)
	}
	want := accountSettings{accountLimit{80530636800, 262144000, 52428800, 1000, 1000}, accountUsage{cfg.CodeSize, 1}}
	if *got != want {
		t.Errorf("%+v, want %+v", *got, want)
	}
}

func TestC40AnyJSONValueIsAPayload(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.handled(t, "f", echo)
	for _, payload := range []string{`null`, `"s"`, `1`, `[]`, `true`} {
		if out := b.ask(t, "f", payload); out.FunctionError != "" || string(out.Payload) != payload {
			t.Errorf("%s became %s %s", payload, out.Payload, out.FunctionError)
		}
	}
}
