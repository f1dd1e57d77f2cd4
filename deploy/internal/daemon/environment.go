package daemon

import (
	"slices"
	"strings"
)

// needed are the variables that the embedded AWS needs: to find programs and
// directories, to format times and texts, and for the Go runtime.
var needed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "PWD", "TZ", "LANG", "TERM", "NO_COLOR", "AWS_REGION",
	"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GORACE", "GOCOVERDIR",
}

// Environment returns the variables of an environment, NAME=VALUE, that the embedded
// AWS needs. Others, such as the operator's keys and tokens, must not be in a process
// that runs functions.
func Environment(environ []string) []string {
	reduced := make([]string, 0, len(environ))
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(needed, name) || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "RELIABLEQ_") {
			reduced = append(reduced, variable)
		}
	}
	return reduced
}
