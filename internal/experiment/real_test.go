package experiment

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/internal/simulate"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// The simulation of a cell agrees with the real function binaries on the embedded AWS
// in real time: the intervals of each figure overlap. The numbers are small, because
// no time is skipped here. A batching window fills the batches, so that their content
// does not depend on the speed of the computer.
func TestRealBinariesAgreeWithTheSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("takes about twenty seconds of real time")
	}
	t.Parallel()
	s := Default()
	s.Mode, s.BatchSize, s.BadShare, s.Window, s.MaxReceives, s.Visibility, s.Work, s.Rate = consume.WholeBatch, 5, 0.1, 1, 1, 5, 0, 5000
	const messages = 3000
	scenario := func(seed uint64) simulate.Scenario {
		scenario, err := s.scenario(seed, messages)
		if err != nil {
			t.Fatal(err)
		}
		level := &scenario.Levels[0]
		level.Delay, level.Visibility, level.MaxReceives = 0, 3*time.Second, 1
		level.Attempts, level.Base, level.Cap = 1, 2*time.Second, 4*time.Second
		return scenario
	}
	var dead, good []int
	for seed := range uint64(5) {
		r, err := simulate.Run(t.Context(), scenario(1+seed), simulate.Options{Measure: true})
		if err != nil {
			t.Fatal(err)
		}
		dead, good = append(dead, r.Figures.GoodDead), append(good, r.Figures.Good)
	}
	_, simulatedLow, simulatedHigh := share(dead, good, s.BatchSize)

	real := deployReal(t, scenario(99))
	value, low, high := share([]int{real.goodDead}, []int{real.good}, s.BatchSize)
	t.Logf("real %.3f [%.3f %.3f], simulated [%.3f %.3f]", value, low, high, simulatedLow, simulatedHigh)
	if low > simulatedHigh || high < simulatedLow {
		t.Errorf("%.3f [%.3f %.3f] of the good messages are dead, and in simulation [%.3f %.3f]", value, low, high, simulatedLow, simulatedHigh)
	}
	if value == 0 || value == 1 {
		t.Errorf("a share of %v: the test is not effective", value)
	}
	if real.badDead != real.bad {
		t.Errorf("%d of %d bad messages are dead", real.badDead, real.bad)
	}
}

// outcome counts the messages that a real run left in the dead-letter queue.
type outcome struct{ good, bad, goodDead, badDead int }

// deployment is a scenario on an embedded AWS that listens, in real time.
type deployment struct {
	simulate.Scenario
	t      *testing.T
	aws    *localawstest.Server
	sqs    *sqs.Client
	lambda *lambda.Client
	zips   map[string][]byte
}

const dlq, retry1, source = "dlq", "retry_1", "source"

// deployReal creates queues, functions and mappings, sends the orders, and waits until
// no message is in progress.
func deployReal(t *testing.T, s simulate.Scenario) outcome {
	t.Helper()
	ctx := t.Context()
	server := localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0", ClockMode: clock.Real, NoAuth: true, Stray: s.MaxReorder})
	d := &deployment{
		Scenario: s, t: t, aws: server, zips: build(t),
		sqs: sqs.NewFromConfig(server.Config()), lambda: lambda.NewFromConfig(server.Config()),
	}
	d.queue(dlq, simulate.Queue{Visibility: 30 * time.Second}, "")
	d.queue(retry1, s.Levels[0].Queue, dlq)
	d.queue(source, s.Source, retry1)
	d.function("consumer", source, s.BatchSize, s.Window, nil, map[string]string{"FAILURE_REPORTING": s.Mode})
	d.function("retry", retry1, s.Levels[0].BatchSize, 0, []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}, map[string]string{
		"SOURCE_QUEUE_NAME": source, "LEVEL": "1", "MAX_ATTEMPTS": strconv.Itoa(s.Levels[0].Attempts),
		"BACKOFF_BASE_SECONDS": seconds(s.Levels[0].Base), "BACKOFF_CAP_SECONDS": seconds(s.Levels[0].Cap),
	})
	to, err := outbox.Open(ctx, d.sqs, source)
	if err != nil {
		t.Fatal(err)
	}
	out := d.send(ctx, to)
	if err := server.Clock().Settle(ctx); err != nil {
		t.Fatal(err)
	}
	resting, err := server.Peek(dlq)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range resting {
		if m.Attributes[order.StoreID].StringValue != nil {
			out.goodDead++
		} else {
			out.badDead++
		}
	}
	return out
}

