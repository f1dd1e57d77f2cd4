package main

import (
	"context"
	"fmt"
	"path"

	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/lookup"
)

// warnOfMessages names each queue that is about to be deleted with messages in it,
// and returns how many messages there are. Terraform cannot see them.
func (d *deployer) warnOfMessages(ctx context.Context, deleted func(address string) bool) (int, error) {
	held, _, err := infra.ManagedResources(d.terraform.Folder)
	if err != nil {
		return 0, err
	}

	finder := lookup.New(d.target.Config)
	sum := 0
	for _, h := range held {
		url := h.Attributes.ID
		if h.Type != "aws_sqs_queue" || url == "" || !deleted(h.Address) {
			continue
		}

		n, err := finder.Depth(ctx, url)
		if denied(err) {
			d.progress.Say("warning: cannot count the messages that are deleted with queue %s: %v", path.Base(url), err)
			continue
		}

		if err != nil {
			return 0, err
		}
		if n > 0 {
			d.progress.Say("warning: queue %s (%s) is deleted with the %s in it", path.Base(url), h.Address, messages(n))
		}

		sum += n
	}

	return sum, nil
}

// deletes returns a function that reports whether a plan deletes the resource of an
// address, whether or not it creates it again.
func deletes(plan *infra.Plan) func(address string) bool {
	deleted := map[string]bool{}
	for _, c := range plan.Changes {
		deleted[c.Address] = deleted[c.Address] || c.Action == "delete" || c.Action == "replace"
	}
	return func(address string) bool { return deleted[address] }
}

// messages returns a number of messages as words.
func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}
