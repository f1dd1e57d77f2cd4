package infra

import (
	"context"
	"fmt"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// knownFailures are parts of error texts, and what to do about each. The first match
// counts.
var knownFailures = []struct{ text, next string }{
	{"Unsupported state file format", damagedState},
	{"Error acquiring the state lock", "another run is working on this deployment: wait for it; if it no longer exists, remove the lock with terraform force-unlock and the ID above, in the directory work/terraform beside the state"},
	{"doesn't match any of the checksums", "the provider in the mirror is not the published one: download it again with terraform providers mirror"},
	{"Failed to query available provider packages", "no local mirror has the AWS provider, and the registry cannot be reached: see --provider-mirror"},
	{"could not connect to registry", "connect to a network, or use a local mirror of the provider with --provider-mirror"},
	{"Failed to install provider", "the AWS provider could not be downloaded: connect to a network, or use a local mirror with --provider-mirror"},
	{"no space left on device", "free some disk space, or use a directory on another disk with --state-dir"},
	{"was ended by a signal", "run the same command again to finish"},
	{"connection refused", "no server at the endpoint: check it with reliableq local status, start it and run the command again"},
	{"No valid credential sources found", "log in to AWS, for instance with aws configure or aws sso login"},
	{"ExpiredToken", "the AWS credentials have expired: log in again"},
	{"InvalidClientTokenId", "AWS does not know these credentials: check AWS_ACCESS_KEY_ID or the profile"},
	{"AccessDenied", "the credentials lack the permission that the message names: ask for it"},
	{"AuthorizationError", "the credentials lack the permission that the message names: ask for it"},
	{"Unsupported Terraform Core version", "update Terraform, or use another with --tool"},
	{"read-only file system", "use a writable directory with --state-dir"},
}

// maxShown is how many errors of one run are shown in full.
const maxShown = 5

// failure returns one error for a run of the tool that ended with err: with the tool's
// diagnostics or, if it printed none, with its other output.
func (t *Terraform) failure(ctx context.Context, verb string, err error, diagnostics []Diagnostic, other string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s %s: %w", t.tool.Name(), verb, context.Cause(ctx))
	}

	// Show the first errors in full: the others mostly follow from them.
	var texts []string
	for i, d := range diagnostics {
		if i == maxShown {
			texts = append(texts, fmt.Sprintf("and %d more", len(diagnostics)-maxShown))
			break
		}
		texts = append(texts, d.text())
	}

	if len(texts) == 0 {
		texts = append(texts, strings.TrimSpace(err.Error()+"\n"+other))
	}

	all := strings.Join(texts, "\n")
	return hint.With(fmt.Errorf("%s %s failed:%s", t.tool.Name(), verb, indented(all)), nextStep(all))
}

// text returns the diagnostic for people.
func (d Diagnostic) text() string {
	var b strings.Builder
	b.WriteString(d.Summary)
	if d.Detail != "" {
		b.WriteString(": " + strings.TrimSpace(d.Detail))
	}

	var positions []string
	if d.Address != "" {
		positions = append(positions, d.Address)
	}
	if d.Range != nil {
		positions = append(positions, fmt.Sprintf("%s:%d", d.Range.Filename, d.Range.Start.Line))
	}
	if len(positions) > 0 {
		b.WriteString(" (" + strings.Join(positions, ", ") + ")")
	}

	return b.String()
}

// nextStep returns what to do about a failure with this text.
func nextStep(text string) string {
	// The tool wraps its lines.
	flat := strings.Join(strings.Fields(text), " ")
	for _, w := range knownFailures {
		if strings.Contains(flat, w.text) {
			return w.next
		}
	}
	return "fix the error above and run the same command again: what was created stays"
}
