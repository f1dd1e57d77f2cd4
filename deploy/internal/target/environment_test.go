package target_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// credentials sets the environment of a user with a key and nothing else.
func credentials(t *testing.T, id, secret, region string) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": region, "AWS_DEFAULT_REGION": "", "AWS_SESSION_TOKEN": "",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

func TestEndpointTargetFindsTheAccountOfItsCredentials(t *testing.T) {
	server := localawstest.NewListening(t)
	id, secret := server.Credentials()
	credentials(t, id, secret, "eu-central-1")
	t.Setenv("AWS_ENDPOINT_URL", server.URL())
	got, err := target.FromEnvironment(t.Context(), target.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	if got.Kind != target.Endpoint || got.Account != server.Account() || got.Region != "eu-central-1" || got.URL != server.URL() {
		t.Errorf("%+v", got)
	}
	want := "the endpoint " + server.URL() + ", account " + server.Account() + ", region eu-central-1"
	if got.Describe() != want {
		t.Errorf("%q, want %q", got.Describe(), want)
	}
	if env := got.Env([]string{"AWS_PROFILE=mine", "AWS_REGION=other"}); env["AWS_PROFILE"] != "mine" || env["AWS_REGION"] != "eu-central-1" {
		t.Errorf("environment %v", env)
	}
	if _, err := sqs.NewFromConfig(got.Config).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Errorf("its clients cannot reach it: %v", err)
	}
}

func TestWrongCredentialsAreAnErrorWithAHint(t *testing.T) {
	server := localawstest.NewListening(t)
	credentials(t, "AKIAWRONG", "wrong", "us-east-1")
	t.Setenv("AWS_ENDPOINT_URL", server.URL())
	_, err := target.FromEnvironment(t.Context(), target.Endpoint)
	if err == nil || !strings.Contains(err.Error(), "look up the owner of the AWS credentials") || !strings.Contains(hint.Of(err), server.URL()) {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

func TestAMissingRegionIsAnError(t *testing.T) {
	credentials(t, "AKID", "s", "")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	if _, err := target.FromEnvironment(t.Context(), target.Endpoint); err == nil || !strings.Contains(hint.Of(err), "export AWS_REGION") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

func TestAnInterruptIsNotReportedAsACredentialsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a disconnected client only after it has read the body
		cancel()
		<-r.Context().Done() // no response before the client has disconnected
	}))
	t.Cleanup(server.Close)
	credentials(t, "AKID", "s", "us-east-1")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	if _, err := target.FromEnvironment(ctx, target.Endpoint); !errors.Is(err, context.Canceled) || hint.Of(err) != "" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

// A web server that returns an empty page for every request is not AWS.
func TestAResponseWithoutAnAccountIsRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	credentials(t, "AKID", "s", "us-east-1")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	_, err := target.FromEnvironment(t.Context(), target.Endpoint)
	if err == nil || !strings.Contains(err.Error(), "has the account id") || !strings.Contains(hint.Of(err), server.URL) {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

func TestTheEmbeddedAWSServesAnyRegion(t *testing.T) {
	t.Parallel()
	server := localawstest.NewListening(t)
	id, secret := server.Credentials()
	info := daemon.Info{URL: server.URL(), AccessKeyID: id, SecretAccessKey: secret, Account: server.Account(), Region: server.Region()}
	for requested, want := range map[string]string{"": server.Region(), "ap-south-1": "ap-south-1"} {
		t.Run(requested, func(t *testing.T) {
			got := target.FromDaemon(info, requested)
			env := got.Env(nil)
			if got.Region != want || got.Config.Region != want || env["AWS_REGION"] != want || env["AWS_DEFAULT_REGION"] != want {
				t.Errorf("requested %q: %s, environment %v", requested, got.Region, env)
			}
			name := "q"
			out, err := sqs.NewFromConfig(got.Config).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
			if err != nil || !strings.HasPrefix(*out.QueueUrl, server.URL()) {
				t.Errorf("its clients in %s: %v", want, err)
			}
		})
	}
}

func TestFoldersOfOneKindHaveOneParent(t *testing.T) {
	t.Parallel()
	for _, kind := range []target.Kind{target.Embedded, target.AWS, target.Endpoint} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			one := (&target.Target{Kind: kind, URL: "http://h:1", Account: "1", Region: "r"}).Folder("/s", "p")
			if all := target.Folders("/s", kind); !strings.HasPrefix(one, all+"/") {
				t.Errorf("%s is not below %s", one, all)
			}
		})
	}
}
