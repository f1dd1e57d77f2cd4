package sandbox

import (
	"context"
	"net/netip"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// admission admits only the processes of one function to its Runtime API.
type admission struct {
	started chan struct{}  // closed once child is set
	child   *process.Child // nil if the program could not be started
}

// admit is a runtimeapi.Admit. A program may connect before process.Start has returned;
// admit then waits for that.
func (a *admission) admit(ctx context.Context, local, remote netip.AddrPort) bool {
	select {
	case <-a.started:
	case <-ctx.Done():
		return false
	}

	if a.child == nil {
		return false
	}
	connected, err := a.child.Connected(local, remote)
	return err == nil && connected
}
