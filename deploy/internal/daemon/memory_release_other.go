//go:build !linux

package daemon

// ReleaseStartupMemory does nothing: only on Linux does it release memory.
func ReleaseStartupMemory() error { return nil }
