package lambda

import (
	"strings"
	"testing"
)

// startWithTwoVersions starts a service with a function f that has versions 1 and 2.
func startWithTwoVersions(t *testing.T) *testService {
	t.Helper()

	b := start(t)
	b.RegisterHandler("f", echo)
	b.create(t, "f", func(in *CreateFunctionInput) { in.Code = &FunctionCode{} })
	b.publishOf(t, "f", "")
	b.setTimeout(t, "f", 9)
	b.publishOf(t, "f", "")
	return b
}

func TestAliasLifecycle_C27(t *testing.T) {
	t.Parallel()

	b := startWithTwoVersions(t)
	a, err := b.CreateAlias(ctx, b.call, &CreateAliasInput{
		FunctionName:    "f",
		Name:            "live",
		FunctionVersion: "1",
	})
	if err != nil || a.AliasArn != "arn:aws:lambda:us-east-1:000000000000:function:f:live" || a.RoutingConfig != nil {
		t.Fatalf("%+v %v", a, err)
	}

	up, err := b.UpdateAlias(ctx, b.call, &UpdateAliasInput{
		FunctionName:  "f",
		Name:          "live",
		RevisionId:    a.RevisionId,
		RoutingConfig: &RoutingConfig{map[string]float64{"2": 0.2}},
	})
	if err != nil || up.RoutingConfig.AdditionalVersionWeights["2"] != 0.2 || up.RevisionId == a.RevisionId {
		t.Fatalf("%+v %v", up, err)
	}

	_, err = b.UpdateAlias(ctx, b.call, &UpdateAliasInput{
		FunctionName: "f",
		Name:         "live",
		RevisionId:   a.RevisionId,
	})

	wantError(t, err, "PreconditionFailedException", 412, "The Revision Id provided does not match")
	up, err = b.UpdateAlias(ctx, b.call, &UpdateAliasInput{
		FunctionName:  "f",
		Name:          "live",
		RoutingConfig: &RoutingConfig{map[string]float64{}},
	})
	if err != nil || up.RoutingConfig != nil {
		t.Errorf("an empty map removes the routing: %+v %v", up, err)
	}

	list, err := b.ListAliases(ctx, b.call, &ListAliasesInput{FunctionName: "f", FunctionVersion: "1"})
	if err != nil || len(list.Aliases) != 1 {
		t.Errorf("%+v %v", list, err)
	}

	for range 2 {
		if err := b.DeleteAlias(ctx, b.call, &AliasInput{"f", "live"}); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
}

func TestInvalidAliasesAreRefused_C28(t *testing.T) {
	t.Parallel()

	b := startWithTwoVersions(t)
	if _, err := b.CreateAlias(ctx, b.call, &CreateAliasInput{
		FunctionName:    "f",
		Name:            "live",
		FunctionVersion: "1",
	}); err != nil {
		t.Fatal(err)
	}

	weights := func(w map[string]float64) *RoutingConfig { return &RoutingConfig{w} }
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:f:"
	for _, tc := range []struct {
		name    string
		in      CreateAliasInput
		code    string
		status  int
		message string
	}{
		{"twice", CreateAliasInput{Name: "live", FunctionVersion: "1"}, "ResourceConflictException", 409, "Alias already exists: " + arn + "live"},
		{"version", CreateAliasInput{Name: "a", FunctionVersion: "9"}, "ResourceNotFoundException", 404, "Function not found: " + arn + "9"},
		{
			"weights", CreateAliasInput{
				Name:            "a",
				FunctionVersion: "1",
				RoutingConfig:   weights(map[string]float64{"1": .1, "2": .1}),
			},
			"InvalidParameterValueException", 400, "Number of items in AdditionalVersionWeights cannot be greater than 1",
		},
		{
			"same", CreateAliasInput{
				Name:            "a",
				FunctionVersion: "1",
				RoutingConfig:   weights(map[string]float64{"1": .1}),
			}, "InvalidParameterValueException", 400,
			"Invalid function version 1. Function version 1 is already included in routing configuration.",
		},
		{
			"latest", CreateAliasInput{
				Name:            "a",
				FunctionVersion: "$LATEST",
				RoutingConfig:   weights(map[string]float64{"1": .1}),
			},
			"InvalidParameterValueException", 400, "$LATEST is not supported for an alias pointing to more than 1 version",
		},
		{"digits", CreateAliasInput{Name: "12", FunctionVersion: "1"}, "ValidationException", 400, "Value '12' at 'name'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.in.FunctionName = "f"
			_, err := b.CreateAlias(ctx, b.call, &tc.in)
			wantError(t, err, tc.code, tc.status, tc.message)
		})
	}

	_, err := b.GetAlias(ctx, b.call, &AliasInput{"f", "none"})
	wantError(t, err, "ResourceNotFoundException", 404, "Cannot find alias arn: "+arn+"none")
	_, err = b.UpdateAlias(ctx, b.call, &UpdateAliasInput{FunctionName: "f", Name: "none"})
	wantError(t, err, "ResourceNotFoundException", 404, "Alias not found: "+arn+"none")
}

