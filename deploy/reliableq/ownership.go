package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/lookup"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// This file decides who owns what exists at the target: this deployment, or others.

// existing looks up everything that the plan creates, and returns what exists.
func (d *deployer) existing(ctx context.Context, plan *infra.Plan) ([]infra.Existing, error) {
	finder := lookup.New(d.target.Config)
	var all []infra.Existing
	for _, c := range plan.Creates {
		found, err := finder.Find(ctx, c.Type, c.After)
		if denied(err) && c.Type == "aws_sqs_queue" {
			return nil, hint.With(err, "grant sqs:GetQueueUrl and sqs:ListQueueTags: they show whether the queue belongs to others")
		}

		if denied(err) {
			d.progress.Say("cannot check whether %s exists: %v", c.Address, err)
			continue
		}

		if err != nil {
			return nil, err
		}
		if found == nil {
			continue
		}

		all = append(all, infra.Existing{
			Address:  c.Address,
			Type:     c.Type,
			Name:     found.Name,
			ID:       found.ID,
			Tags:     found.Tags,
			WantTags: c.After.Tags,
		})
	}

	return all, nil
}

// denied reports whether the credentials lack the permission for a call.
func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && (strings.HasPrefix(api.ErrorCode(), "AccessDenied") || api.ErrorCode() == "AuthorizationError")
}

// importOrphans imports into the state what an interrupted run created without
// recording it there, so that it is removed with the rest.
func (d *deployer) importOrphans(ctx context.Context) error {
	interrupted, err := d.terraform.Interrupted()
	if err != nil || !interrupted {
		return err
	}
	found, err := d.findOrphans(ctx)
	if err != nil || !found {
		return err
	}
	_, err = d.terraform.ApplyImports(ctx)
	return err
}

// findOrphans makes later plans import this deployment's own resources that the
// state does not hold, and reports whether there are any.
func (d *deployer) findOrphans(ctx context.Context) (bool, error) {
	found := false
	for range maxPlans {
		plan, err := d.terraform.Plan(ctx)
		if err != nil {
			return false, err
		}

		existing, err := d.existing(ctx, plan)
		if err != nil {
			return false, err
		}

		ours, _, err := d.terraform.Ours(existing)
		if err != nil || len(ours) == 0 {
			return found, err
		}

		if err := d.terraform.Import(ours); err != nil {
			return false, err
		}

		found = true
	}

	return found, nil
}

// refuseForeign refuses to deploy over what exists at the target and is not in this
// deployment's state. Terraform would take over such queues silently, and down would
// then delete them with their messages.
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
		"choose other names with --name-prefix PREFIX; or deploy from the state that created them (--state-dir DIR, or plain terraform); "+
			"or take them over, if no other state holds them, with terraform import ADDRESS ID; or destroy them first from the state that created them",
	)
}

// refuseShared refuses to go on where this deployment's state holds what another
// state has tagged as its own, as when both created a queue of one name. Otherwise a
// plan would take it from the other state, and down would delete it with its messages.
func (d *deployer) refuseShared(ctx context.Context) error {
	held, owner, err := infra.ManagedResources(d.terraform.Folder)
	if err != nil || owner == "" {
		return err
	}

	finder := lookup.New(d.target.Config)
	var lines, addresses []string
	for _, h := range held {
		found, err := finder.Find(ctx, h.Type, h.Attributes)
		if denied(err) && h.Type != "aws_sqs_queue" {
			continue // only a queue is taken over silently
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
		fmt.Sprintf("%d resources in the state of this deployment belong to another state on %s:\n  %s", len(lines), d.target.Describe(), strings.Join(lines, "\n  ")),
		fmt.Sprintf("remove them from this state, which deletes nothing: terraform state rm -state=%s '%s'", d.terraform.State(), strings.Join(addresses, "' '")),
	)
}
