//go:build !linux

package process

// MakeUndumpable does nothing: only Linux has undumpable processes.
func MakeUndumpable() error { return nil }
