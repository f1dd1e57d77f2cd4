package simulate

import (
	"runtime/debug"
	"testing"
)

// BenchmarkFlow runs the default flow with a tenth of bad orders, on all processors.
// It reports, per second of machine time, orders, messages (orders and replays) and
// receives.
func BenchmarkFlow(b *testing.B) { bench(b, Batch{Kind: Design, Seed: 1, Messages: 1000, Runs: 8}) }

// BenchmarkScenarios runs what `reliableq simulate` runs: small runs of every kind,
// with hours of retries.
func BenchmarkScenarios(b *testing.B) { bench(b, Batch{Kind: Mixed, Seed: 1, Messages: 15, Runs: 100}) }

func bench(b *testing.B, batch Batch) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does
	var sum Totals
	for b.Loop() {
		t, err := Many(b.Context(), batch, Options{}, nil)
		if err != nil || len(t.Failed) > 0 {
			b.Fatal(err, t.Failed)
		}
		sum.Runs += t.Runs
		sum.Messages += t.Messages
		sum.Replays += t.Replays
		sum.Receives += t.Receives
		sum.Simulated += t.Simulated
	}
	wall := b.Elapsed().Seconds()
	b.ReportMetric(float64(sum.Runs)/wall, "runs/s")
	b.ReportMetric(float64(sum.Messages)/wall, "orders/s")
	b.ReportMetric(float64(sum.Messages+sum.Replays)/wall, "messages/s")
	b.ReportMetric(float64(sum.Receives)/wall, "receives/s")
	b.ReportMetric(sum.Simulated.Seconds()/wall, "simulated-s/s")
}
