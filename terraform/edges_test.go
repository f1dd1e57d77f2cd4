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

// The provider watches each new queue for 25 s; what refers to one starts after that.
func TestFunctionsDoNotWaitForQueues(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, block := range parse(t, "functions.tf").Blocks {
		if block.Type != "module" {
			continue
		}
		seen++
		for _, reference := range references(block) {
			if !strings.HasPrefix(reference, "module.queues") {
				continue
			}
			if reference != "module.queues.names" && reference != "module.queues.static_arns" {
				t.Errorf("module %s refers to %s and so waits for the queues", block.Labels[0], reference)
			}
		}
	}
	if seen != 3 {
		t.Errorf("%d functions looked at, want producer, consumer and retry", seen)
	}
}

func TestQueuesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	for _, block := range parse(t, "modules/queue-chain/main.tf").Blocks {
		isQueue := block.Type == "resource" && block.Labels[0] == "aws_sqs_queue"
		if block.Type == "locals" || isQueue {
			refersToNoResource(t, block)
		}
	}
}

func TestWhatIsSaidOfQueuesAtPlanIsKnownAtPlan(t *testing.T) {
	t.Parallel()
	early := map[string]bool{"names": true, "static_arns": true, "path": true}
	for _, block := range parse(t, "modules/queue-chain/outputs.tf").Blocks {
		if early[block.Labels[0]] {
			delete(early, block.Labels[0])
			refersToNoResource(t, block)
		}
	}
	for name := range early {
		t.Errorf("there is no output %s", name)
	}
}

// refersToNoResource fails the test where block refers to a resource, for which it would then have to wait.
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
