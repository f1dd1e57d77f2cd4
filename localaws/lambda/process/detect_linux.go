package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/reliableq/reliableq/localaws/internal/tempdir"
	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// Detect returns the strongest isolation that the system provides. When that lets
// programs see the machine's files, the error says why nothing stronger works.
func Detect() (Isolation, error) {
	dir, err := tempdir.Make("probe-")
	if err != nil {
		return Shared, fmt.Errorf("probe isolation: %w", err)
	}
	defer func() { _ = dir.Remove() }() // what is left is removed by a later server

	// The supervisor gives the directory below it to the program's user, who must be
	// able to reach it.
	temp := filepath.Join(dir.Path(), "tmp")
	if err := errors.Join(os.Chmod(dir.Path(), 0o711), os.Mkdir(temp, 0o700)); err != nil {
		return Shared, fmt.Errorf("probe isolation: %w", err)
	}

	candidates := []Isolation{UserNamespace}
	if os.Geteuid() == 0 {
		candidates = []Isolation{OwnUser, UserNamespace, OwnUserSharedFiles}
	}

	var reasons []error
	for _, isolation := range candidates {
		err := probe(isolation, temp)
		if err == nil && isolation.Private() {
			return isolation, nil
		}
		if err == nil {
			return isolation, errors.Join(reasons...)
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", isolation, err))
	}

	return Shared, errors.Join(reasons...)
}

// probe starts a supervisor that isolates itself and ends. It returns an error if the
// system does not provide the isolation.
func probe(isolation Isolation, temp string) error {
	spec := Spec{Isolation: isolation, Temp: filepath.Clean(temp)}
	request := spec.request()
	request.Probe = true
	sys, err := startSupervisor(request, isolation, nil)
	if err != nil {
		return err
	}
	defer sys.discard()

	report, err := sys.readFirst()
	if err != nil {
		return fmt.Errorf("read from the supervisor: %w", err)
	}

	if report.Kind != supervisor.Running {
		return fmt.Errorf("%s: %w", report.Text, syscall.Errno(report.Value))
	}
	return nil
}
