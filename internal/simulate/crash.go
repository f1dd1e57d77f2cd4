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

// Crash is a moment at which the embedded AWS is killed, beside those at calls that
// rules of kind kill say.
type Crash struct {
	// After is the moment as time since the start of the run, between two events;
	// 0 where Write says when.
	After time.Duration `json:"after,omitempty"`
	// Write is the number of the write to the store, counted from the server's
	// last start, that is lost with everything after it.
	Write int `json:"write,omitempty"`
}

// downtime is the longest that the server is away after a crash.
const downtime = 5 * time.Second

// mortal reports that the server may be killed, so that it needs a disk.
func (s *Scenario) mortal() bool {
	return len(s.Crashes) > 0 || slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == fault.Kill })
}

// untroubled reports that nothing is to go wrong.
func (s *Scenario) untroubled() bool { return len(s.Faults) == 0 && len(s.Crashes) == 0 }

// mortality is what a world needs whose server may be killed. Its zero value is that
// of one whose server is not.
type mortality struct {
	disk    *store.Crashable // nil where the server lives in memory
	dir     string           // the work folder
	left    []Crash          // those to come
	lives   int              // that are over
	writes  int              // in this life
	dead    atomic.Bool
	rules   []fault.Rule // that the dead server has left
	agenda  []*errand    // of clients, which a crash does not end
	playing atomic.Bool  // the server may be killed
}

// errand is what a client is to do at a time, outside of the server.
type errand struct {
	at time.Time
	do func()
}

// mortalize prepares a world whose server may be killed.
func (w *world) mortalize() error {
	if !w.Scenario.mortal() {
		return nil
	}
	var err error
	if w.dir, err = os.MkdirTemp("", "simulate-"); err != nil {
		return fmt.Errorf("make a work folder: %w", err)
	}
	w.disk = store.NewCrashable()
	w.disk.Next = w.write
	w.left = slices.Clone(w.Crashes)
	w.ledger.unsure = true
	return nil
}

// life is o as the server's next life needs it.
func (w *world) life(o localaws.Options) localaws.Options {
	if w.disk == nil {
		return o
	}
	o.Seed = (w.Seed ^ uint64(w.lives)*0x9e3779b97f4a7c15) | 1<<63 // no id comes twice
	o.DataDir, o.WorkDir, o.Disk = "data", w.dir, w.disk
	told := o.Observe
	o.Observe = func(e sqs.Event) {
		if !w.dead.Load() { // what is under way then goes on in memory, for nobody
			told(e)
		}
	}
	o.Kill = func(left []fault.Rule) {
		w.ledger.forget()
		w.ledger.mark(w.server.Clock().Now(), "killed")
		w.rules = left
		w.dead.Store(true)
	}
	return o
}

// write is told of each write to the disk before it is made.
func (w *world) write() {
	if w.playing.Load() {
		w.writes++
		i := slices.IndexFunc(w.left, func(c Crash) bool { return c.Write > 0 && c.Write == w.writes })
		if i >= 0 {
			w.left = slices.Delete(w.left, i, i+1)
			w.server.Kill()
			return
		}
	}
	w.ledger.believe()
}

// errand has a client do something at a time, whether or not the server that runs
// now still does by then.
func (w *world) errand(at time.Time, do func()) {
	e := &errand{at: at, do: do}
	if w.disk != nil {
		w.agenda = append(w.agenda, e)
	}
	w.book(e)
}

func (w *world) book(e *errand) {
	w.server.Clock().Schedule(e.at, clock.Moves, func() {
		w.agenda = slices.DeleteFunc(w.agenda, func(other *errand) bool { return other == e })
		e.do()
	})
}

// bookCrashes books the crashes between events that are to come.
func (w *world) bookCrashes() {
	for _, c := range w.left {
		if c.After == 0 {
			continue
		}
		w.server.Clock().Schedule(began.Add(c.After), clock.Moves, func() {
			w.left = slices.DeleteFunc(w.left, func(other Crash) bool { return other == c })
			w.server.Kill()
		})
	}
}

// settle lets time go on until nothing moves any more, life after life.
func (w *world) settle(ctx context.Context) error {
	for {
		err := w.server.Clock().Settle(ctx)
		if !errors.Is(err, clock.ErrClosed) && !w.dead.Load() {
			w.playing.Store(false) // what the end writes is not for a crash to lose
			return err
		}
		if err := w.revive(ctx); err != nil {
			return fmt.Errorf("come back after crash %d: %w", w.lives, err)
		}
	}
}

// revive opens the server anew on what its disk held when it was killed.
func (w *world) revive(ctx context.Context) error {
	w.playing.Store(false)
	if err := w.server.Abandon(); err != nil {
		return err
	}
	start := w.server.Clock().Now().Add(time.Duration(w.chance.Float64() * float64(downtime)))
	w.meter.cut()
	w.lives++
	w.writes = 0
	w.dead.Store(false)
	o := w.life(w.options())
	o.ClockStart, o.Faults, o.Hold = start, w.rules, true
	server, err := localaws.New(o)
	if err != nil {
		return err
	}
	w.server = server
	if err := w.equip(ctx); err != nil {
		return err
	}
	w.ledger.mark(w.server.Clock().Now(), "back")
	for _, e := range w.agenda {
		w.book(e)
	}
	w.bookCrashes()
	w.playing.Store(true)
	w.server.Clock().Release()
	return nil
}

// bury ends the world's last server.
func (w *world) bury(ctx context.Context) error {
	err := w.server.Shutdown(ctx)
	if w.dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}
