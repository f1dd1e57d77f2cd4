package main

import (
	"context"
	"fmt"
	"path"

	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/live"
	"github.com/reliableq/reliableq/deploy/internal/progress"
)

// warnOfMessages names each queue that is about to be deleted with messages in it,
// and returns how many messages there are. Terraform cannot see them.
func (s *stage) warnOfMessages(ctx context.Context, p *progress.Progress, deleted func(address string) bool) (int, error) {
	held, _, err := infra.Holdings(s.terraform.Folder)
	if err != nil {
		return 0, err
	}

	finder := live.New(s.target.Config)
	sum := 0
	for _, h := range held {
		url, _ := h.Attributes["id"].(string)
		if h.Type != "aws_sqs_queue" || url == "" || !deleted(h.Address) {
			continue
		}
		n, err := finder.Depth(ctx, url)
		if denied(err) {
			p.Say("warning: cannot count the messages that are deleted with queue %s: %v", path.Base(url), err)
			continue
		}
		if err != nil {
			return 0, err
		}
		if n > 0 {
			p.Say("warning: queue %s (%s) is deleted with the %s in it", path.Base(url), h.Address, counted(n))
		}
		sum += n
	}
	return sum, nil
}

// deletes returns whether a plan deletes the resource of an address, to create it
// again or not.
func deletes(plan *infra.Plan) func(address string) bool {
	deleted := map[string]bool{}
	for _, c := range plan.Changes {
		deleted[c.Address] = deleted[c.Address] || c.Action == "delete" || c.Action == "replace"
	}
	return func(address string) bool { return deleted[address] }
}

// counted is a number of messages, for a sentence.
func counted(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}
