//go:build !linux

package process

// Pause does nothing where a stopped child would stay for ever if the server
// were killed.
func (c *Child) Pause() {}

// Resume does nothing where nothing is paused.
func (c *Child) Resume() {}
