//go:build !unix

package lambda

import "io/fs"

// ownedByThisUser reports false: no function runs as another user here.
func ownedByThisUser(fs.FileInfo) bool { return false }
