//go:build !unix

package process

// CloseInheritedOnExec does nothing: no program is run on this system.
func CloseInheritedOnExec() error { return nil }
