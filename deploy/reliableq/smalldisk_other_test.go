//go:build !linux

package main

import "testing"

// smallDisk skips the test: mounting a disk differs between systems.
func smallDisk(t *testing.T, _ string) {
	t.Helper()
	t.Skip("only Linux has tmpfs")
}
