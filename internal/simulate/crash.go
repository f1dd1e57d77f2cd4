package simulate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/localaws/store"
)

// maxDowntime is the longest time between a kill and the next start.
const maxDowntime = 5 * time.Second

// canBeKilled reports whether the scenario kills the server, so that it needs a
// disk.
func (s *Scenario) canBeKilled() bool {
	return len(s.Crashes) > 0 || slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == fault.Kill })
}

// faultFree reports whether the scenario has neither faults nor crashes.
func (s *Scenario) faultFree() bool { return len(s.Faults) == 0 && len(s.Crashes) == 0 }

// crashState is what a simulation needs if its server can be killed. The zero
// value is that of a simulation without crashes.
type crashState struct {
	disk     *store.Crashable // what survives a kill; nil if the server runs in memory
	dir      string           // the server's work directory
	pending  []Crash          // not yet happened
	restarts int
	writes   int // since the last start
	killed   atomic.Bool
	canCrash atomic.Bool   // writes count, and may kill the server
	faults   []fault.Rule  // rules that were in force when the server was killed
	tasks    []*clientTask // scheduled by clients, which outlive the server
}

// clientTask is what a client outside of the server does at a given time.
type clientTask struct {
	at time.Time
	do func()
}

// prepareCrashes makes the disk of a server that can be killed.
func (sim *simulation) prepareCrashes() error {
	if !sim.canBeKilled() {
		return nil
	}

	var err error
	if sim.dir, err = os.MkdirTemp("", "simulate-"); err != nil {
		return fmt.Errorf("create a work directory: %w", err)
	}

	sim.disk = store.NewCrashable()
	sim.disk.Next = sim.beforeWrite
	sim.pending = slices.Clone(sim.Crashes)
	sim.tracker.durable = true
	return nil
}

// addKillOptions adds to o the disk and the callbacks of a server that can be killed.
func (sim *simulation) addKillOptions(o localaws.Options) localaws.Options {
	if sim.disk == nil {
		return o
	}

	// Each server has its own seed, so that ids do not repeat.
	o.Seed = (sim.Seed ^ uint64(sim.restarts)*0x9e3779b97f4a7c15) | 1<<63
	o.DataDir = "data"
	o.WorkDir = sim.dir
	o.Disk = sim.disk

	// A killed server finishes what it is doing in memory; its events no longer
	// count.
	observe := o.Observe
	o.Observe = func(e sqs.Event) {
		if !sim.killed.Load() {
			observe(e)
		}
	}

	o.Kill = func(rules []fault.Rule) {
		sim.tracker.discard()
		sim.tracker.logServer(sim.server.Clock().Now(), "killed")
		sim.faults = rules
		sim.killed.Store(true)
	}
	return o
}

// beforeWrite is called before each write to the disk. It kills the server if the
// scenario has a crash at this write.
func (sim *simulation) beforeWrite() {
	if sim.canCrash.Load() {
		sim.writes++
		i := slices.IndexFunc(sim.pending, func(c Crash) bool { return c.Write > 0 && c.Write == sim.writes })
		if i >= 0 {
			sim.pending = slices.Delete(sim.pending, i, i+1)
			sim.server.Kill()
			return
		}
	}
	sim.tracker.commit()
}

// scheduleClient schedules do at the given time, on this server or on one that
// replaces it.
func (sim *simulation) scheduleClient(at time.Time, do func()) {
	task := &clientTask{at: at, do: do}
	if sim.disk != nil {
		sim.tasks = append(sim.tasks, task)
	}
	sim.scheduleTask(task)
}

func (sim *simulation) scheduleTask(task *clientTask) {
	sim.server.Clock().Schedule(task.at, clock.Transition, func() {
		sim.tasks = slices.DeleteFunc(sim.tasks, func(other *clientTask) bool { return other == task })
		task.do()
	})
}

// scheduleCrashes schedules the pending crashes between events.
func (sim *simulation) scheduleCrashes() {
	for _, c := range sim.pending {
		if c.After == 0 {
			continue
		}
		sim.server.Clock().Schedule(startTime.Add(c.After), clock.Transition, func() {
			sim.pending = slices.DeleteFunc(sim.pending, func(other Crash) bool { return other == c })
			sim.server.Kill()
		})
	}
}

// settle waits until no event is left. It starts a new server whenever one was
// killed.
func (sim *simulation) settle(ctx context.Context) error {
	for {
		err := sim.server.Clock().Settle(ctx)
		if !errors.Is(err, clock.ErrClosed) && !sim.killed.Load() {
			sim.canCrash.Store(false) // no crash during shutdown
			return err
		}
		if err := sim.restart(ctx); err != nil {
			return fmt.Errorf("restart after crash %d: %w", sim.restarts, err)
		}
	}
}

// restart starts a server on what the disk held when the last one was killed.
func (sim *simulation) restart(ctx context.Context) error {
	sim.canCrash.Store(false)
	if err := sim.server.Abandon(); err != nil {
		return err
	}

	downtime := time.Duration(sim.random.Float64() * float64(maxDowntime))
	start := sim.server.Clock().Now().Add(downtime)
	sim.meter.endInvocations()
	sim.restarts++
	sim.writes = 0
	sim.killed.Store(false)

	// The clock is held until everything is scheduled again.
	o := sim.addKillOptions(sim.options())
	o.ClockStart = start
	o.Faults = sim.faults
	o.Hold = true
	server, err := localaws.New(o)
	if err != nil {
		return err
	}
	sim.server = server

	if err := sim.createFunctions(ctx); err != nil {
		return err
	}
	sim.tracker.logServer(sim.server.Clock().Now(), "back")

	for _, task := range sim.tasks {
		sim.scheduleTask(task)
	}
	sim.scheduleCrashes()
	sim.canCrash.Store(true)
	sim.server.Clock().Release()
	return nil
}
