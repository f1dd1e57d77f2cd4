package localaws

import (
	"fmt"
	"testing"
)

func TestConnectionsAreBoundedByDescriptors(t *testing.T) {
	t.Parallel()
	for descriptors, want := range map[int]int{0: 1024, 64: 16, 128: 16, 256: 64, 1024: 448, 4096: 1024, 1 << 30: 1024} {
		t.Run(fmt.Sprint(descriptors), func(t *testing.T) {
			if got := (Limits{}).withDefaults().within(descriptors).Connections; got != want {
				t.Errorf("%d descriptors: %d connections, want %d", descriptors, got, want)
			}
		})
	}
	if got := (Limits{Connections: 3}).within(1 << 20).Connections; got != 3 {
		t.Errorf("a limit of 3 became %d", got)
	}
}
