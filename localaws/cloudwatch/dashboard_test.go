package cloudwatch

import (
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

func TestDashboardIsPutReadListedAndDeleted_E30(t *testing.T) {
	t.Parallel()

	b := open(t)
	const body = `{"widgets": [ ]}`
	out := ok[PutDashboardOutput](b, "PutDashboard", &PutDashboardInput{DashboardName: "flow", DashboardBody: body})
	if out.DashboardValidationMessages == nil || len(out.DashboardValidationMessages) != 0 {
		t.Errorf("PutDashboard returned %+v, want an empty list of messages", out)
	}

	got := ok[GetDashboardOutput](b, "GetDashboard", &GetDashboardInput{DashboardName: "flow"})
	if got.DashboardBody != body || got.DashboardARN != "arn:aws:cloudwatch::000000000000:dashboard/flow" {
		t.Errorf("GetDashboard returned %+v, want the body as it was put", got)
	}

	b.call.Region = "eu-west-1"
	listed := ok[ListDashboardsOutput](b, "ListDashboards", &ListDashboardsInput{DashboardNamePrefix: "fl"})
	if len(listed.DashboardEntries) != 1 || listed.DashboardEntries[0].Size != int64(len(body)) || !listed.DashboardEntries[0].LastModified.Time().Equal(start) {
		t.Errorf("ListDashboards in another region returned %+v, want the dashboard", listed)
	}

	refused(b, "DeleteDashboards", &DeleteDashboardsInput{DashboardNames: []string{"flow", "none"}}, "ResourceNotFound", "")
	ok[GetDashboardOutput](b, "GetDashboard", &GetDashboardInput{DashboardName: "flow"})
	ok[awsapi.None](b, "DeleteDashboards", &DeleteDashboardsInput{DashboardNames: []string{"flow"}})
	refused(b, "GetDashboard", &GetDashboardInput{DashboardName: "flow"}, "ResourceNotFound", "Dashboard flow does not exist")
}

func TestInvalidDashboardsAreRefused_E30(t *testing.T) {
	t.Parallel()

	b := open(t)
	for body, code := range map[string]string{
		"{":  "InvalidParameterInput",
		"[]": "InvalidParameterInput",
		"":   "MissingParameter",
	} {
		t.Run(body, func(t *testing.T) {
			b := b.in(t)

			refused(b, "PutDashboard", &PutDashboardInput{DashboardName: "d", DashboardBody: body}, code, "")
		})
	}
	refused(b, "PutDashboard", &PutDashboardInput{DashboardName: "a b", DashboardBody: "{}"}, "InvalidParameterInput", "")
}

func TestTagsOfAlarmsAndDashboards(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	ok[PutDashboardOutput](b, "PutDashboard", &PutDashboardInput{DashboardName: "flow", DashboardBody: "{}"})
	for _, arn := range []string{"arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors", "arn:aws:cloudwatch::000000000000:dashboard/flow"} {
		t.Run(arn, func(t *testing.T) {
			b := b.in(t)

			ok[awsapi.None](b, "TagResource", &TagResourceInput{ResourceARN: arn, Tags: []awsapi.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}})
			ok[awsapi.None](b, "TagResource", &TagResourceInput{ResourceARN: arn, Tags: []awsapi.Tag{{Key: "a", Value: "3"}}})
			ok[awsapi.None](b, "UntagResource", &UntagResourceInput{ResourceARN: arn, TagKeys: []string{"b"}})
			out := ok[ListTagsForResourceOutput](b, "ListTagsForResource", &ListTagsForResourceInput{ResourceARN: arn})
			if len(out.Tags) != 1 || out.Tags[0] != (awsapi.Tag{Key: "a", Value: "3"}) {
				t.Errorf("%s has tags %v", arn, out.Tags)
			}
		})
	}

	for _, arn := range []string{
		"arn:aws:cloudwatch:us-east-1:000000000000:alarm:none", "arn:aws:cloudwatch:us-east-1:111111111111:alarm:errors",
		"arn:aws:cloudwatch::000000000000:dashboard/none",
	} {
		t.Run(arn, func(t *testing.T) {
			b := b.in(t)

			refused(b, "ListTagsForResource", &ListTagsForResourceInput{ResourceARN: arn}, "ResourceNotFoundException", "")
		})
	}

	refused(b, "TagResource", &TagResourceInput{ResourceARN: "x", Tags: []awsapi.Tag{{Key: "a", Value: "1"}}}, "InvalidParameterValue", "")
	many := make([]awsapi.Tag, 51)
	for i := range many {
		many[i].Key = strings.Repeat("k", i+1)
	}

	refused(b, "TagResource", &TagResourceInput{ResourceARN: "arn:aws:cloudwatch::000000000000:dashboard/flow", Tags: many}, "InvalidParameterValue", "")
}

