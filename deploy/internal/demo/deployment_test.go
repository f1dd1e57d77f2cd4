package demo

import (
	"bytes"
	"testing"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/flowtest"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/control"
)

// deployment is a deployed flow, and the output of a run over it.
type deployment struct {
	*flowtest.Flow
	t       *testing.T
	printed bytes.Buffer
}

func deploy(t *testing.T, mode clock.Mode, reporting string) *deployment {
	t.Helper()
	return &deployment{Flow: flowtest.Deploy(t, mode, reporting), t: t}
}

// run returns a run over the deployment that reads often and waits briefly.
func (w *deployment) run() *Run {
	return &Run{
		Client:     flow.New(w.AWS.Config(), control.NewClient(w.AWS.URL(), w.AWS.ControlToken())),
		Deployment: w.Deployment,
		WholeBatch: w.Deployment.FailureReporting == consume.WholeBatch,
		Progress:   progress.New(&w.printed, progress.Lines),
		Timing: Timing{
			Interval:   5 * time.Millisecond,
			EmptyReads: 2,
			Grace:      50 * time.Millisecond,
			Timeout:    time.Minute,
		},
	}
}
