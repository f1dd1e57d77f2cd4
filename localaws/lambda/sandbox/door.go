package sandbox

import (
	"context"
	"net/netip"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// door lets the processes of one function into its Runtime API, and nobody else.
type door struct {
	open  chan struct{}  // closed once child is set
	child *process.Child // nil if the program could not be started
}

// admit is a runtimeapi.Admit. A program may connect before the server has learned
// that it runs, and waits for that.
func (d *door) admit(ctx context.Context, local, remote netip.AddrPort) bool {
	select {
	case <-d.open:
	case <-ctx.Done():
		return false
	}
	if d.child == nil {
		return false
	}
	ours, err := d.child.Connected(local, remote)
	return err == nil && ours
}
