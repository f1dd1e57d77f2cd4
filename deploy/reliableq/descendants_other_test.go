//go:build !linux

package main

// descendants returns nothing where the system does not tell.
func descendants(int) []int { return nil }
