package terraform_test

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// profile has the root's variables under a profile: the profile's values with the
// defaults of their types filled in.
type profile map[string]cty.Value

// readProfile evaluates a .tfvars file against the root's variables. It fails the test
// on a name, or a member of an object, that no variable has: Terraform only warns of
// unknown names and ignores unknown members.
func readProfile(t *testing.T, file string) profile {
	t.Helper()
	given := parse(t, file).Attributes
	s := profile{}
	for _, v := range readModule(t, ".").variables {
		typ, defaults := typeOf(t, v)
		value := evaluate(t, v.def)
		if attribute, ok := given[v.name]; ok {
			delete(given, v.name)
			var diags hcl.Diagnostics
			value, diags = attribute.Expr.Value(&hcl.EvalContext{})
			if diags.HasErrors() {
				t.Fatalf("%s: %v", file, diags)
			}
			onlyKnownMembers(t, file+": "+v.name, value, typ)
		}
		if defaults != nil {
			value = defaults.Apply(value)
		}
		converted, err := convert.Convert(value, typ)
		if err != nil {
			t.Fatalf("%s: %s: %v", file, v.name, err)
		}
		s[v.name] = converted
	}
	for name := range given {
		t.Errorf("%s sets %s, which is not a variable", file, name)
	}
	return s
}

// typeOf returns a variable's type and the defaults inside it.
func typeOf(t *testing.T, v variable) (cty.Type, *typeexpr.Defaults) {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(v.typ), v.name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(expr)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return typ, defaults
}

// evaluate returns the value of an expression without references.
func evaluate(t *testing.T, source string) cty.Value {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(source), "default", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("default %q: %v", source, diags)
	}
	value, diags := expr.Value(&hcl.EvalContext{})
	if diags.HasErrors() {
		t.Fatalf("default %q: %v", source, diags)
	}
	return value
}

// onlyKnownMembers fails the test for members of value that typ does not have.
func onlyKnownMembers(t *testing.T, where string, value cty.Value, typ cty.Type) {
	t.Helper()
	switch {
	case typ.IsListType():
		for _, element := range value.AsValueSlice() {
			onlyKnownMembers(t, where, element, typ.ElementType())
		}
	case typ.IsObjectType():
		for name := range value.AsValueMap() {
			if !typ.HasAttribute(name) {
				t.Errorf("%s sets %s, which the variable does not have", where, name)
			}
		}
	}
}

// number returns a member of an object as a number.
func number(t *testing.T, object cty.Value, name string) int64 {
	t.Helper()
	n, accuracy := object.GetAttr(name).AsBigFloat().Int64()
	if accuracy != 0 {
		t.Fatalf("%s is not a whole number", name)
	}
	return n
}

func TestProfilesSetOnlyWhatExists(t *testing.T) {
	t.Parallel()
	files := glob(t, ".", "profiles/*.tfvars")
	if len(files) == 0 {
		t.Fatal("no profiles found")
	}
	for _, file := range files {
		readProfile(t, file)
	}
}

func TestRecommendedProfileFollowsAWSAdvice(t *testing.T) {
	t.Parallel()
	s := readProfile(t, "profiles/recommended.tfvars")
	stages := map[string][3]cty.Value{"source": {s["source_queue"], s["consumer"], cty.ObjectVal(map[string]cty.Value{
		"maximum_batching_window_seconds": s["maximum_batching_window_seconds"],
		"maximum_concurrency":             s["maximum_concurrency"],
	})}}
	for _, level := range s["retry_levels"].AsValueSlice() {
		stages["retry"] = [3]cty.Value{level, level, level}
	}
	for name, stage := range stages {
		t.Run(name, func(t *testing.T) {
			queue, function, mapping := stage[0], stage[1], stage[2]
			advised := 6*number(t, function, "timeout_seconds") + number(t, mapping, "maximum_batching_window_seconds")
			if got := number(t, queue, "visibility_timeout_seconds"); got < advised {
				t.Errorf("%s: visibility timeout %d s, advised at least %d s", name, got, advised)
			}
			if got := number(t, queue, "max_receive_count"); got < 5 {
				t.Errorf("%s: maxReceiveCount %d, advised at least 5", name, got)
			}
			if mapping.GetAttr("maximum_concurrency").IsNull() {
				t.Errorf("%s: no maximum concurrency", name)
			}
		})
	}
	if len(stages) != 2 {
		t.Errorf("%d stages checked, want source and retry", len(stages))
	}
}

func TestThreeThenFiveProfileReceivesThreeTimesThenFive(t *testing.T) {
	t.Parallel()
	s := readProfile(t, "profiles/three-then-five.tfvars")
	level := s["retry_levels"].AsValueSlice()[0]
	if got := []int64{number(t, s["source_queue"], "max_receive_count"), number(t, level, "max_receive_count")}; got[0] != 3 || got[1] != 5 {
		t.Errorf("receives %v, want 3 and then 5", got)
	}
}
