package hint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

func TestTheInnermostHintStays(t *testing.T) {
	t.Parallel()
	inner := hint.With(fs.ErrPermission, "make it writable")
	outer := hint.With(fmt.Errorf("open the state: %w", inner), "something vague")
	if got := hint.Of(outer); got != "make it writable" {
		t.Errorf("hint = %q", got)
	}
	if got, want := outer.Error(), "open the state: permission denied"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	if !errors.Is(outer, fs.ErrPermission) {
		t.Error("the cause is not found through the hint")
	}
}

func TestNoErrorStaysNoError(t *testing.T) {
	t.Parallel()
	if err := hint.With(nil, "do this"); err != nil {
		t.Errorf("With(nil) = %v", err)
	}
	if got := hint.Of(errors.New("plain")); got != "" {
		t.Errorf("a plain error has the hint %q", got)
	}
}
