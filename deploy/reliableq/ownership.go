package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/live"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// refuseForeign refuses to deploy over what exists at the target and is not in this
// deployment's state: Terraform would take over such queues without a word, and
// down would then delete them with their messages.
func refuseForeign(t *target.Target, existing []infra.Existing) error {
	if len(existing) == 0 {
		return nil
	}
	var lines []string
	for _, e := range existing {
		line := fmt.Sprintf("%s: %s has the id %s", e.Address, e.Name, e.ID)
		if owner := e.Tags[infra.OwnerTag]; owner != "" {
			line += ", and belongs to the state " + owner
		}
		lines = append(lines, line)
	}
	return hint.New(
		fmt.Sprintf("%d names that this deployment would create are taken on %s, by what is not in its state:\n  %s", len(existing), t.Describe(), strings.Join(lines, "\n  ")),
		"choose other names with --name-prefix PREFIX; or deploy from the state that made them (--state-dir DIR, or plain terraform where they come from); "+
			"or take them over, if nobody else's state has them, with terraform import ADDRESS ID; or destroy them first where they come from",
	)
}

// refuseShared refuses to go on where this deployment's state holds what another
// state has marked as its own, as after both created a queue of one name: a plan
// would take it from the other, and down would delete it with its messages.
func (s *stage) refuseShared(ctx context.Context) error {
	held, owner, err := infra.Holdings(s.terraform.Folder)
	if err != nil || owner == "" {
		return err
	}

	finder := live.New(s.target.Config)
	var lines, addresses []string
	for _, h := range held {
		found, err := finder.Find(ctx, h.Type, h.Attributes)
		if denied(err) && h.Type != "aws_sqs_queue" {
			continue
		}
		if err != nil {
			return err
		}
		if found == nil || found.Tags[infra.OwnerTag] == "" || found.Tags[infra.OwnerTag] == owner {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s belongs to the state %s", h.Address, found.Name, found.Tags[infra.OwnerTag]))
		addresses = append(addresses, h.Address)
	}
	if len(lines) == 0 {
		return nil
	}
	return hint.New(
		fmt.Sprintf("%d resources in the state of this deployment belong to another state on %s:\n  %s", len(lines), s.target.Describe(), strings.Join(lines, "\n  ")),
		fmt.Sprintf("let this state forget them, which deletes nothing: terraform state rm -state=%s '%s'", s.terraform.State(), strings.Join(addresses, "' '")),
	)
}
