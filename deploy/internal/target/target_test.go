package target_test

import (
	"strings"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

func embedded() *target.Target {
	return target.FromDaemon(daemon.Info{
		URL: "http://127.0.0.1:4566", AccessKeyID: "AKID", SecretAccessKey: "s", Account: "000000000000", Region: "us-east-1",
	}, "")
}

func TestAWSSettingsOfTheUserAreRemovedForTheEmbeddedAWS(t *testing.T) {
	t.Parallel()
	env := embedded().Env([]string{
		"AWS_PROFILE=production", "AWS_SESSION_TOKEN=t", "AWS_ENDPOINT_URL_SQS=https://elsewhere", "AWS_ROLE_ARN=r", "AWS_ACCESS_KEY_ID=real",
		"AWS_CA_BUNDLE=/etc/ca.pem", "HOME=/home/me", "broken",
	})
	for _, variable := range []string{"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SQS", "AWS_ROLE_ARN"} {
		t.Run(variable, func(t *testing.T) {
			if v, ok := env[variable]; ok {
				t.Errorf("%s=%s remains", variable, v)
			}
		})
	}
	for key, want := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKID", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "HOME": "/home/me", "AWS_CA_BUNDLE": "/etc/ca.pem",
	} {
		t.Run(key, func(t *testing.T) {
			if env[key] != want {
				t.Errorf("%s=%s, want %s", key, env[key], want)
			}
		})
	}
}

func TestTheUsersEnvironmentStaysForAWS(t *testing.T) {
	t.Parallel()
	env := (&target.Target{Kind: target.AWS}).Env([]string{"AWS_PROFILE=staging", "AWS_SESSION_TOKEN=t"})
	if env["AWS_PROFILE"] != "staging" || env["AWS_SESSION_TOKEN"] != "t" {
		t.Errorf("env: %v", env)
	}
}

func TestNoTwoTargetsShareState(t *testing.T) {
	t.Parallel()
	base := target.Target{Kind: target.AWS, Account: "111122223333", Region: "eu-west-1"}
	variants := map[string]target.Target{"itself": base}
	for name, change := range map[string]func(*target.Target){
		"kind":     func(v *target.Target) { v.Kind = target.Embedded },
		"account":  func(v *target.Target) { v.Account = "444455556666" },
		"region":   func(v *target.Target) { v.Region = "us-east-1" },
		"endpoint": func(v *target.Target) { v.Kind, v.URL = target.Endpoint, "http://localhost:4566" },
		"port":     func(v *target.Target) { v.Kind, v.URL = target.Endpoint, "http://localhost:4567" },
	} {
		v := base
		change(&v)
		variants[name] = v
	}
	seen := map[string]string{}
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			for _, prefix := range []string{"", "test_"} {
				folder := v.Folder("/state", prefix)
				if other, ok := seen[folder]; ok {
					t.Errorf("%s and %s share %s", name, other, folder)
				}
				seen[folder] = name
			}
		})
	}
}

func TestAnEndpointsNameCannotLeaveTheStateFolder(t *testing.T) {
	t.Parallel()
	v := target.Target{Kind: target.Endpoint, URL: "../../../etc", Account: "../x", Region: "/r"}
	dots := target.Target{Kind: target.Endpoint, URL: "..", Account: "..", Region: "."}
	for _, folder := range []string{v.Folder("/state", "../p"), dots.Folder("/state", "..")} {
		t.Run(folder, func(t *testing.T) {
			if !strings.HasPrefix(folder, "/state/deployments/endpoint/") || strings.Contains(folder, "..") {
				t.Errorf("folder %s", folder)
			}
		})
	}
}

func TestAWSAndAnEndpointAreNotConfused(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
	if _, err := target.FromEnvironment(t.Context(), target.AWS); err == nil || !strings.Contains(hint.Of(err), "unset AWS_ENDPOINT_URL") {
		t.Errorf("AWS with an endpoint: %v", err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "")
	if _, err := target.FromEnvironment(t.Context(), target.Endpoint); err == nil || !strings.Contains(hint.Of(err), "AWS_ENDPOINT_URL") {
		t.Errorf("an endpoint without one: %v", err)
	}
}

func TestTheTargetIsDescribed(t *testing.T) {
	t.Parallel()
	if got, want := embedded().Describe(), "the embedded AWS at http://127.0.0.1:4566, account 000000000000, region us-east-1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	aws := target.Target{Kind: target.AWS, Account: "111122223333", Region: "eu-west-1"}
	if got, want := aws.Describe(), "AWS, account 111122223333, region eu-west-1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
