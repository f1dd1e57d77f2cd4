package daemon

import (
	"slices"
	"strings"
)

// kept are the variables that the embedded AWS needs: to find programs and folders,
// to write times and texts, and to be measured.
var kept = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "PWD", "TZ", "LANG", "TERM", "NO_COLOR", "AWS_REGION",
	"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GORACE", "GOCOVERDIR",
}

// Environment returns what the embedded AWS needs of an environment, NAME=VALUE. The
// rest, such as keys and tokens of the operator, is not for a process that runs the
// functions of others.
func Environment(environ []string) []string {
	needed := make([]string, 0, len(environ))
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(kept, name) || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "RELIABLEQ_") {
			needed = append(needed, variable)
		}
	}
	return needed
}
