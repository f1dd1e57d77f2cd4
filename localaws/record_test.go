package localaws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// recorded is one line of a recording.
type recorded struct {
	Service   string          `json:"service"`
	Operation string          `json:"operation"`
	Method    string          `json:"method"`
	Target    string          `json:"target"`
	RequestID string          `json:"request_id"`
	Status    int             `json:"status"`
	Request   json.RawMessage `json:"request_body"`
	Answer    json.RawMessage `json:"answer_body"`
}

// TestRecordingHasEverythingExceptSecrets uses every protocol, roles and variables,
// and then checks that the recording has no secrets.
func TestRecordingHasEverythingExceptSecrets(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newTestServer(t, localaws.Options{Record: &out})
	ctx, cfg := t.Context(), w.Config()
	queue := w.queue(cfg, "q", nil)
	w.send(cfg, queue, "a message stays")
	role := w.role(cfg, "r", "logs:*")
	var mu sync.Mutex
	var given map[string]string
	w.RegisterHandler("f", func(ctx context.Context, event []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		given = sandbox.Variables(ctx)
		_, err := sts.NewFromConfig(w.as(ctx)).GetCallerIdentity(ctx, nil)
		return event, err
	})
	fn := lambda.NewFromConfig(cfg)
	ok[*lambda.CreateFunctionOutput](t)(fn.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: zipped(t, "bootstrap", "secret code")}, Environment: &types.Environment{Variables: map[string]string{"DB_PASSWORD": "hunter2hunter2"}},
	}))
	ok[*lambda.InvokeOutput](t)(fn.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"an":"event stays"}`)}))
	ok[*cloudwatch.ListDashboardsOutput](t)(cloudwatch.NewFromConfig(cfg).ListDashboards(ctx, nil))
	if _, err := sqs.NewFromConfig(cfg).DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: aws.String(*queue + "-missing")}); err == nil {
		t.Error("a missing queue was deleted")
	}
	if _, _, _, err := signed(ctx, cfg, "secretsmanager", "POST", w.URL()+"/", `{"SecretString":"hunter2hunter2"}`, "X-Amz-Target", "secretsmanager.CreateSecret"); err != nil {
		t.Fatal(err)
	}
	inspect := ok[*http.Request](t)(http.NewRequestWithContext(ctx, "GET", w.URL()+"/_reliableq/clock", nil))
	inspect.Header.Set("Authorization", "Bearer "+w.ControlToken())
	res := ok[*http.Response](t)(cfg.HTTPClient.Do(inspect))
	res.Body.Close()

	_, operator := w.Credentials()
	for what, secret := range map[string]string{
		"the operator's secret key": operator, "the function's secret key": given["AWS_SECRET_ACCESS_KEY"], "its session token": given["AWS_SESSION_TOKEN"],
		"the control token":  w.ControlToken(),
		"a variable's value": "hunter2hunter2", "code": "secret code",
	} {
		t.Run(what, func(t *testing.T) {
			if quoted, _ := json.Marshal(secret); secret == "" || strings.Contains(out.String(), strings.Trim(string(quoted), `"`)) {
				t.Errorf("%s (%q) is in the recording", what, secret)
			}
		})
	}
	var calls []string
	for line := range strings.Lines(out.String()) {
		var r recorded
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if r.Service != "" && r.RequestID == "" {
			t.Errorf("no request id in %s", line)
		}
		calls = append(calls, strings.TrimSpace(r.Service+" "+r.Operation+" "+http.StatusText(r.Status)))
	}
	want := []string{
		"sqs CreateQueue OK", "sqs SendMessage OK", "iam CreateRole OK", "iam PutRolePolicy OK", "lambda CreateFunction Created", "sts GetCallerIdentity OK",
		"lambda Invoke OK", "monitoring ListDashboards OK", "sqs DeleteQueue Bad Request", "secretsmanager CreateSecret Not Implemented", "OK",
	}
	if strings.Join(calls, "\n") != strings.Join(want, "\n") {
		t.Errorf("recorded %q, want %q", calls, want)
	}
	for _, text := range []string{"a message stays", "event stays", "DB_PASSWORD", "/_reliableq/clock", "The specified queue does not exist", "Credential=" + given["AWS_ACCESS_KEY_ID"]} {
		t.Run(text, func(t *testing.T) {
			if !strings.Contains(out.String(), text) {
				t.Errorf("the recording does not have %q", text)
			}
		})
	}
}
