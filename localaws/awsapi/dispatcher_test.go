package awsapi

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

type ping struct{ Name string }
type pong struct{ Text string }

var errRefused = Error{Code: "AccessDenied", Status: 403}

// toyService has one operation with an output and one without.
func toyService() *Service {
	onName := func(_ *Call, in *ping) []Access {
		return []Access{{Action: "toy:Ping", Resource: "arn:aws:toy:::" + in.Name}}
	}
	checkName := func(in *ping) error {
		if in.Name == "" {
			return Error{Code: "MissingParameter", Status: 400}.With("The request must contain the parameter %s.", "Name")
		}
		return nil
	}

	return &Service{Name: "toy", Operations: Table(
		Op("Ping", func(_ context.Context, _ *Call, in *ping) (*pong, error) {
			if err := checkName(in); err != nil {
				return nil, err
			}
			return &pong{Text: "hello " + in.Name}, nil
		}, onName),
		OpNoOutput("Forget", func(_ context.Context, _ *Call, in *ping) error { return checkName(in) }, nil),
	)}
}

func TestDispatcherChecksPermissionBeforeItRuns(t *testing.T) {
	t.Parallel()
	var checked []Access
	d := &Dispatcher{
		Services: map[string]*Service{"toy": toyService()},
		Authorize: func(_ context.Context, c *Call, a Access) error {
			checked = append(checked, a)
			if c.Caller.Administrator {
				return nil
			}
			return errRefused.With("no")
		},
	}

	out, err := d.Do(t.Context(), &Call{Caller: Caller{Administrator: true}}, "toy", "Ping", &ping{Name: "x"})
	if err != nil || out.(*pong).Text != "hello x" {
		t.Errorf("administrator got %v, %v", out, err)
	}
	if len(checked) != 1 || checked[0].Action != "toy:Ping" || checked[0].Resource != "arn:aws:toy:::x" {
		t.Errorf("permissions checked: %+v", checked)
	}

	if _, err := d.Do(t.Context(), &Call{}, "toy", "Ping", &ping{Name: "x"}); AsError(err).Code != "AccessDenied" {
		t.Errorf("another caller got %v, want AccessDenied", err)
	}
}

func TestDispatcherRefusesByNameWhatIsNotEmbedded(t *testing.T) {
	t.Parallel()
	d := &Dispatcher{Services: map[string]*Service{"toy": toyService()}}
	for _, tt := range []struct{ service, operation, want string }{
		{"s3", "PutObject", "service s3 is not embedded"},
		{"toy", "Pang", "operation Pang of toy is not embedded"},
	} {
		t.Run(tt.service, func(t *testing.T) {
			if _, err := d.Do(t.Context(), &Call{}, tt.service, tt.operation, nil); err == nil || err.Error() != tt.want {
				t.Errorf("%s %s: error %v, want %q", tt.service, tt.operation, err, tt.want)
			}
		})
	}
}

func TestOperationWithoutOutputReturnsNone(t *testing.T) {
	t.Parallel()
	d := &Dispatcher{Services: map[string]*Service{"toy": toyService()}}
	if !d.Services["toy"].Operations["Forget"].NoOutput {
		t.Error("NoOutput is not set")
	}

	out, err := d.Do(t.Context(), &Call{}, "toy", "Forget", &ping{Name: "x"})
	if _, none := out.(*None); !none || err != nil {
		t.Errorf("got %T, %v; want *None and no error", out, err)
	}

	out, err = d.Do(t.Context(), &Call{}, "toy", "Forget", &ping{})
	if out != nil || AsError(err).Code != "MissingParameter" {
		t.Errorf("got %v, %v; want no output and MissingParameter", out, err)
	}
}

func TestInterceptReplacesAPermittedOperation(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection lost")
	d := &Dispatcher{
		Services: map[string]*Service{"toy": toyService()},
		Intercept: func(_ context.Context, _ *Call, service string, op *Operation, in any, next func() (any, error)) (any, error) {
			if in.(*ping).Name == "lose" {
				return nil, lost
			}
			return next()
		},
	}

	if _, err := d.Do(t.Context(), &Call{}, "toy", "Ping", &ping{Name: "lose"}); !errors.Is(err, lost) {
		t.Errorf("got error %v, want the one of Intercept", err)
	}
	if out, err := d.Do(t.Context(), &Call{}, "toy", "Ping", &ping{Name: "x"}); err != nil || out.(*pong).Text != "hello x" {
		t.Errorf("got %v, %v; want the operation's output", out, err)
	}
}

func TestTableRefusesTwoOperationsOfOneName(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic for two operations of one name")
		}
	}()
	Table(Operation{Name: "Ping"}, Operation{Name: "Ping"})
}

func TestOperationAtPathPreservesTheOperation(t *testing.T) {
	t.Parallel()
	op := OpNoOutput("Forget", func(context.Context, *Call, *ping) error { return nil }, nil).AtPath("DELETE", "/toys/{Name}", 204)
	if op.Name != "Forget" || op.Method != "DELETE" || op.Path != "/toys/{Name}" || op.Status != 204 || !op.NoOutput {
		t.Errorf("got %+v", op)
	}
	if _, ok := op.New().(*ping); !ok {
		t.Errorf("New returns %T", op.New())
	}
}

func TestTagsAtCreationNeedThePermissionToTag_IAM_A3(t *testing.T) {
	t.Parallel()
	need := Access{Action: "toy:Create", Resource: "arn:aws:toy:::x", ResourcePolicy: "{}"}

	if got := WithRequestTags(need, "toy:Tag", nil); !reflect.DeepEqual(got, []Access{need}) {
		t.Errorf("without tags: %+v", got)
	}

	tags := map[string]string{"team": "a"}
	got := WithRequestTags(need, "toy:Tag", tags)
	want := []Access{
		{Action: "toy:Create", Resource: "arn:aws:toy:::x", ResourcePolicy: "{}", RequestTags: tags},
		{Action: "toy:Tag", Resource: "arn:aws:toy:::x", ResourcePolicy: "{}", RequestTags: tags},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("with tags: got %+v, want %+v", got, want)
	}
}
