package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/internal/simulate"
)

func TestTotalsCountEachOrderOnce(t *testing.T) {
	t.Parallel()
	totals := simulate.Totals{
		Runs:             60,
		Messages:         1200,
		Processed:        862,
		DeadOrders:       357,
		ProcessedAndDead: 19,
		Dead:             454,
		Receives:         14055,
		Replays:          1282,
		Injected:         1698,
		Crashes:          7,
		Simulated:        13*time.Hour + 3*time.Minute,
	}
	lost := totals
	lost.Processed--
	lost.Failed = []simulate.Result{{}}

	for name, tt := range map[string]struct {
		totals simulate.Totals
		want   string
	}{
		"every invariant held": {totals, `60 runs in 2.0 s: 13 h 3 min of service time, 23490 times as fast as real time
1200 orders: 843 only processed, 338 only dead-lettered, 19 both
14055 receives, 1282 replays, 454 dead letters, 1698 injected faults, 7 crashes
every invariant held
`},
		"an order was lost": {lost, `60 runs in 2.0 s: 13 h 3 min of service time, 23490 times as fast as real time
1200 orders: 842 only processed, 338 only dead-lettered, 19 both, 1 neither
14055 receives, 1282 replays, 454 dead letters, 1698 injected faults, 7 crashes
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			writeTotals(&out, tt.totals, 2*time.Second)
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
