package daemon

import "github.com/reliableq/reliableq/deploy/internal/hint"

// Replace returns an error: on Windows a program cannot replace another one in the same
// process.
func (*Registration) Replace(Command, []byte) error {
	return hint.NotOnWindows("restarting the embedded AWS in the same process")
}

// Resume returns nil: no process has called Replace.
func (Folder) Resume() (*Registration, []byte, error) { return nil, nil, nil }
