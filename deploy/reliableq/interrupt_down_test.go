//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// Only down is needed to remove a deployment whose creation was interrupted, whether
// its queues are marked for replacement in the state or are not in it. The user need
// not know the modules' protection, which stops a plain terraform destroy.
func TestDownRemovesWhatAnInterruptedUpMade(t *testing.T) {
	t.Parallel()
	which := os.Getenv(interruptsVariable)
	if which == "" {
		t.Skipf("%s is not set", interruptsVariable)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind   string
		moment time.Duration
		often  bool // runs with the end-to-end tests
	}{
		{kind: "killed", moment: 500 * time.Millisecond},
		{kind: "killed", moment: 12 * time.Second},
		{kind: "killed", moment: 28 * time.Second},
		{kind: "terraform killed", moment: 12 * time.Second, often: true},
		{kind: "interrupted", moment: 4 * time.Second, often: true},
		{kind: "interrupted twice", moment: 12 * time.Second},
		{kind: "credentials expired", moment: 12 * time.Second},
	} {
		if which != "all" && !c.often {
			continue
		}
		t.Run(c.kind+"/"+c.moment.String(), func(t *testing.T) {
			t.Parallel()
			l := newLane(t, root, drivers["up"])
			a := l.begin(t, "up")
			if !a.reaches(c.moment) {
				t.Fatalf("the run completed before %v:\n%s", c.moment, a.printed.String())
			}
			kinds[c.kind](a)
			a.wait()
			l.leftovers(t, 30*time.Second)
			l.front.up()
			if len(l.queues(t)) == 0 && c.moment > time.Second {
				t.Fatal("no queues exist: the test is not effective")
			}

			out, err := l.run("down").CombinedOutput()
			if err != nil {
				t.Fatalf("down: %v\n%s", err, out)
			}
			t.Logf("down printed:\n%s", out)
			if left := l.everything(t); len(left) > 0 {
				t.Errorf("left after down: %s", strings.Join(left, ", "))
			}
			l.leftovers(t, 30*time.Second)
		})
	}
}

// everything returns the names of the queues, functions, mappings, roles and log
// groups of the lane's AWS.
func (l *lane) everything(t *testing.T) []string {
	t.Helper()
	var all []string
	for name := range l.queues(t) {
		all = append(all, "queue "+name)
	}

	cfg := l.aws.Config()
	functions, err := lambda.NewFromConfig(cfg).ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range functions.Functions {
		all = append(all, "function "+*f.FunctionName)
	}
	mappings, err := lambda.NewFromConfig(cfg).ListEventSourceMappings(t.Context(), &lambda.ListEventSourceMappingsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mappings.EventSourceMappings {
		all = append(all, "mapping "+*m.UUID)
	}
	roles, err := iam.NewFromConfig(cfg).ListRoles(t.Context(), &iam.ListRolesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range roles.Roles {
		all = append(all, "role "+*r.RoleName)
	}
	groups, err := cloudwatchlogs.NewFromConfig(cfg).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups.LogGroups {
		all = append(all, "log group "+*g.LogGroupName)
	}
	return all
}
