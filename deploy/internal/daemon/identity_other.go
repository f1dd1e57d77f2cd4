//go:build !linux && !darwin

package daemon

// processIdentity returns "": on this system only the lock shows that a record is of
// the process that is running.
func processIdentity(int) string { return "" }
