package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/internal/duration"
)

type localVerb struct {
	Run    localRunVerb    `cmd:"" help:"Serve in the foreground until SIGINT or SIGTERM."`
	Start  localStartVerb  `cmd:"" help:"Serve in the background."`
	Stop   localStopVerb   `cmd:"" help:"Stop serving in the background."`
	Status localStatusVerb `cmd:"" help:"Show whether the embedded AWS is running, and its address."`
	Logs   localLogsVerb   `cmd:"" help:"Print the log of the embedded AWS in the background."`
}

type localStopVerb struct {
	stateFlags
	reportFlags
	Timeout time.Duration `default:"20s" help:"Time to end by itself before it is killed (${default})."`
}

// Run stops the embedded AWS.
func (v *localStopVerb) Run(ctx context.Context, a *app) error {
	dir, err := v.stateDir()
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, v.Timeout)
	defer cancel()

	// That none was running is a result, not an error.
	info, err := daemon.In(dir).Stop(ctx)
	stopped := true
	if errors.Is(err, daemon.ErrNotRunning) {
		stopped = false
		err = nil
	}

	if err != nil {
		return err
	}

	return a.report(v.JSON, struct {
		Stopped bool `json:"stopped"`
		PID     int  `json:"pid,omitempty"`
	}{stopped, info.PID}, func() {
		if stopped {
			fmt.Fprintf(a.out, "stopped the embedded AWS (pid %d)\n", info.PID)
			return
		}
		fmt.Fprintln(a.out, "no embedded AWS was running")
	})
}

type localStatusVerb struct {
	stateFlags
	reportFlags
}

// localStatus is what local status prints. It has no credentials: env prints them.
type localStatus struct {
	Running     bool      `json:"running"`
	Healthy     bool      `json:"healthy"`
	Trouble     string    `json:"trouble,omitempty"`
	PID         int       `json:"pid,omitempty"`
	URL         string    `json:"url,omitempty"`
	Account     string    `json:"account,omitempty"`
	Region      string    `json:"region,omitempty"`
	Clock       string    `json:"clock,omitempty"`
	DataDir     string    `json:"data_dir,omitempty"`
	Isolation   string    `json:"isolation,omitempty"`
	Version     string    `json:"version,omitempty"`
	Started     time.Time `json:"started,omitzero"`
	UptimeSecs  float64   `json:"uptime_seconds,omitempty"`
	MemoryBytes int64     `json:"memory_bytes,omitempty"`
}

// Run prints the state of the embedded AWS.
func (v *localStatusVerb) Run(ctx context.Context, a *app) error {
	dir, err := v.stateDir()
	if err != nil {
		return err
	}

	info, err := daemon.In(dir).Running()
	if errors.Is(err, daemon.ErrNotRunning) {
		return a.report(v.JSON, localStatus{}, func() {
			fmt.Fprintf(a.out, "no embedded AWS is running for %s\n", dir)
		})
	}
	if err != nil {
		return err
	}

	s := localStatus{
		Running:     true,
		PID:         info.PID,
		URL:         info.URL,
		Account:     info.Account,
		Region:      info.Region,
		Clock:       info.Clock,
		DataDir:     info.DataDir,
		Isolation:   info.Isolation,
		Version:     info.Version,
		Started:     info.Started,
		UptimeSecs:  time.Since(info.Started).Seconds(),
		MemoryBytes: daemon.Memory(info.PID),
	}

	// A process can hold the lock and still not respond.
	h, err := controlOf(info).Health(ctx)
	switch {
	case err != nil:
		s.Trouble = "does not respond"
	default:
		s.Trouble = h.Trouble()
	}

	s.Healthy = s.Trouble == ""
	return a.report(v.JSON, s, func() { s.show(a.out) })
}

// show prints the status for people.
func (s localStatus) show(w io.Writer) {
	health := "healthy"
	if !s.Healthy {
		health = s.Trouble
	}

	data := s.DataDir
	if data == "" {
		data = "in memory"
	}

	fmt.Fprintf(w, "%s, %s, pid %d, for %s\n", s.URL, health, s.PID, duration.Format(time.Duration(s.UptimeSecs*float64(time.Second))))
	fmt.Fprintf(w, "account %s, region %s, clock %s, state %s", s.Account, s.Region, s.Clock, data)
	if s.MemoryBytes > 0 {
		fmt.Fprintf(w, ", memory %.0f MB", float64(s.MemoryBytes)/1e6)
	}

	fmt.Fprintln(w)
}

type localLogsVerb struct {
	stateFlags
	Follow bool `short:"f" help:"Print new lines until interrupted."`
}

// Run prints the log.
func (v *localLogsVerb) Run(ctx context.Context, a *app) error {
	dir, err := v.stateDir()
	if err != nil {
		return err
	}

	f, err := os.Open(daemon.In(dir).Log())
	if errors.Is(err, os.ErrNotExist) {
		return hint.New(fmt.Sprintf("no log: no embedded AWS was started in the background for %s", dir), "reliableq local start, up and demo write one; local run logs to its terminal")
	}
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer f.Close()

	// At the end of the file, wait for more.
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()

	for {
		if _, err := io.Copy(a.out, f); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if !v.Follow {
			return nil
		}

		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
