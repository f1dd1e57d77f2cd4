package process_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// BenchmarkStart measures the start and end of a program in each kind of isolation.
// For comparison it starts the same program with package os/exec.
func BenchmarkStart(b *testing.B) {
	dir, temp := b.TempDir(), b.TempDir()
	path := filepath.Join(dir, "bootstrap")
	content, err := os.ReadFile("/bin/true")
	if err != nil {
		b.Skip(err)
	}
	program(b, path, string(content), 0o755)
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command(path).Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, isolation := range []process.Isolation{process.Shared, process.UserNamespace, process.OwnUser} {
		b.Run(isolation.String(), func(b *testing.B) {
			spec := process.Spec{Path: path, Dir: dir, Temp: temp, Isolation: isolation, Output: func([]byte) {}}
			for b.Loop() {
				c, err := process.Start(spec)
				if err != nil {
					b.Skip(err)
				}
				<-c.Done()
			}
		})
	}
}
