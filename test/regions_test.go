package test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/gruntwork-io/terratest/modules/terraform"
)

// The same root is applied in two regions, and with two prefixes, in one account. Each
// is complete, and destroying one leaves the others unchanged.
func TestTwoRegionsAndTwoPrefixesShareAnAccount(t *testing.T) {
	t.Parallel()
	if shared.onAWS() {
		t.Skip("applies to another region: on the embedded AWS only")
	}
	here := deployed(t, "classic", nil)
	otherPrefix := deployed(t, "whole", wholeBatch())
	options, err := shared.options("elsewhere", map[string]any{"name_prefix": "classic_"})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := &deployment{options: options, cfg: shared.cfg.Copy()}
	elsewhere.cfg.Region = "ap-southeast-2"
	env := map[string]string{}
	for name, value := range options.EnvVars {
		env[name] = value
	}
	env["AWS_REGION"] = elsewhere.cfg.Region
	env["AWS_DEFAULT_REGION"] = elsewhere.cfg.Region
	options.EnvVars = env

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if _, err := terraform.InitAndApplyContextE(t, ctx, options); err != nil {
		t.Fatal(err)
	}
	want := []string{"classic_reliable_q-ap-southeast-2", "classic_reliable_q-" + here.cfg.Region, "whole_reliable_q-" + otherPrefix.cfg.Region}
	if missing := missingFrom(dashboards(t), want); len(missing) > 0 {
		t.Errorf("the dashboards %v are missing", missing)
	}

	if _, err := terraform.DestroyContextE(t, ctx, options); err != nil {
		t.Fatal(err)
	}
	if missing := missingFrom(dashboards(t), want[1:]); len(missing) > 0 {
		t.Errorf("destroying one region deleted the dashboards %v of the others", missing)
	}
	code, err := terraform.PlanExitCodeContextE(t, ctx, here.options)
	if err != nil || code != 0 {
		t.Errorf("plan in the first region ends with exit code %d (%v), want 0: nothing to change", code, err)
	}
}

// dashboards returns the names of all dashboards in the account.
func dashboards(t *testing.T) []string {
	t.Helper()
	got, err := cloudwatch.NewFromConfig(shared.cfg).ListDashboards(t.Context(), &cloudwatch.ListDashboardsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range got.DashboardEntries {
		names = append(names, *entry.DashboardName)
	}
	return names
}

// missingFrom returns the elements of want that are not in have.
func missingFrom(have, want []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(name string) bool { return slices.Contains(have, name) })
}
