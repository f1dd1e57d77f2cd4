//go:build !unix

package archive

// holdForks does nothing: children do not inherit open files.
func holdForks() (release func()) { return func() {} }
