package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/live"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// maxImports bounds how often to plan anew with more to import: queues and
// functions come first, mappings between them second.
const maxImports = 5

// apply puts the state in order, plans, and deploys what is planned, watching the
// embedded AWS meanwhile. ask, if not nil, shows the plan to a person, with the number
// of messages that are lost with the queues that it deletes, and returns an error
// unless they agree.
func (s *stage) apply(ctx context.Context, p *progress.Progress, ask func(plan *infra.Plan, lost int) error, onHalf func(infra.Roster)) (infra.Result, error) {
	result, err := s.deploy(ctx, p, ask, onHalf)
	if err == nil {
		return result, s.terraform.Remember(s.fingerprint)
	}
	if ctx.Err() == nil || errors.Is(context.Cause(ctx), daemon.ErrGone) {
		return result, explain(ctx, err)
	}

	// Whoever runs Terraform by hand next must not replace what was created.
	tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err = errors.Join(err, s.terraform.KeepTainted(tidy))
	return result, hint.With(err, "what was made is in the state: run the same command again to finish, or reliableq down to remove it")
}

func (s *stage) deploy(ctx context.Context, p *progress.Progress, ask func(plan *infra.Plan, lost int) error, onHalf func(infra.Roster)) (infra.Result, error) {
	if err := s.terraform.Recover(ctx); err != nil {
		return infra.Result{}, err
	}
	if err := s.refuseShared(ctx); err != nil {
		return infra.Result{}, err
	}
	if ask == nil {
		blank, err := s.blank(ctx)
		if err != nil {
			return infra.Result{}, err
		}
		if blank {
			return s.terraform.Apply(ctx, onHalf)
		}
	}

	plan, err := s.plan(ctx, p)
	if err != nil {
		return infra.Result{}, err
	}
	if !plan.Changed {
		return infra.Result{}, s.terraform.Settled()
	}
	lost, err := s.warnOfMessages(ctx, p, deletes(plan))
	if err != nil {
		return infra.Result{}, err
	}
	if ask != nil {
		if err := ask(plan, lost); err != nil {
			return infra.Result{}, err
		}
	}
	return s.terraform.ApplyPlan(ctx, plan, onHalf)
}

// blank reports whether the target is an embedded AWS with nothing in it, and
// nothing was deployed to it: no plan is needed to see that no name is taken.
func (s *stage) blank(ctx context.Context) (bool, error) {
	if s.target.Kind != target.Embedded {
		return false, nil
	}
	n, err := infra.Resources(s.terraform.Folder)
	if err != nil || n > 0 {
		return false, err
	}
	return live.New(s.target.Config).Empty(ctx)
}

// plan makes a plan that imports what an interrupted run of this deployment created
// without the state knowing, and creates nothing that exists. Names that somebody
// else's resources have are refused.
func (s *stage) plan(ctx context.Context, p *progress.Progress) (*infra.Plan, error) {
	for range maxImports {
		plan, err := s.terraform.Plan(ctx)
		if err != nil {
			return nil, err
		}
		existing, err := s.existing(ctx, p, plan)
		if err != nil {
			return nil, err
		}
		ours, foreign, err := s.terraform.Ours(existing)
		if err != nil {
			return nil, err
		}
		if err := refuseForeign(s.target, foreign); err != nil {
			return nil, err
		}
		if len(ours) == 0 {
			return plan, nil
		}

		// The next plan knows more of what depends on these, and creates less.
		if err := s.terraform.Import(ours); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("plan: resources that an interrupted run created cannot be imported")
}

// importOrphans takes into the state what an interrupted run created without the
// state knowing, so that it is removed with the rest.
func (s *stage) importOrphans(ctx context.Context, p *progress.Progress) error {
	interrupted, err := s.terraform.Interrupted()
	if err != nil || !interrupted {
		return err
	}
	imports, err := s.orphans(ctx, p)
	if err != nil || !imports {
		return err
	}
	_, err = s.terraform.ApplyImports(ctx)
	return err
}

// orphans makes later plans import this deployment's own resources that the state
// does not have, and reports whether there are any.
func (s *stage) orphans(ctx context.Context, p *progress.Progress) (bool, error) {
	imports := false
	for range maxImports {
		plan, err := s.terraform.Plan(ctx)
		if err != nil {
			return false, err
		}
		existing, err := s.existing(ctx, p, plan)
		if err != nil {
			return false, err
		}
		ours, _, err := s.terraform.Ours(existing)
		if err != nil || len(ours) == 0 {
			return imports, err
		}
		if err := s.terraform.Import(ours); err != nil {
			return false, err
		}
		imports = true
	}
	return imports, nil
}

// existing looks up everything that the plan creates.
func (s *stage) existing(ctx context.Context, p *progress.Progress, plan *infra.Plan) ([]infra.Existing, error) {
	finder := live.New(s.target.Config)
	var all []infra.Existing
	for _, c := range plan.Creates {
		found, err := finder.Find(ctx, c.Type, c.After)
		if denied(err) && c.Type == "aws_sqs_queue" {
			return nil, hint.With(err, "grant sqs:GetQueueUrl and sqs:ListQueueTags: without them it cannot be seen whether the queue is somebody else's")
		}
		if denied(err) {
			p.Say("cannot check whether %s exists already: %v", c.Address, err)
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
			WantTags: tags(c.After),
		})
	}
	return all, nil
}

// tags are the tags that a plan gives a resource.
func tags(attributes map[string]any) map[string]string {
	all := map[string]string{}
	planned, _ := attributes["tags_all"].(map[string]any)
	for key, value := range planned {
		all[key] = fmt.Sprint(value)
	}
	return all
}

// denied reports whether the credentials lack the permission for a call.
func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && (strings.HasPrefix(api.ErrorCode(), "AccessDenied") || api.ErrorCode() == "AuthorizationError")
}
