package daemon

import (
	"context"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Start returns an error: a process in the background cannot be stopped on Windows so
// that it stores its state.
func (Folder) Start(context.Context, Command) (info Info, started bool, err error) {
	return Info{}, false, hint.NotOnWindows("running the embedded AWS in the background")
}
