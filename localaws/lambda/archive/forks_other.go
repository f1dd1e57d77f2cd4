//go:build !unix

package archive

// holdForks does nothing where children do not inherit open files.
func holdForks() (release func()) { return func() {} }
