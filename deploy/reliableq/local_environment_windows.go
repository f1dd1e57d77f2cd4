package main

import "github.com/reliableq/reliableq/deploy/internal/hint"

// reduceEnvironment returns an error: Windows runs no functions, and the state directory
// cannot be locked.
func reduceEnvironment() error { return hint.NotOnWindows("reliableq local run") }