func TestAliasWeightsSelectTheVersionOfEachInvocation_C47(t *testing.T) {
	t.Parallel()

	b := startWithTwoVersions(t)
	in := &CreateAliasInput{
		FunctionName:    "f",
		Name:            "live",
		FunctionVersion: "1",
		RoutingConfig:   &RoutingConfig{map[string]float64{"2": 0.25}},
	}

	if _, err := b.CreateAlias(ctx, b.call, in); err != nil {
		t.Fatal(err)
	}

	count := map[string]int{}
	for range 400 {
		out, err := b.tryInvoke(t, &InvokeInput{
			FunctionName: "f",
			Qualifier:    "live",
			Payload:      []byte("{}"),
		})
		if err != nil {
			t.Fatal(err)
		}

		count[out.ExecutedVersion]++
	}

	if count["1"]+count["2"] != 400 || count["2"] < 60 || count["2"] > 140 {
		t.Errorf("executed versions %v", count)
	}

	if sum, _ := b.backends.sum("Invocations", map[string]string{
		"FunctionName":    "f",
		"Resource":        "f:live",
		"ExecutedVersion": "2",
	}); int(sum) != count["2"] {
		t.Errorf("E31: %v invocations of version 2 through the alias, want %d", sum, count["2"])
	}
}

// LAM C30: the errors of these operations.
func TestPermissionsAreStatementsOfAPolicy_C29(t *testing.T) {
	t.Parallel()

	b := startWithTwoVersions(t)
	add := func(in AddPermissionInput) (string, error) {
		in.FunctionName = "f"
		in.Action = "lambda:InvokeFunction"
		out, err := b.AddPermission(ctx, b.call, &in)
		if err != nil {
			return "", err
		}
		return out.Statement, nil
	}

	got, err := add(AddPermissionInput{
		StatementID:   "s3",
		Principal:     "s3.amazonaws.com",
		SourceArn:     "arn:aws:s3:::b",
		SourceAccount: "000000000000",
	})

	want := `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",` +
		`"Resource":"arn:aws:lambda:us-east-1:000000000000:function:f",` +
		`"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"},"StringEquals":{"AWS:SourceAccount":"000000000000"}}}`
	if err != nil || got != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}

	for principal, want := range map[string]string{"111111111111": `{"AWS":"arn:aws:iam::111111111111:root"}`, "*": `"*"`} {
		t.Run("principal "+principal, func(t *testing.T) {
			if got, err := add(AddPermissionInput{StatementID: "p" + strings.Trim(principal, "*"), Principal: principal}); err != nil ||
				!strings.Contains(got, `"Principal":`+want) {
				t.Errorf("%s %v", got, err)
			}
		})
	}

	_, err = add(AddPermissionInput{StatementID: "s3", Principal: "s3.amazonaws.com"})
	wantError(t, err, "ResourceConflictException", 409, "The statement id (s3) provided already exists.")
	_, err = add(AddPermissionInput{StatementID: "x", Principal: "unknown"})
	wantError(t, err, "InvalidParameterValueException", 400, "The provided principal was invalid.")
	_, err = add(AddPermissionInput{
		StatementID: "x",
		Principal:   "*",
		Qualifier:   "$LATEST",
	})

	wantError(t, err, "InvalidParameterValueException", 400, "We currently do not support adding policies for $LATEST.")
	p, err := b.GetPolicy(ctx, b.call, &QualifiedInput{FunctionName: "f"})
	if err != nil || !strings.HasPrefix(p.Policy, `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s3"`) || p.RevisionID == "" {
		t.Errorf("%+v %v", p, err)
	}

	if got := b.access(b.call, "InvokeFunction", target{name: "f"}); got.ResourcePolicy != p.Policy || !strings.HasSuffix(got.Resource, ":f") {
		t.Errorf("access with the policy: %+v", got)
	}

	_, err = b.GetPolicy(ctx, b.call, &QualifiedInput{FunctionName: "f", Qualifier: "1"})
	wantError(t, err, "ResourceNotFoundException", 404, "The resource you requested does not exist.")
	err = b.RemovePermission(ctx, b.call, &RemovePermissionInput{FunctionName: "f", StatementID: "none"})
	wantError(t, err, "ResourceNotFoundException", 404, "Statement none is not found in resource policy.")
	for _, sid := range []string{"s3", "p", "p111111111111"} {
		if err = b.RemovePermission(ctx, b.call, &RemovePermissionInput{FunctionName: "f", StatementID: sid}); err != nil {
			t.Error(err)
		}
	}

	err = b.RemovePermission(ctx, b.call, &RemovePermissionInput{FunctionName: "f", StatementID: "s3"})
	wantError(t, err, "ResourceNotFoundException", 404, "No policy is associated with the given resource.")
}
