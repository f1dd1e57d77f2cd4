package iam_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/gateway"
	"github.com/reliableq/reliableq/localaws/iam"
	"github.com/reliableq/reliableq/localaws/store"
	"github.com/reliableq/reliableq/localaws/sts"
)

const (
	account    = "000000000000"
	trustsAll  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}]}`
	trustsFunc = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	maySend    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:q"}]}`
	queue      = "arn:aws:sqs:us-east-1:000000000000:q"
)

// testGateway has IAM and STS behind a gateway.
type testGateway struct {
	*iam.Service
	gateway http.Handler
	now     time.Time // machine time
}

func newTestGateway(t testing.TB) *testGateway {
	t.Helper()
	w := &testGateway{now: time.Now()}
	c := clock.New(clock.Manual, time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC))
	t.Cleanup(c.Close)
	random := chance.Seeded(1)
	var err error
	w.Service, err = iam.New(iam.Options{
		Clock:   c,
		Chance:  random,
		Store:   store.Memory(),
		Account: account,
		Now:     func() time.Time { return w.now },
	})
	if err != nil {
		t.Fatal(err)
	}

	w.gateway, err = gateway.New(gateway.Options{
		Dispatcher: &awsapi.Dispatcher{
			Services:  map[string]*awsapi.Service{"iam": w.API(), "sts": sts.New(w.Service).API()},
			Authorize: w.Authorize,
		},
		Identity: w.Credential,
		Clock:    c,
		Chance:   random,
		Account:  account,
		Region:   "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}

	return w
}

func (w *testGateway) config() aws.Config {
	o := w.Operator()
	return w.configAs(o.AccessKey, o.Secret, "")
}

func (w *testGateway) configAs(key, secret, token string) aws.Config {
	return aws.Config{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String("http://localaws.invalid"),
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider(key, secret, token),
		HTTPClient:       &http.Client{Transport: gateway.Transport(w.gateway)},
	}
}

func (w *testGateway) iam() *sdkiam.Client { return sdkiam.NewFromConfig(w.config()) }
func (w *testGateway) sts() *sdksts.Client { return sdksts.NewFromConfig(w.config()) }

// role creates a role, with an inline policy unless policy is empty.
func (w *testGateway) role(t testing.TB, name, trust, policy string) {
	t.Helper()
	_, err := w.iam().CreateRole(t.Context(), &sdkiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}

	if policy == "" {
		return
	}

	_, err = w.iam().PutRolePolicy(t.Context(), &sdkiam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("inline"), PolicyDocument: &policy})
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks code and message of an API error. An empty message means any.
func refused(t testing.TB, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || message != "" && api.ErrorMessage() != message {
		t.Errorf("error %v, want %s: %s", err, code, message)
	}
}

func arnOf(role string) string { return "arn:aws:iam::" + account + ":role/" + role }
