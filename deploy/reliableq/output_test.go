package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// full is a disk that has no space after a number of writes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left == 0 {
		return 0, errors.New("no space left on device")
	}
	f.left--
	return len(p), nil
}

func TestAResultThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"version", "--json"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			var stderr bytes.Buffer
			code := run(args, nil, &full{}, &stderr)
			if code != exitFailed || !strings.Contains(stderr.String(), "error: write the result: no space left on device") ||
				!strings.Contains(stderr.String(), "hint: ") {
				t.Errorf("%v: exit code %d, stderr %s", args, code, stderr.String())
			}
		})
	}
}

func TestTheFirstFailedWriteIsReported(t *testing.T) {
	t.Parallel()
	disk := &full{left: 1}
	o := newOutput(disk)
	if n, err := o.Write([]byte("one")); n != 3 || err != nil || o.flush() != nil {
		t.Errorf("a write that works: %d, %v, lost %v", n, err, o.flush())
	}
	if _, err := o.Write([]byte("two")); err == nil {
		t.Error("a failure is not returned")
	}
	disk.left = 1
	if _, err := o.Write([]byte("three")); err != nil || o.flush() == nil {
		t.Errorf("a later write: %v; lost %v", err, o.flush())
	}
}
