package test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/gruntwork-io/terratest/modules/terraform"
)

func TestTheSecondPlanIsEmpty(t *testing.T) {
	t.Parallel()
	d := deployed(t, "classic", nil)
	code, err := terraform.PlanExitCodeContextE(t, t.Context(), d.options)
	if err != nil {
		t.Fatal(err)
	}
	if code != 0 {
		t.Errorf("plan after apply ends with exit code %d, want 0: nothing to change", code)
	}
}

func TestDestroyLeavesNothing(t *testing.T) {
	t.Parallel()
	d := deployed(t, "shortlived", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if _, err := terraform.DestroyContextE(t, ctx, d.options); err != nil {
		t.Fatal(err)
	}
	for kind, names := range d.remaining(t) {
		t.Run(kind, func(t *testing.T) {
			for _, name := range names {
				t.Errorf("destroy left the %s %s", kind, name)
			}
		})
	}
}

// remaining returns the names of the resources that exist under the deployment's prefix, by
// kind.
func (d *deployment) remaining(t *testing.T) map[string][]string {
	t.Helper()
	left := map[string][]string{}
	queues, err := sqs.NewFromConfig(d.cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{QueueNamePrefix: aws.String("shortlived_")})
	if err != nil {
		t.Fatal(err)
	}
	left["queue"] = queues.QueueUrls
	client := lambda.NewFromConfig(d.cfg)
	functions, err := client.ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range functions.Functions {
		if strings.HasPrefix(*f.FunctionName, "shortlived_") {
			left["function"] = append(left["function"], *f.FunctionName)
		}
	}
	mappings, err := client.ListEventSourceMappings(t.Context(), &lambda.ListEventSourceMappingsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mappings.EventSourceMappings {
		if strings.Contains(*m.FunctionArn, ":shortlived_") {
			left["mapping"] = append(left["mapping"], *m.UUID)
		}
	}
	groups, err := cloudwatchlogs.NewFromConfig(d.cfg).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/aws/lambda/shortlived_")})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups.LogGroups {
		left["log group"] = append(left["log group"], *g.LogGroupName)
	}
	return left
}
