package main

import (
	"fmt"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// refuseForeign refuses to deploy over what exists at the target and is not in this
// deployment's state: Terraform would take over such queues without a word, and
// down would then delete them.
func refuseForeign(t *target.Target, existing []infra.Existing) error {
	if len(existing) == 0 {
		return nil
	}
	var names []string
	for _, e := range existing {
		names = append(names, fmt.Sprintf("%s (%s)", e.Name, e.Address))
	}
	return hint.New(
		fmt.Sprintf("%d names are taken on %s by what is not in this deployment's state:\n  %s", len(existing), t.Describe(), strings.Join(names, "\n  ")),
		"choose other names with --name-prefix, use the state that made them with --state-dir, or destroy them first",
	)
}
