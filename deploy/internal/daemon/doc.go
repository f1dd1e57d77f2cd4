// Package daemon keeps track of the embedded AWS that belongs to a state folder,
// whether it runs in the foreground or in the background: where it listens, its
// credentials, and whether it lives.
//
// Whoever serves holds a lock on a file for as long as the process lives. The
// kernel lets go of it however the process ends, so that a record left by a crash
// is told from a running one without trusting a process id, which another process
// may have by now.
package daemon
