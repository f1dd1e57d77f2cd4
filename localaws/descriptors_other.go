//go:build !unix

package localaws

// descriptorLimit is known for Unix alone.
func descriptorLimit() int { return 0 }