func TestEveryOperationNeedsPermission(t *testing.T) {
	t.Parallel()

	b := open(t)
	for name, op := range b.API().Operations {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)

			all := op.Access(b.call, op.New())
			if name == "DeleteDashboards" { // for each that is named
				all = op.Access(b.call, &DeleteDashboardsInput{DashboardNames: []string{"a", "b"}})
			}

			for _, a := range all {
				if a.Action != "cloudwatch:"+name {
					t.Errorf("%s needs %s", name, a.Action)
				}
			}

			if len(all) == 0 {
				t.Errorf("%s needs no permission", name)
			}
		})
	}

	put := b.API().Operations["PutMetricAlarm"].Access(b.call, onErrors(func(in *PutMetricAlarmInput) { in.Tags = []awsapi.Tag{{Key: "team", Value: "a"}} }))
	if put[0].Resource != "arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors" || put[0].RequestTags["team"] != "a" || len(put) != 2 || put[1].Action != "cloudwatch:TagResource" {
		t.Errorf("PutMetricAlarm needs %+v", put)
	}

	data := b.API().Operations["PutMetricData"].Access(b.call, putMetricData())
	if data[0].Resource != "*" || data[0].Keys["cloudwatch:namespace"][0] != "App" {
		t.Errorf("PutMetricData needs %+v", data)
	}
}

func putMetricData() *PutMetricDataInput { return &PutMetricDataInput{Namespace: "App"} }

func TestAlarmsAndDashboardsSurviveRestart(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	disk := func(s *store.Store) func(*Options) {
		return func(o *Options) {
			o.Store = s
		}
	}

	st, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}

	b := open(t, disk(st))
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) { in.Tags = []awsapi.Tag{{Key: "team", Value: "a"}} }))
	ok[awsapi.None](b, "PutMetricAlarm", deadLetters())
	ok[PutDashboardOutput](b, "PutDashboard", &PutDashboardInput{DashboardName: "flow", DashboardBody: "{}"})
	ok[awsapi.None](b, "SetAlarmState", &SetAlarmStateInput{
		AlarmName:   "errors",
		StateValue:  "ALARM",
		StateReason: ptr("drill"),
	})

	ok[awsapi.None](b, "DeleteAlarms", &AlarmNamesInput{AlarmNames: []string{"dlq"}})
	before := b.state("errors")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if st, err = store.Open(dir, store.Options{}); err != nil {
		t.Fatal(err)
	}

	defer st.Close()

	b = open(t, disk(st))
	after := b.state("errors")
	if after.StateValue != "ALARM" || after.StateReason != "drill" || after.AlarmARN != before.AlarmARN || *after.Threshold != 21 {
		t.Errorf("alarm %+v, was %+v", after, before)
	}

	if all := ok[DescribeAlarmsOutput](b, "DescribeAlarms", &DescribeAlarmsInput{}); len(all.MetricAlarms) != 1 {
		t.Errorf("%d alarms, want the one that was not deleted", len(all.MetricAlarms))
	}

	tags := ok[ListTagsForResourceOutput](b, "ListTagsForResource", &ListTagsForResourceInput{ResourceARN: after.AlarmARN})
	if len(tags.Tags) != 1 {
		t.Errorf("tags %v after the restart, want one", tags.Tags)
	}

	ok[GetDashboardOutput](b, "GetDashboard", &GetDashboardInput{DashboardName: "flow"})
	if err := b.Reset("", ""); err != nil {
		t.Fatal(err)
	}

	b = open(t, disk(st))
	if n := b.alarmCount.Load(); n != 0 || len(b.dashboards) != 0 {
		t.Errorf("%d alarms and %d dashboards after a reset and a restart, want none", n, len(b.dashboards))
	}
}

func TestResetIsLimitedToScope(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	b.call.Account = "111111111111"
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	if err := b.Reset(account, ""); err != nil {
		t.Fatal(err)
	}

	b.state("errors")
	b.call.Account = account
	if all := ok[DescribeAlarmsOutput](b, "DescribeAlarms", &DescribeAlarmsInput{}); len(all.MetricAlarms) != 0 {
		t.Errorf("alarms %v after the reset, want none", all.MetricAlarms)
	}
}
