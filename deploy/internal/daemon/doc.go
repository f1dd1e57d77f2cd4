// Package daemon records the embedded AWS of a state directory, in the foreground or
// in the background: its address, its credentials, and whether it is running. It also
// starts and stops it in the background.
//
// The serving process holds a lock on a file as long as it lives. The kernel releases
// the lock however the process ends: a record that a crash left behind is recognized
// without trusting its process id, which another process may have by then.
package daemon
