//go:build !unix

package localaws

// descriptorLimit returns 0: the limit is known only on Unix.
func descriptorLimit() int { return 0 }
