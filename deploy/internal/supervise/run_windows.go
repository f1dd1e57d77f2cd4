package supervise

import (
	"context"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Run returns an error: on Windows nothing would end the program and its descendants
// when this process is killed.
func Run(context.Context, Command) error {
	return hint.NotOnWindows("running Terraform")
}

// Main returns: Run starts no supervisor.
func Main() {}
