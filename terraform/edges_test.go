package terraform_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// references lists what the expressions of a block refer to, such as module.queues.names.
func references(block *hclsyntax.Block) []string {
	var found []string
	for _, attribute := range block.Body.Attributes {
		for _, traversal := range attribute.Expr.Variables() {
			parts := []string{traversal.RootName()}
			for _, step := range traversal[1:] {
				name, ok := attributeName(step)
				if !ok {
					break
				}
				parts = append(parts, name)
			}
			found = append(found, strings.Join(parts, "."))
		}
	}
	for _, inner := range block.Body.Blocks {
		found = append(found, references(inner)...)
	}
	return found
}

// The provider watches each new queue for 25 s; resources that refer to one start
// after that.
func TestFunctionsDoNotWaitForQueues(t *testing.T) {
	t.Parallel()
	early := map[string]bool{
		"module.queues.names":        true,
		"module.queues.static_arns":  true,
		"module.queues.redrive_from": true,
	}

	seen := 0
	for _, file := range []string{"functions.tf", "retry.tf"} {
		t.Run(file, func(t *testing.T) {
			for _, block := range parse(t, file).Blocks {
				if block.Type != "module" {
					continue
				}
				seen++
				for _, reference := range references(block) {
					if strings.HasPrefix(reference, "module.queues") && !early[reference] {
						t.Errorf("module %s refers to %s and so waits for the queues", block.Labels[0], reference)
					}
				}
			}
		})
	}
	if seen != 3 {
		t.Errorf("found %d functions, want producer, consumer and retry", seen)
	}
}

func TestRetryFunctionsDoNotWaitForTheirQueues(t *testing.T) {
	t.Parallel()
	for _, block := range parse(t, "modules/retry-level/main.tf").Blocks {
		if block.Type != "locals" && (block.Type != "module" || block.Labels[0] != "function") {
			continue
		}
		for _, reference := range references(block) {
			if strings.HasPrefix(reference, "module.queue") && reference != "module.queue.static_arn" {
				t.Errorf("%s %v refers to %s and so waits for the queue", block.Type, block.Labels, reference)
			}
		}
	}
}

func TestQueuesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	for _, block := range parse(t, "modules/queue/main.tf").Blocks {
		isQueue := block.Type == "resource" && block.Labels[0] == "aws_sqs_queue"
		if block.Type == "locals" || isQueue {
			refersToNoResource(t, block)
		}
	}

	// retry_queues has the queues of the levels after their creation; a local that
	// refers to it waits for all of them.
	for _, block := range parse(t, "modules/queue-chain/main.tf").Blocks {
		if block.Type != "module" {
			continue
		}
		for _, reference := range references(block) {
			if strings.HasPrefix(reference, "module.") || reference == "var.retry_queues" || reference == "local.queues" {
				t.Errorf("module %v refers to %s and so waits for the queues of the levels", block.Labels, reference)
			}
		}
	}
}

func TestOutputsForPlanTimeAreKnownAtPlan(t *testing.T) {
	t.Parallel()
	for file, names := range map[string][]string{
		"modules/queue-chain/outputs.tf": {"names", "path", "redrive_from"},
		"modules/queue/outputs.tf":       {"static_arn", "policy_json"},
		"modules/retry-level/outputs.tf": {"level"},
	} {
		t.Run(file, func(t *testing.T) {
			early := map[string]bool{}
			for _, name := range names {
				early[name] = true
			}
			for _, block := range parse(t, file).Blocks {
				if !early[block.Labels[0]] {
					continue
				}
				delete(early, block.Labels[0])
				refersToNoResource(t, block)
				for _, reference := range references(block) {
					if strings.HasPrefix(reference, "module.") {
						t.Errorf("output %s refers to %s and so waits for it", block.Labels[0], reference)
					}
				}
			}
			for name := range early {
				t.Errorf("there is no output %s", name)
			}
		})
	}
}

// refersToNoResource fails the test if block refers to a resource: it would have to
// wait for that resource.
func refersToNoResource(t *testing.T, block *hclsyntax.Block) {
	t.Helper()
	for _, reference := range references(block) {
		if strings.HasPrefix(reference, "aws_") {
			t.Errorf("%s %v refers to %s and so waits for it", block.Type, block.Labels, reference)
		}
	}
}

// attributeName returns the name that a step of a traversal selects, and false for an index.
func attributeName(step hcl.Traverser) (string, bool) {
	attribute, ok := step.(hcl.TraverseAttr)
	return attribute.Name, ok
}