func (d *deployment) send(ctx context.Context, to *outbox.Outbox) (out outcome) {
	orders := order.Seeded(d.Seed, d.Messages, d.BadShare)
	var batch []outbox.Message
	for range d.Messages {
		draft := orders.Next()
		if draft.IsBad() {
			out.bad++
		} else {
			out.good++
		}
		body := fmt.Sprintf(`{"order_id":%q}`, draft.Order.OrderID)
		batch = append(batch, outbox.Message{Body: body, Attributes: draft.Attributes("reliable", time.Now())})
	}
	for _, r := range to.Send(ctx, batch) {
		if r.Err != nil {
			d.t.Fatal(r.Err)
		}
	}
	return out
}

func (d *deployment) queue(name string, q simulate.Queue, next string) {
	d.t.Helper()
	attributes := map[string]string{"DelaySeconds": seconds(q.Delay), "VisibilityTimeout": seconds(q.Visibility)}
	if next != "" {
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, d.arn(next), q.MaxReceives)
	}
	if _, err := d.sqs.CreateQueue(d.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployment) arn(queue string) string {
	return "arn:aws:sqs:" + d.aws.Region() + ":" + d.aws.Account() + ":" + queue
}

func (d *deployment) function(name, queue string, batchSize int, window time.Duration, reports []lambdatypes.FunctionResponseType, env map[string]string) {
	d.t.Helper()
	ctx := d.t.Context()
	_, err := d.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Role: aws.String("arn:aws:iam::" + d.aws.Account() + ":role/runs-functions"),
		Timeout: aws.Int32(int32(d.Timeout.Seconds())), Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Architectures: []lambdatypes.Architecture{architecture()},
		Code:          &lambdatypes.FunctionCode{ZipFile: d.zips[name]}, Environment: &lambdatypes.Environment{Variables: env},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := lambda.NewFunctionActiveV2Waiter(d.lambda).Wait(ctx, &lambda.GetFunctionInput{FunctionName: &name}, time.Minute); err != nil {
		d.t.Fatal(err)
	}
	_, err = d.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: &name, EventSourceArn: aws.String(d.arn(queue)), FunctionResponseTypes: reports,
		BatchSize: aws.Int32(int32(batchSize)), MaximumBatchingWindowInSeconds: aws.Int32(int32(window.Seconds())),
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// build compiles the consumer and the retry function for this computer and returns
// their deployment packages by name.
func build(t *testing.T) map[string][]byte {
	t.Helper()

	zips := map[string][]byte{}
	for _, name := range []string{"consumer", "retry"} {
		binary := filepath.Join(t.TempDir(), name)
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../functions/"+name)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}

		program, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		zips[name] = zipBootstrap(t, program)
	}
	return zips
}

// zipBootstrap returns a deployment package for a custom runtime: a zip with the
// program as its executable file bootstrap.
func zipBootstrap(t *testing.T, program []byte) []byte {
	t.Helper()

	var out bytes.Buffer
	z := zip.NewWriter(&out)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)

	w, err := z.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// architecture returns Lambda's name of the architecture that Go builds for.
func architecture() lambdatypes.Architecture {
	if runtime.GOARCH == "arm64" {
		return lambdatypes.ArchitectureArm64
	}
	return lambdatypes.ArchitectureX8664
}
