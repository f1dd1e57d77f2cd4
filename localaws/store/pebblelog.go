package store

import (
	"fmt"
	"runtime"
	"strings"
)

// pebbleLogger is Pebble's logger.
type pebbleLogger struct{ disk *disk }

// Infof drops messages that are of interest only to Pebble's developers.
func (l pebbleLogger) Infof(string, ...any) {}

// Errorf logs an error that Pebble handles itself.
func (l pebbleLogger) Errorf(format string, args ...any) {
	l.disk.logger.Warn("store: " + fmt.Sprintf(format, args...))
}

// Fatalf makes the store fail. Pebble requires that it does not return, and it must not
// end the process. So it ends the call of this package that has met the error, or
// Pebble's goroutine.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	// Panic only where recoverPanic catches it: in a goroutine of Pebble's it would end
	// the process.
	err := fmt.Errorf(format, args...)
	l.disk.fail(err)
	if calledWithRecover() {
		panic(err)
	}
	runtime.Goexit()
}

// recoverPanic converts a panic of Fatalf, or any other in Pebble, to an error.
func (d *disk) recoverPanic(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the store failed: %v", r)
		d.fail(*err)
	}
}

// calledWithRecover reports whether a method that defers recoverPanic is on the stack.
func calledWithRecover() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		for _, name := range []string{"store.(*disk).apply", "store.(*disk).scan", "store.(*disk).openPebble"} {
			if strings.HasSuffix(f.Function, name) {
				return true
			}
		}
		if !more {
			return false
		}
	}
}
