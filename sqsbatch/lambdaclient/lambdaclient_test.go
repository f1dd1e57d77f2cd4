package lambdaclient_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/reliableq/reliableq/sqsbatch/lambdaclient"
)

// The SDK's client implements the interface of this package.
var _ lambdaclient.API = (*lambda.Client)(nil)

type service struct {
	in  *lambda.ListEventSourceMappingsInput
	out lambda.ListEventSourceMappingsOutput
	err error
}

func (s *service) ListEventSourceMappings(
	_ context.Context, in *lambda.ListEventSourceMappingsInput, _ ...func(*lambda.Options),
) (*lambda.ListEventSourceMappingsOutput, error) {
	s.in = in
	return &s.out, s.err
}

func TestMappingCheckReadsResponseTypes(t *testing.T) {
	t.Parallel()
	reporting := types.EventSourceMappingConfiguration{FunctionResponseTypes: []types.FunctionResponseType{"ReportBatchItemFailures"}}
	down := errors.New("no network")
	for name, tt := range map[string]struct {
		mappings []types.EventSourceMappingConfiguration
		err      error
		want     bool
		wantErr  error
	}{
		"Reports":         {mappings: []types.EventSourceMappingConfiguration{reporting}, want: true},
		"DoesNot":         {mappings: []types.EventSourceMappingConfiguration{{}}},
		"OneOfTwoDoesNot": {mappings: []types.EventSourceMappingConfiguration{reporting, {}}},
		"None":            {wantErr: lambdaclient.ErrNoMapping},
		"Down":            {err: down, wantErr: down},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{out: lambda.ListEventSourceMappingsOutput{EventSourceMappings: tt.mappings}, err: tt.err}
			got, err := lambdaclient.MappingCheck(s)(t.Context(), "queue", "function")
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Errorf("%v, %v", got, err)
			}
			if aws.ToString(s.in.EventSourceArn) != "queue" || aws.ToString(s.in.FunctionName) != "function" {
				t.Errorf("request %+v", s.in)
			}
		})
	}
}

func TestNilClientIsRefused(t *testing.T) {
	t.Parallel()
	if lambdaclient.MappingCheck(nil) != nil {
		t.Error("a check without a client was accepted")
	}
}
